/** Which indexes the children of an array have, when these are not 0, 1, 2 ...: for running some children of another array again. */
export interface ArrayIndexes {
  readonly spans: readonly IndexSpan[];
  readonly count: number;
  /** The size of the array of which they are; absent where it is not said. */
  readonly of?: number;
}

export interface IndexSpan {
  readonly first: number;
  readonly last: number;
}

/** In the tag: all children of the array that the rerun is of that have failed. */
export const FAILED_CHILDREN = "failed";

const TEXT = /^(\d{1,7}(?:-\d{1,7})?(?: \d{1,7}(?:-\d{1,7})?)*)(?: of (\d{1,7}))?$/;

/** `3 7 100-120` or `3 7 100-120 of 1000`: rising, none twice. Undefined for all else. */
export function parseArrayIndexes(text: string): ArrayIndexes | undefined {
  const [, list, size] = TEXT.exec(text) ?? [];
  if (list === undefined) return undefined;
  const spans = list.split(" ").map((part): IndexSpan => {
    const [first = "", last = first] = part.split("-");
    return { first: Number(first), last: Number(last) };
  });
  const rises = spans.every(({ first, last }, at) => first <= last && (at === 0 || first > spans[at - 1]!.last));
  const of = size === undefined ? undefined : Number(size);
  if (!rises || (of !== undefined && spans.at(-1)!.last >= of)) return undefined;
  return { spans, count: countOf(spans), ...(of !== undefined && { of }) };
}

export function countOf(spans: readonly IndexSpan[]): number {
  return spans.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** The index of the n-th child, from 0. */
export function nthIndex(spans: readonly IndexSpan[], n: number): number | undefined {
  let left = n;
  for (const { first, last } of spans) {
    const count = last - first + 1;
    if (left < count) return first + left;
    left -= count;
  }
  return undefined;
}

/** As `parseArrayIndexes` reads it; spans that touch become one. */
export function arrayIndexesText(spans: readonly IndexSpan[], of: number): string {
  const joined: IndexSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.first - b.first)) {
    const before = joined.at(-1);
    if (before !== undefined && before.last + 1 === span.first)
      joined.splice(-1, 1, { first: before.first, last: span.last });
    else joined.push(span);
  }
  const list = joined.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
  return `${list.join(" ")} of ${of}`;
}

/** Children of a rerun by their place in it, as indexes of the array that it is a rerun of. */
export function mappedSpans(spans: readonly IndexSpan[], through: readonly IndexSpan[] | undefined): IndexSpan[] {
  if (through === undefined) return [...spans];
  const mapped: IndexSpan[] = [];
  let before = 0;
  for (const { first, last } of through) {
    const count = last - first + 1;
    for (const span of spans) {
      const from = Math.max(span.first, before);
      const to = Math.min(span.last, before + count - 1);
      if (from <= to) mapped.push({ first: first + from - before, last: first + to - before });
    }
    before += count;
  }
  return mapped;
}
