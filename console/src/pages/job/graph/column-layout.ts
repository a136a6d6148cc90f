import type { Line, Place } from "./drawn-edges.ts";

/** Each time all columns are gone through to the right and back. */
const SWEEPS = 6;
const COLUMN = 310;
const ROW = 80;

/**
 * A column for each step of waiting: a job is in the one behind the last of those that it waits for. Within a column jobs are near the middle of those that
 * they are joined to. Some milliseconds for thousands of jobs.
 */
export function columnPlaces(ids: readonly string[], edges: readonly Line[]): Map<string, Place> {
  const before = joined(ids, edges, ({ from, to }) => [to, from]);
  const after = joined(ids, edges, ({ from, to }) => [from, to]);
  const columns = columnsOf(ids, before, after);
  const rows = new Map<string, number>();
  const number = (column: readonly string[]): void =>
    column.forEach((id, at) => rows.set(id, at - (column.length - 1) / 2));
  columns.forEach(number);
  const arrange = (column: string[], neighbours: ReadonlyMap<string, readonly string[]>): void => {
    const middle = new Map(column.map((id) => [id, mean(neighbours.get(id)!, rows) ?? rows.get(id)!]));
    column.sort((a, b) => middle.get(a)! - middle.get(b)!);
    number(column);
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of columns) arrange(column, before);
    for (const column of columns.toReversed()) arrange(column, after);
  }
  return new Map(
    columns.flatMap((column, at) =>
      column.map((id): [string, Place] => [id, { x: at * COLUMN, y: rows.get(id)! * ROW }]),
    ),
  );
}

/** In the order of waiting (Kahn's), each behind the last of those that it waits for. */
function columnsOf(
  ids: readonly string[],
  before: ReadonlyMap<string, readonly string[]>,
  after: ReadonlyMap<string, readonly string[]>,
): string[][] {
  const open = new Map(ids.map((id) => [id, before.get(id)!.length]));
  const ranks = new Map<string, number>();
  const ready = ids.filter((id) => open.get(id) === 0);
  const columns: string[][] = [];
  for (const id of ready) {
    const rank = Math.max(0, ...before.get(id)!.map((one) => ranks.get(one)! + 1));
    ranks.set(id, rank);
    (columns[rank] ??= []).push(id);
    for (const next of after.get(id)!) {
      open.set(next, open.get(next)! - 1);
      if (open.get(next) === 0) ready.push(next);
    }
  }
  return columns;
}

function joined(
  ids: readonly string[],
  edges: readonly Line[],
  ends: (edge: Line) => readonly [of: string, one: string],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map(ids.map((id): [string, string[]] => [id, []]));
  for (const edge of edges) {
    const [of, one] = ends(edge);
    found.get(of)!.push(one);
  }
  return found;
}

function mean(ids: readonly string[], rows: ReadonlyMap<string, number>): number | undefined {
  return ids.length === 0 ? undefined : ids.reduce((sum, id) => sum + rows.get(id)!, 0) / ids.length;
}
