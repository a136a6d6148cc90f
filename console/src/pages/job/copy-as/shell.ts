/** Characters that no POSIX shell minds. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * A text as one word of a POSIX shell, whatever is in it: in single quotation marks nothing is special. A word with a `=` at its beginning or a `~` is
 * quoted as well, which zsh would take for more than text.
 */
export function shellWord(text: string): string {
  if (PLAIN.test(text) && !text.startsWith("=")) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

/** A command with an option on each line. */
export function shellCommand(lines: readonly (readonly string[])[]): string {
  return lines.map(shellWords).join(" \\\n  ");
}
