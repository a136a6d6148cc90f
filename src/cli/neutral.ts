import { neutral } from "../core/neutral.ts";

const LINE_ENDS_AND_TABS = /[\n\t]/g;

/** Colours and the like: they end where the line does. */
// oxlint-disable-next-line no-control-regex
const COLOURS = /(\u001b\[[0-9;:]{0,64}m)/;
const PLAIN = "\u001b[0m";

/** Harmless, and one line: names and reasons in tables and sentences. */
export function oneLine(text: string): string {
  return neutral(text).replace(LINE_ENDS_AND_TABS, (character) => (character === "\n" ? "\\n" : "\\t"));
}

/** A job's line for a terminal: line ends, tabs and colours stay. */
export function logLineForTerminal(text: string): string {
  const parts = text.replace(/\r$/, "").split(COLOURS);
  const shown = parts.map((part, index) => (index % 2 === 1 ? part : neutral(part))).join("");
  return parts.length === 1 ? shown : shown + PLAIN;
}
