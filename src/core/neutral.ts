/**
 * Text of others made harmless for a terminal: the command line prints nothing that has not been through this (src/cli/output.ts, test/tidy.test.ts), and the
 * server's own log is written through it.
 */

/**
 * What a terminal would obey, or what would make text look like other text: C0 and C1 controls, DEL, and those that turn the direction of
 * writing or break lines (UAX #9 and #14). Whether a line end or tab is one of them depends on where it stands.
 */
// oxlint-disable-next-line no-control-regex
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Lines of which none can move the cursor, change colours or hide text. JSON stays the same JSON: what is shown is its own way to write the character. */
export function neutral(text: string): string {
  return text.replace(OBEYED, visible);
}

/** `\u001b`, as JSON, JavaScript and Python write it. */
function visible(character: string): string {
  if (character === "\r") return "\\r";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
