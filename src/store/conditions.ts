import type { SqlValue } from "./database.ts";

/** `?`: a JSON list of numbers. */
export const NUMBERS = "(SELECT CAST(value AS BIGINT) FROM json_each(?))";

/** Sorts after every name that goes on from a prefix. */
export const HIGHEST_CHARACTER = "\u{10FFFF}";

/** Collects the conditions of a query with their values, in the order of their question marks. */
export class Conditions {
  readonly #texts: string[] = [];
  readonly values: SqlValue[] = [];

  add(condition: string, ...values: readonly SqlValue[]): this {
    this.#texts.push(condition);
    this.values.push(...values);
    return this;
  }

  /** Names that begin with the prefix, as a range, which an index on the name answers. */
  addPrefix(prefix: string | undefined): this {
    return prefix ? this.add(`name >= ? AND name < ?`, prefix, prefix + HIGHEST_CHARACTER) : this;
  }

  get text(): string {
    return this.#texts.join(" AND ");
  }
}
