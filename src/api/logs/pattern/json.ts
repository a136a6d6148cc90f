import { ConditionReader, readExpression } from "./condition.ts";
import type { Value } from "./condition.ts";
import { invalidCharacter, invalidPattern, Scanner } from "./scanner.ts";

type Matches = (message: string) => boolean;
type Condition = (document: object) => boolean;

/** A step into a document: a name, an element's number, or any field or element. */
type Step = string | number | typeof ANY;
const ANY = Symbol("any");

const MAX_WILDCARDS = 3;
const NAME = /[\p{L}\p{M}\p{N}_-]+/uy;
const INDEX = /\[ *(\d{1,9}) *\]/y;
const BRACKETED_NAME = /\[ *(?:'([^']*)'|"([^"]*)") *\]/y;
const TESTS = /\s*(IS\s+(NULL|TRUE|FALSE)|NOT\s+EXISTS)\b/y;

/** Patterns `{ $.field = value && ... }` for logs that are JSON objects or arrays. All others do not match. */
export function compileJsonPattern(text: string): Matches {
  const condition = new JsonPattern(text).read();
  return (message) => {
    const document = parseDocument(message);
    return document !== undefined && condition(document);
  };
}

function parseDocument(message: string): object | undefined {
  if (!/^\s*[{[]/.test(message)) return undefined;
  try {
    return JSON.parse(message) as object;
  } catch {
    return undefined;
  }
}

class JsonPattern {
  readonly #scanner: Scanner;
  readonly #conditions: ConditionReader;
  #wildcards = 0;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
    this.#conditions = new ConditionReader(this.#scanner);
  }

  read(): Condition {
    this.#scanner.expect("{");
    const condition = readExpression(this.#scanner, () => this.#readCondition());
    this.#expectEnd();
    return condition;
  }

  #expectEnd(): void {
    if (!this.#scanner.takes("}")) throw this.#misplaced();
    this.#scanner.skipBlanks();
    if (!this.#scanner.atEnd) throw this.#scanner.unexpected("its end");
  }

  /** AWS calls a comma between conditions a character that a term cannot have. */
  #misplaced(): Error {
    return this.#scanner.takes(",") ? invalidCharacter(",") : this.#scanner.unexpected('"&&", "||" or "}"');
  }

  #readCondition(): Condition {
    const steps = this.#readSelector();
    const test = this.#scanner.match(TESTS);
    if (test !== undefined) return testCondition(steps, test[2]);
    const holds = this.#conditions.readComparison();
    if (holds === undefined) throw this.#scanner.unexpected("an operator, IS NULL, IS TRUE, IS FALSE or NOT EXISTS");
    return (document) => valuesAt(document, steps).some((value) => isValue(value) && holds(value));
  }

  #readSelector(): Step[] {
    this.#scanner.expect("$");
    const steps: Step[] = [];
    for (let step = this.#readStep(); step !== undefined; step = this.#readStep()) steps.push(step);
    if (steps.length === 0) throw this.#scanner.unexpected("a field such as $.name");
    this.#countWildcards(steps);
    return steps;
  }

  #readStep(): Step | undefined {
    const scanner = this.#scanner;
    const index = scanner.match(INDEX)?.[1];
    if (index !== undefined) return Number(index);
    if (scanner.match(/\[ *\* *\]/y)) return ANY;
    const isDot = scanner.match(/\./y) !== undefined;
    const bracketed = scanner.match(BRACKETED_NAME);
    if (bracketed !== undefined) return bracketed[1] ?? bracketed[2]!;
    if (!isDot) return undefined;
    const name = scanner.match(/\*/y) === undefined ? scanner.match(NAME)?.[0] : ANY;
    if (name === undefined) throw this.#badName();
    return name;
  }

  #badName(): Error {
    const next = this.#scanner.text[this.#scanner.at] ?? "";
    return /[^\s\w}]/.test(next) ? invalidCharacter(next) : this.#scanner.unexpected("a field's name");
  }

  #countWildcards(steps: readonly Step[]): void {
    const count = steps.filter((step) => step === ANY).length;
    this.#wildcards += count;
    if (count > 1) throw invalidPattern("more than one wildcard in a selector");
    if (this.#wildcards > MAX_WILDCARDS) throw invalidPattern(`more than ${MAX_WILDCARDS} wildcards`);
  }
}

const TESTED: Readonly<Record<string, unknown>> = { NULL: null, TRUE: true, FALSE: false };

/** `IS x`, or, without `x`, `NOT EXISTS`. */
function testCondition(steps: readonly Step[], name: string | undefined): Condition {
  if (name === undefined) return (document) => valuesAt(document, steps).length === 0;
  return (document) => valuesAt(document, steps).includes(TESTED[name]);
}

/** Only values can be compared: a condition on an object, an array, null or nothing at all is false, whatever its operator. */
function isValue(value: unknown): value is Value {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function valuesAt(document: object, steps: readonly Step[]): unknown[] {
  let values: unknown[] = [document];
  for (const step of steps) values = values.flatMap((value) => childrenAt(value, step));
  return values;
}

/** The children, each wrapped so that an array among them stays one child. */
function childrenAt(value: unknown, step: Step): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  if (step === ANY) return Object.values(value);
  if (typeof step === "number" && !Array.isArray(value)) return [];
  if (typeof step === "string" && Array.isArray(value)) return [];
  return Object.hasOwn(value, step) ? [(value as Record<Exclude<Step, typeof ANY>, unknown>)[step]] : [];
}
