import { invalidParameterException } from "../wire/errors.ts";

export type Matches = (message: string) => boolean;

interface Terms {
  readonly all: readonly string[];
  readonly any: readonly string[];
  readonly none: readonly string[];
}

/** An optional `?` or `-`, then a phrase in quotes (where `\` takes the next character as it is) or a word. */
const TERM = /\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/y;

/**
 * CloudWatch's filter patterns for plain text. All words and "quoted phrases" must occur, none of those after `-` may; of those after `?` one is
 * enough, and as in CloudWatch they count only when there are no others. Case matters. Throws InvalidParameterException for patterns of
 * JSON (`{`), of space-delimited fields (`[`) and for regular expressions (`%`).
 */
export function compilePattern(pattern: string | undefined): Matches {
  const text = pattern?.trim() ?? "";
  if (text === "") return () => true;
  if (/^[{[]/.test(text)) throw notSupported("JSON ({...}) and space-delimited ([...]) filter patterns are");
  const { all, any, none } = termsOf(text);
  if (all.length === 0 && none.length === 0) return (message) => any.some((term) => message.includes(term));
  return (message) => all.every((term) => message.includes(term)) && !none.some((term) => message.includes(term));
}

function termsOf(text: string): Terms {
  const all: string[] = [];
  const any: string[] = [];
  const none: string[] = [];
  const kinds: Readonly<Record<string, string[]>> = { "": all, "?": any, "-": none };
  for (let at = 0; at < text.length; at = TERM.lastIndex) {
    TERM.lastIndex = at;
    const [, kind = "", phrase, word] = TERM.exec(text) ?? [];
    const term = phrase?.replaceAll(/\\(.)/g, "$1") ?? word;
    if (term === undefined) throw invalidParameterException(`Invalid filter pattern: ${text}`);
    if (word !== undefined && /^%.+%$/.test(word))
      throw notSupported("Regular expressions (%...%) in filter patterns are");
    kinds[kind]?.push(term);
  }
  return { all, any, none };
}

function notSupported(what: string): Error {
  return invalidParameterException(
    `Invalid filter pattern: ${what} not supported yet. Use words, "quoted phrases", ?optional and -excluded terms.`,
  );
}
