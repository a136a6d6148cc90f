import { InputError } from "./input-error.ts";

/** Some editors put it in front. */
const BYTE_ORDER_MARK = /^\ufeff/;

/** An object of a JSON file: its members are asked for by name and type, and what nobody asked for is an error. Every error names its place. */
export class JsonObject {
  readonly #members: Readonly<Record<string, unknown>>;
  /** Where it is in the file. */
  readonly path: string;
  readonly #asked = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new InputError(`${path === "" ? "The file" : path} must be an object.`);
    this.#members = value as Readonly<Record<string, unknown>>;
    this.path = path;
  }

  /** Rejects text that is no JSON. */
  static parse(text: string): JsonObject {
    try {
      return new JsonObject(JSON.parse(text.replace(BYTE_ORDER_MARK, "")) as unknown, "");
    } catch (error) {
      if (error instanceof SyntaxError) throw new InputError(`It is no JSON: ${error.message}`);
      throw error;
    }
  }

  /** Where a member is. */
  pathOf(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  fail(name: string, problem: string): never {
    throw new InputError(`${this.pathOf(name)} ${problem}`);
  }

  has(name: string): boolean {
    return this.#members[name] !== undefined;
  }

  isNull(name: string): boolean {
    return this.#get(name) === null;
  }

  string(name: string): string {
    const value = this.#get(name);
    if (typeof value !== "string" || value === "") this.fail(name, "must be a text that is not empty.");
    return value;
  }

  /** One of these texts. */
  choice<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.#get(name);
    const known = choices.find((choice) => choice === value);
    return known ?? this.fail(name, `must be one of ${choices.join(", ")}.`);
  }

  /** A number in this range; `isWhole` by default. */
  number(name: string, { least = 0, most = 1e9, isWhole = true } = {}): number {
    const value = this.#get(name);
    const isGood =
      typeof value === "number" && value >= least && value <= most && (!isWhole || Number.isInteger(value));
    return isGood ? value : this.fail(name, `must be a ${isWhole ? "whole " : ""}number from ${least} to ${most}.`);
  }

  /** true or false. */
  flag(name: string): boolean {
    const value = this.#get(name);
    return typeof value === "boolean" ? value : this.fail(name, "must be true or false.");
  }

  /** As it is in the file. */
  value(name: string): unknown {
    return this.#get(name);
  }

  object(name: string): JsonObject {
    return new JsonObject(this.#get(name), this.pathOf(name));
  }

  objects(name: string): JsonObject[] {
    return this.#list(name).map((value, index) => new JsonObject(value, `${this.pathOf(name)}[${index}]`));
  }

  /** Objects of which no two have the same `nameOf`. */
  distinct<T>(name: string, read: (value: JsonObject) => T, nameOf: (value: T) => string): T[] {
    const known = new Set<string>();
    return this.objects(name).map((value) => {
      const one = read(value);
      if (known.has(nameOf(one))) this.fail(name, `has "${nameOf(one)}" twice.`);
      known.add(nameOf(one));
      return one;
    });
  }

  strings(name: string): string[] {
    return this.#list(name).map((value) =>
      typeof value === "string" ? value : this.fail(name, "must be a list of texts."),
    );
  }

  /** At least one text. */
  filled(name: string): string[] {
    const texts = this.strings(name);
    return texts.length > 0 ? texts : this.fail(name, "must have at least one text.");
  }

  /** An object whose members are texts. */
  texts(name: string): Readonly<Record<string, string>> {
    const value = this.object(name);
    return Object.fromEntries(value.names().map((key) => [key, value.string(key)]));
  }

  /** All members, whatever they are called */
  names(): string[] {
    return Object.keys(this.#members);
  }

  /** Reads a member only if it is there. */
  optional<T>(name: string, read: (name: string) => T): T | undefined {
    this.#asked.add(name);
    return this.has(name) ? read(name) : undefined;
  }

  /** To be called when all members were asked for. */
  end(): void {
    const unknown = Object.keys(this.#members).find((name) => !this.#asked.has(name));
    if (unknown !== undefined) this.fail(unknown, `is no member that is known here: ${[...this.#asked].join(", ")}.`);
  }

  #list(name: string): readonly unknown[] {
    const value = this.#get(name);
    return Array.isArray(value) ? value : this.fail(name, "must be a list.");
  }

  #get(name: string): unknown {
    this.#asked.add(name);
    const value = this.#members[name];
    return value === undefined ? this.fail(name, "is missing.") : value;
  }
}
