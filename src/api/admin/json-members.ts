import { clientException } from "../wire/errors.ts";

/** The body of an administrative request, read member by member. All of it throws what is wrong, by name. */

export type Members = Readonly<Record<string, unknown>>;

/** `owner`: whose members they are, where that is called otherwise. */
export function membersOf(value: unknown, what: string, names: readonly string[], owner = what): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw clientException(`${what} must be an object.`);
  }
  const strange = Object.keys(value).find((name) => !names.includes(name));
  if (strange !== undefined) {
    throw clientException(`${strange.slice(0, 100)} is no member of ${owner}: it takes ${names.join(", ")}.`);
  }
  return value as Members;
}

export function textIn(value: unknown, what: string, most: number): string {
  if (typeof value === "string" && value !== "" && value.length <= most) return value;
  throw clientException(`${what} must be a text of 1 to ${most} characters.`);
}

export function wholeNumberIn(value: unknown, what: string, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw clientException(`${what} must be a whole number from ${least} to ${most}.`);
}

export function listIn(value: unknown, what: string, most: number): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= most) return value;
  throw clientException(`${what} must be a list of 1 to ${most} entries.`);
}

export function oneOf<Choice extends string>(value: unknown, what: string, choices: readonly Choice[]): Choice {
  const choice = choices.find((one) => one === value);
  if (choice !== undefined) return choice;
  throw clientException(`${what} must be one of ${choices.join(", ")}.`);
}

export function flagIn(value: unknown, what: string): boolean {
  if (typeof value === "boolean") return value;
  throw clientException(`${what} must be true or false.`);
}
