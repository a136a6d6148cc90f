const BLANK = /\s/;
const CLOSING: Readonly<Record<string, string>> = { "[": "]", '"': '"' };

/**
 * The words of a log event: what stands in brackets or in quotation marks, else what stands between blanks. At most `limit`; the last of
 * them is then all that is left.
 */
export function wordsOf(message: string, limit: number): string[] {
  const words: string[] = [];
  const closings = new Closings(message);
  let at = skipBlanks(message, 0);
  while (at < message.length) {
    const end = closings.endOfGroup(at) ?? endOfWord(message, at);
    const next = skipBlanks(message, end.at);
    if (words.length + 1 === limit && next < message.length) return [...words, message.slice(at).trimEnd()];
    words.push(message.slice(at + end.quotes, end.at - end.quotes));
    at = next;
  }
  return words;
}

interface End {
  readonly at: number;
  /** How many characters on either side are not part of the word. */
  readonly quotes: 0 | 1;
}

/** Finds where brackets and quotation marks close, looking at each character of the text once. */
class Closings {
  readonly #text: string;
  readonly #next = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  /** The end of the group that begins at `at`; undefined when none does, or its closing is not the end of a word. */
  endOfGroup(at: number): End | undefined {
    const closing = CLOSING[this.#text[at]!];
    if (closing === undefined) return undefined;
    const end = this.#find(closing, at + 1) + 1;
    const isWhole = end > at + 1 && (end === this.#text.length || BLANK.test(this.#text[end]!));
    return isWhole ? { at: end, quotes: 1 } : undefined;
  }

  /** Where `closing` stands next; -1 for nowhere. */
  #find(closing: string, from: number): number {
    const known = this.#next.get(closing);
    if (known !== undefined && (known === -1 || known >= from)) return known;
    const found = this.#text.indexOf(closing, from);
    this.#next.set(closing, found);
    return found;
  }
}

function endOfWord(text: string, from: number): End {
  let at = from;
  while (at < text.length && !BLANK.test(text[at]!)) at += 1;
  return { at, quotes: 0 };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && BLANK.test(text[at]!)) at += 1;
  return at;
}
