import { ConditionReader, readExpression } from "./condition.ts";
import type { Holds, Value } from "./condition.ts";
import { invalidPattern, Scanner } from "./scanner.ts";
import { wordsOf } from "./words.ts";

type Matches = (message: string) => boolean;

/** A field of the pattern: its condition, if it has one. */
interface Field {
  readonly holds?: Holds;
}

const ELLIPSIS = /\s*\.\.\.\s*/y;
const NAME = /[\p{L}\p{M}\p{N}_][\p{L}\p{M}\p{N}_.-]*/uy;

/**
 * Patterns `[name, name = value, ..., name]` for logs of words with blanks between them. Without an ellipsis the last field takes all
 * that is left; a log with fewer words than fields does not match.
 */
export function compileFieldsPattern(text: string): Matches {
  const { before, after } = new FieldsPattern(text).read();
  if (after === undefined) {
    return (message) => {
      const words = wordsOf(message, before.length);
      return words.length === before.length && allHold(before, words);
    };
  }
  return (message) => {
    const words = wordsOf(message, Infinity);
    if (words.length < before.length + after.length) return false;
    return allHold(before, words) && allHold(after, words.slice(words.length - after.length));
  };
}

function allHold(fields: readonly Field[], words: readonly string[]): boolean {
  return fields.every(({ holds }, index) => holds === undefined || holds(words[index]!));
}

class FieldsPattern {
  readonly #scanner: Scanner;
  readonly #conditions: ConditionReader;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
    this.#conditions = new ConditionReader(this.#scanner);
  }

  /** The fields before and after the ellipsis; none `after` when there is no ellipsis. */
  read(): { before: Field[]; after?: Field[] } {
    this.#scanner.expect("[");
    const before: Field[] = [];
    let after: Field[] | undefined;
    do {
      if (this.#scanner.match(ELLIPSIS) === undefined) (after ?? before).push(this.#readField());
      else if (after === undefined) after = [];
      else throw invalidPattern("more than one ellipsis");
    } while (this.#scanner.takes(","));
    this.#scanner.expect("]");
    this.#scanner.skipBlanks();
    if (!this.#scanner.atEnd) throw this.#scanner.unexpected("its end");
    return { before, ...(after !== undefined && { after }) };
  }

  /** A name with or without a condition; or nothing, for a field that nobody needs. All conditions of a field repeat its name. */
  #readField(): Field {
    const scanner = this.#scanner;
    scanner.skipBlanks();
    const start = scanner.at;
    const name = scanner.match(NAME)?.[0];
    scanner.skipBlanks();
    const next = scanner.text[scanner.at];
    if (name === undefined ? next !== "(" : next === undefined || ",]".includes(next)) return {};
    scanner.at = start;
    return { holds: readExpression<Value>(scanner, () => this.#readCondition(name)) };
  }

  #readCondition(name: string | undefined): Holds {
    this.#scanner.skipBlanks();
    const start = this.#scanner.at;
    const found = this.#scanner.match(NAME)?.[0];
    if (found === undefined || (name !== undefined && found !== name)) {
      this.#scanner.at = start;
      throw this.#scanner.unexpected(name === undefined ? "a field's name" : `the field's name ${name}`);
    }
    const holds = this.#conditions.readComparison();
    if (holds === undefined) throw this.#scanner.unexpected("an operator");
    return holds;
  }
}
