import Anser from "anser";

/** A piece of a line that looks alike. */
export interface Span {
  readonly text: string;
  readonly className?: string;
  readonly style?: { readonly color?: string; readonly backgroundColor?: string };
}

/** What is no colour and no text: shown as a sign, never acted on. Tabs and colours stay. */
const ESCAPE_OF_NO_COLOUR = /\u001b(?!\[[\d;]*m)/g;
const COLOUR = /\u001b\[[\d;]*m/g;
/** Control characters but tab and ESC; and those that would reorder text or hide it: a log must read as it was written. */
const UNSEEN = /[\u0000-\u0008\u000a-\u001a\u001c-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The characters of a line that a reader sees. */
export function plainText(message: string): string {
  return shown(message).replace(COLOUR, "");
}

/** A line in its colours. */
export function spansOf(message: string): Span[] {
  const text = shown(message);
  if (!text.includes("\u001b")) return text === "" ? [] : [{ text }];
  return Anser.ansiToJson(text, { remove_empty: true }).map(({ content, fg, bg, decorations }) => {
    const isReverse = decorations.includes("reverse");
    return { text: content, ...lookOf(isReverse ? bg : fg, isReverse ? fg : bg, decorations) };
  });
}

function shown(message: string): string {
  return message.replace(ESCAPE_OF_NO_COLOUR, "\u241b").replace(UNSEEN, signOf);
}

/** Control characters have pictures in Unicode; of the others, the number says more. */
function signOf(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}

/** Anser's values of the sixteen colours that terminals let their users choose: here the theme does. */
const NAMES: Readonly<Record<string, string>> = {
  "0, 0, 0": "black",
  "187, 0, 0": "red",
  "0, 187, 0": "green",
  "187, 187, 0": "yellow",
  "0, 0, 187": "blue",
  "187, 0, 187": "magenta",
  "0, 187, 187": "cyan",
  "255,255,255": "white",
  "85, 85, 85": "black",
  "255, 85, 85": "red",
  "0, 255, 0": "green",
  "255, 255, 85": "yellow",
  "85, 85, 255": "blue",
  "255, 85, 255": "magenta",
  "85, 255, 255": "cyan",
  "255, 255, 255": "white",
};

const DECORATIONS: Readonly<Record<string, string>> = {
  bold: "log-bold",
  dim: "log-dim",
  italic: "log-italic",
  underline: "log-underline",
  strikethrough: "log-struck",
};

function lookOf(
  fg: string | null,
  bg: string | null,
  decorations: readonly string[],
): Pick<Span, "className" | "style"> {
  const fgName = fg === null ? undefined : NAMES[fg];
  const bgName = bg === null ? undefined : NAMES[bg];
  const classes = [
    ...decorations.flatMap((name) => DECORATIONS[name] ?? []),
    ...(fgName === undefined ? [] : [`log-fg-${fgName}`]),
    ...(bgName === undefined ? [] : [`log-bg-${bgName}`]),
  ];
  const style = {
    ...(fg !== null && fgName === undefined && { color: `rgb(${fg})` }),
    ...(bg !== null && bgName === undefined && { backgroundColor: `rgb(${bg})` }),
  };
  return {
    ...(classes.length > 0 && { className: classes.join(" ") }),
    ...(Object.keys(style).length > 0 && { style }),
  };
}
