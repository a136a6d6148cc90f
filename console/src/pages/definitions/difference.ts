import { diffLines } from "diff";

/** One line of a difference: what stood in it before, and what stands in it now. Absent: nothing. */
export interface DiffRow {
  readonly before?: DiffLine;
  readonly after?: DiffLine;
  readonly isEqual: boolean;
}

export interface DiffLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
}

/** Equal lines that are far from every change, folded into one. */
export interface Fold {
  readonly rows: readonly DiffRow[];
}

const AROUND = 3;
/** Shorter stretches are shown: a fold would take as much room. */
const LEAST_FOLDED = 3;

/** The difference of two values as JSON, line by line; what was removed stands beside what came for it. */
export function difference(before: unknown, after: unknown): DiffRow[] {
  const rows: DiffRow[] = [];
  let [oldNumber, newNumber] = [1, 1];
  let removed: DiffLine[] = [];
  const flush = (added: readonly DiffLine[] = []): void => {
    for (let at = 0; at < Math.max(removed.length, added.length); at += 1) {
      const [one, other] = [removed[at], added[at]];
      rows.push({ isEqual: false, ...(one && { before: one }), ...(other && { after: other }) });
    }
    removed = [];
  };
  for (const part of diffLines(textOf(before), textOf(after))) {
    const lines = part.value.replace(/\n$/, "").split("\n");
    if (part.removed) {
      flush();
      removed = lines.map((text) => ({ number: oldNumber++, text }));
    } else if (part.added) flush(lines.map((text) => ({ number: newNumber++, text })));
    else {
      flush();
      for (const text of lines) {
        rows.push({
          ...{ isEqual: true, before: { number: oldNumber++, text } },
          after: { number: newNumber++, text },
        });
      }
    }
  }
  flush();
  return rows;
}

/** A comma at the end of a line says nothing about the line. */
function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replaceAll(/,$/gm, "")}\n`;
}

/** Long stretches without a change are folded. */
export function folded(rows: readonly DiffRow[]): (DiffRow | Fold)[] {
  const changes = rows.flatMap(({ isEqual }, at) => (isEqual ? [] : [at]));
  const isNear = (at: number): boolean => changes.some((change) => Math.abs(change - at) <= AROUND);
  const result: (DiffRow | Fold)[] = [];
  let hidden: DiffRow[] = [];
  const fold = (): void => {
    if (hidden.length < LEAST_FOLDED) result.push(...hidden);
    else result.push({ rows: hidden });
    hidden = [];
  };
  for (const [at, row] of rows.entries()) {
    if (isNear(at)) {
      fold();
      result.push(row);
    } else hidden.push(row);
  }
  fold();
  return result;
}
