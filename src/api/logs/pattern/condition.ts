import { compileRegex } from "./regex.ts";
import { invalidCharacter, invalidPattern, quotedText } from "./scanner.ts";
import type { Scanner } from "./scanner.ts";

/** What a condition is asked about: a word of the log, or a value in its JSON. */
export type Value = string | number | boolean;
export type Holds = (value: Value) => boolean;

const OPERATORS = ["!=", ">=", "<=", "=", ">", "<"] as const;
type Operator = (typeof OPERATORS)[number];

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** What may stand in a value without quotation marks. AWS names letters, digits and `_`; its own examples have dots, stars and slashes too. */
const UNQUOTED = /[\p{L}\p{M}\p{N}_.*+/:@#;~-]+/uy;
const REGEX = /%([^%]*)%/y;
const MAX_REGEXES = 2;

/** Reads the conditions of one pattern, and counts what a pattern may have only so many of. */
export class ConditionReader {
  readonly scanner: Scanner;
  #regexes = 0;

  constructor(scanner: Scanner) {
    this.scanner = scanner;
  }

  /** Reads an operator and what it compares with; undefined, and nothing read, when no operator stands here. */
  readComparison(): Holds | undefined {
    const operator = OPERATORS.find((candidate) => this.scanner.takes(candidate));
    if (operator === undefined) return undefined;
    this.scanner.skipBlanks();
    const regex = this.scanner.match(REGEX)?.[1];
    if (regex !== undefined) return this.#regexCondition(operator, regex);
    const quoted = quotedText(this.scanner);
    if (quoted !== undefined) return textCondition(operator, equalsText(quoted));
    const unquoted = this.scanner.match(UNQUOTED)?.[0];
    if (unquoted === undefined) throw badValue(this.scanner);
    return NUMBER.test(unquoted) ? numberCondition(operator, unquoted) : textCondition(operator, equalsText(unquoted));
  }

  #regexCondition(operator: Operator, regex: string): Holds {
    this.#regexes += 1;
    if (this.#regexes > MAX_REGEXES) throw invalidPattern(`more than ${MAX_REGEXES} regular expressions`);
    const matches = compileRegex(regex);
    return textCondition(operator, (value) => matches(String(value)));
  }
}

function badValue(scanner: Scanner): Error {
  const next = scanner.text[scanner.at];
  if (next === undefined || "&|(){}[],<>=!".includes(next)) return scanner.unexpected("a value");
  return next === '"' || next === "%" ? invalidPattern(`a ${next} is not closed`) : invalidCharacter(next);
}

function textCondition(operator: Operator, equals: Holds): Holds {
  if (operator === "=") return equals;
  if (operator === "!=") return (value) => !equals(value);
  throw invalidPattern(`${operator} compares with a number`);
}

/** A star at the beginning or the end stands for any text; inside it stands for itself, as AWS documents it. */
function equalsText(pattern: string): Holds {
  const open = pattern.startsWith("*");
  const goesOn = pattern.length > 1 && pattern.endsWith("*");
  const text = pattern.slice(open ? 1 : 0, goesOn ? -1 : undefined);
  if (open && goesOn) return (value) => String(value).includes(text);
  if (open) return (value) => String(value).endsWith(text);
  if (goesOn) return (value) => String(value).startsWith(text);
  return (value) => String(value) === text;
}

function numberCondition(operator: Operator, text: string): Holds {
  const wanted = Number(text);
  const equals: Holds = (value) => numberOf(value) === wanted || String(value) === text;
  switch (operator) {
    case "=":
    case "!=":
      return textCondition(operator, equals);
    case "<":
      return (value) => numberOf(value) < wanted;
    case "<=":
      return (value) => numberOf(value) <= wanted;
    case ">":
      return (value) => numberOf(value) > wanted;
    case ">=":
      return (value) => numberOf(value) >= wanted;
  }
}

/** NaN, which compares with nothing, for what is no number. Words of a log are numbers when they look like one. */
function numberOf(value: Value): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && NUMBER.test(value) ? Number(value) : Number.NaN;
}

/** `condition || condition && condition`, where `&&` binds more, with or without parentheses around parts. */
export function readExpression<Subject>(
  scanner: Scanner,
  readCondition: () => (subject: Subject) => boolean,
): (subject: Subject) => boolean {
  const readChain = (token: string, readPart: () => (subject: Subject) => boolean, all: boolean) => {
    const parts = [readPart()];
    while (scanner.takes(token)) parts.push(readPart());
    if (parts.length === 1) return parts[0]!;
    return (subject: Subject) => (all ? parts.every((part) => part(subject)) : parts.some((part) => part(subject)));
  };
  const readOperand = (): ((subject: Subject) => boolean) => {
    if (!scanner.takes("(")) return readCondition();
    const inner = readOr();
    scanner.expect(")");
    return inner;
  };
  const readAnd = (): ((subject: Subject) => boolean) => readChain("&&", readOperand, true);
  const readOr = (): ((subject: Subject) => boolean) => readChain("||", readAnd, false);
  return readOr();
}
