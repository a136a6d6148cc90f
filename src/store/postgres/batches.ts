import type { SqlValue, Statement, Written } from "../database.ts";

/** What is sent at once: one statement, or rows that several statements of the same text insert. */
export interface Batch {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** Of the statements. */
  readonly count: number;
}

/** Inserts one row of given values, or fails: nothing about it depends on what is there, and its result is known. */
const INSERTS_A_ROW = /^\s*INSERT INTO \w+\s*\([\w\s,]+\)\s*VALUES (\(\?(?:, \?)*\))\s*$/;
/** Powers of two, so that there are few different texts. */
const MOST_ROWS = 64;

/**
 * Statements that follow each other and insert a row each into the same columns are sent as one, which costs PostgreSQL and the way there a third. Their
 * order stays.
 */
export function batchesOf(statements: readonly Statement[]): Batch[] {
  const batches: Batch[] = [];
  for (let from = 0; from < statements.length;) {
    const { sql } = statements[from]!;
    const row = rowOf(sql);
    const count = row === undefined ? 1 : largestPower(sameFrom(statements, from));
    const values = statements.slice(from, from + count).flatMap((one) => one.values);
    batches.push({ sql: count === 1 ? sql : `${sql.trimEnd()}${`, ${row}`.repeat(count - 1)}`, values, count });
    from += count;
  }
  return batches;
}

/** Those that go to the end are there. */
export function inOrderOfSending(statements: readonly Statement[]): Statement[] {
  return [...statements.filter((one) => !isLast(one)), ...statements.filter(isLast)];
}

/** What came of statements that were sent in that order, each where its statement was. */
export function inOrderOfWriting<T>(statements: readonly Statement[], sent: readonly T[]): T[] {
  let next = 0;
  let nextLast = statements.filter((one) => !isLast(one)).length;
  return statements.map((one) => sent[isLast(one) ? nextLast++ : next++]!);
}

function isLast({ goesToTheEnd }: Statement): boolean {
  return goesToTheEnd === true;
}

/** The result of each of the batch's statements. */
export function resultsOf({ count }: Batch, written: Written): Written[] {
  return count === 1 ? [written] : Array.from({ length: count }, () => ({ changes: 1, rows: [] }));
}

const rows = new Map<string, string | undefined>();

function rowOf(sql: string): string | undefined {
  if (!rows.has(sql)) rows.set(sql, INSERTS_A_ROW.exec(sql)?.[1]);
  return rows.get(sql);
}

function sameFrom(statements: readonly Statement[], from: number): number {
  const { sql } = statements[from]!;
  let to = from + 1;
  while (to < statements.length && to - from < MOST_ROWS && statements[to]!.sql === sql) to += 1;
  return to - from;
}

function largestPower(count: number): number {
  return 2 ** Math.floor(Math.log2(count));
}
