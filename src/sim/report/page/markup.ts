/** Markup that is safe to be part of the page as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | readonly (Markup | string)[];

/** Everything that is put into the markup is text, and shown as it is, unless it is markup itself. Names in workloads may be anything. */
export function markup(pieces: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(pieces.map((piece, index) => piece + toMarkup(parts[index] ?? "")).join(""));
}

function toMarkup(part: Part): string {
  if (part instanceof Markup) return part.text;
  return typeof part === "object" ? part.map(toMarkup).join("") : escaped(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** As text and as the value of an attribute. What can't be shown, or turns the direction of what follows, is shown as such. */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
