import { compileRegex } from "./regex.ts";
import { invalidCharacter, invalidPattern, quotedText, Scanner } from "./scanner.ts";

type Matches = (message: string) => boolean;

/** An unquoted term. AWS names letters, digits and `_`; nothing is known of it refusing `.` or, inside a term, `-`. */
const WORD = /[\p{L}\p{M}\p{N}_.][\p{L}\p{M}\p{N}_.-]*/uy;
const REGEX = /%([^%]*)%/y;

/**
 * Patterns for plain text. All words, "quoted phrases" and %regular expressions% must occur, none of those after `-` may; of those after `?` one is
 * enough, and as in CloudWatch they count only when there are no others. Case matters.
 */
export function compileTerms(text: string): Matches {
  const { all, any, none } = readTerms(new Scanner(text));
  if (all.length === 0 && none.length === 0) return (message) => any.some((occurs) => occurs(message));
  return (message) => all.every((occurs) => occurs(message)) && !none.some((occurs) => occurs(message));
}

interface Terms {
  readonly all: Matches[];
  readonly any: Matches[];
  readonly none: Matches[];
}

function readTerms(scanner: Scanner): Terms {
  const terms: Terms = { all: [], any: [], none: [] };
  for (scanner.skipBlanks(); !scanner.atEnd; scanner.skipBlanks()) {
    const kind = scanner.match(/[?-]/y)?.[0];
    const list = kind === "?" ? terms.any : kind === "-" ? terms.none : terms.all;
    // The old form of AWS's examples has a blank after the minus.
    scanner.skipBlanks();
    list.push(readTerm(scanner));
  }
  return terms;
}

function readTerm(scanner: Scanner): Matches {
  const regex = scanner.match(REGEX)?.[1];
  if (regex !== undefined) return compileRegex(regex);
  const quoted = quotedText(scanner);
  // AWS's way to match everything is a blank in quotation marks.
  if (quoted?.trim() === "") return () => true;
  const term = quoted ?? readWord(scanner);
  return (message) => message.includes(term);
}

function readWord(scanner: Scanner): string {
  const word = scanner.match(WORD)?.[0];
  const next = scanner.text[scanner.at];
  if (next === '"' && word === undefined) throw invalidPattern("a quotation mark is not closed");
  if (next === "%" && word === undefined) throw invalidPattern("a % is not closed");
  if (next !== undefined && !/\s/.test(next)) throw invalidCharacter(next);
  if (word === undefined) throw invalidPattern("nothing follows the last ? or -");
  return word;
}
