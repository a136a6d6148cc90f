import type { StampedLine } from "./log-lines.ts";

/**
 * How far an output has been copied: the latest time of a copied line, and how many lines have times in its second and in the one before. The API can be
 * asked for the lines since a whole second, and two streams of one program are noted a little out of order.
 */
export interface LogPosition {
  readonly latest?: string;
  /** By second since the epoch. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** The position after these lines. */
export function advanced({ latest, counts = {} }: LogPosition, lines: readonly StampedLine[]): LogPosition {
  const after: Record<string, number> = { ...counts };
  let last = latest;
  for (const { stamp } of lines) {
    if (stamp === undefined) continue;
    if (last === undefined || isLater(stamp, last)) last = stamp;
    const second = secondOf(stamp);
    after[second] = (after[second] ?? 0) + 1;
  }
  if (last === undefined) return {};
  const oldest = secondOf(last) - 1;
  for (const second of Object.keys(after)) if (Number(second) < oldest) delete after[second];
  return { latest: last, counts: after };
}

/** What to ask the API's log from; undefined: from its beginning. */
export function sinceTime({ latest }: LogPosition): string | undefined {
  if (latest === undefined) return undefined;
  return new Date((secondOf(latest) - 1) * 1000).toISOString().replace(".000Z", "Z");
}

/** Leaves out what was copied already, of a log that was asked for from `sinceTime` on. */
export class Skip {
  readonly #latest: string | undefined;
  /** Of lines up to `latest`. */
  #counted: number;
  /** Of the lines after those: in the log although the position does not say so. */
  #ahead: number;

  constructor({ latest, counts = {} }: LogPosition, linesAhead: number) {
    this.#latest = latest;
    const oldest = latest === undefined ? 0 : secondOf(latest) - 1;
    const recent = Object.entries(counts).filter(([second]) => Number(second) >= oldest);
    this.#counted = recent.reduce((sum, [, count]) => sum + count, 0);
    this.#ahead = linesAhead;
  }

  /** `passed`: after the position, and in the log already. `fresh`: in no log yet. */
  divide(lines: readonly StampedLine[]): { readonly passed: StampedLine[]; readonly fresh: StampedLine[] } {
    const passed: StampedLine[] = [];
    const fresh: StampedLine[] = [];
    for (const line of lines) {
      if (this.#isCounted(line)) continue;
      if (this.#ahead === 0) fresh.push(line);
      else {
        this.#ahead -= 1;
        passed.push(line);
      }
    }
    return { passed, fresh };
  }

  /** A node that has begun a new file has less to show than was counted. */
  #isCounted({ stamp }: StampedLine): boolean {
    if (this.#counted === 0 || stamp === undefined || isLater(stamp, this.#latest!)) return false;
    this.#counted -= 1;
    return true;
  }
}

function secondOf(stamp: string): number {
  return Math.floor(Date.parse(stamp) / 1000);
}

function isLater(one: string, other: string): boolean {
  const [a, b] = [Date.parse(one), Date.parse(other)];
  return a === b ? fractionOf(one) > fractionOf(other) : a > b;
}

/** Digits of different numbers compare as texts. */
function fractionOf(stamp: string): string {
  return (/\.(\d+)/.exec(stamp)?.[1] ?? "").padEnd(9, "0");
}
