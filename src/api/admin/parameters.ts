import { clientException } from "../wire/errors.ts";

/** The last moment that a Date can be, epoch ms. */
const LATEST = 8_640_000_000_000_000;

/**
 * The parameters of a URL's query, of which each is known and given once, but for those that may be given more often.
 *
 * @param search without its question mark.
 * @throws ClientException
 */
export function givenParameters(
  search: string,
  names: readonly string[],
  repeatable: readonly string[] = [],
): URLSearchParams {
  const given = new URLSearchParams(search);
  for (const name of given.keys()) {
    if (!names.includes(name))
      throw clientException(`${name} is no parameter of this request: it takes ${names.join(", ")}.`);
    if (!repeatable.includes(name) && given.getAll(name).length > 1)
      throw clientException(`${name} is given more than once.`);
  }
  return given;
}

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** What it is when it is not given. */
  readonly usual: number;
}

/**
 * The parameters of a URL's query, all of which are whole numbers.
 *
 * @param search without its question mark.
 * @throws ClientException for one that is not known, not a number, or out of its range.
 */
export function readWholeNumbers<Name extends string>(
  search: string,
  ranges: Readonly<Record<Name, NumberRange>>,
): Record<Name, number> {
  const names = Object.keys(ranges) as Name[];
  const given = givenParameters(search, names);
  const valueOf = (name: Name): number => {
    const { least, most, usual } = ranges[name];
    const text = given.get(name);
    if (text === null) return usual;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (value >= least && value <= most) return value;
    throw clientException(`${name} must be a whole number from ${least} to ${most}.`);
  };
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<Name, number>;
}

/** Epoch ms, or a date or time of ISO 8601; without a zone it is UTC. */
export function readTime(name: string, text: string | null): number | undefined {
  if (text === null) return undefined;
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text) || !text.includes("T");
  const time = /^\d{1,16}$/.test(text) && text.length > 4 ? Number(text) : Date.parse(hasZone ? text : `${text}Z`);
  const isDate = /^\d{4}-\d\d-\d\d/.test(text) || /^\d+$/.test(text);
  if (isDate && time >= 0 && time <= LATEST) return time;
  throw clientException(`${name} must be a date or time such as 2026-03-01 or 2026-03-01T12:00:00Z, not ${text}.`);
}
