import type { SqlValue } from "../database.ts";

/**
 * PostgreSQL's text holds no NUL, and its JSON knows neither NUL nor half of a surrogate pair, which users may have in what they say. Such characters are
 * kept in another form: a mark, which no user's text needs but which is escaped too, and what it was. Any text comes back as it went in, and equal texts
 * stay equal.
 */
const MARK = "\u{FDD0}";
const NUL = "\0";

/** What must not get into the database: NUL and the mark, and, in JSON, escapes of NUL and of half surrogate pairs. */
const UNFIT = /[\0\u{FDD0}]|\\u(0000|d[89a-f][0-9a-f]{2})/gu;
const MARKED = /\u{FDD0}([mn]|[0-9a-f]{4})/gu;

function toStored(text: string): string {
  if (!text.includes(NUL) && !text.includes(MARK) && !text.includes("\\u")) return text;
  return text.replaceAll(UNFIT, (unfit: string, escaped: string | undefined, at: number) => {
    if (unfit === MARK) return `${MARK}m`;
    if (unfit === NUL) return `${MARK}n`;
    // Behind an odd number of backslashes this one is escaped itself, and what follows it are letters.
    return isEscaped(text, at) ? unfit : MARK + escaped;
  });
}

export function storedValue(value: SqlValue): SqlValue {
  return typeof value === "string" ? toStored(value) : value;
}

export function fromStored(text: string): string {
  if (!text.includes(MARK)) return text;
  return text.replaceAll(MARKED, (_, what: string) => {
    if (what === "m") return MARK;
    return what === "n" ? NUL : `\\u${what}`;
  });
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (before > 0 && text[before - 1] === "\\") before -= 1;
  return (at - before) % 2 === 1;
}
