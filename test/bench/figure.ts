import type { Bench } from "./bench.ts";
import { median, medianRatio } from "./statistics.ts";

/** One thing that is measured, in the form in which it is printed. */
export interface Measure {
  readonly what: string;
  readonly unit: "" | "1/s" | "ms" | "us" | "MiB" | "bytes";
  readonly value: number;
  /** What the machine allowed in the same run, or what the value is compared with. */
  readonly limit?: { readonly what: string; readonly value: number };
  /** value / limit, round by round, the median. */
  readonly ratio?: number;
  readonly target?: Target;
}

/** A bound on the ratio, or, where there is none, on the value. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

export interface Figure {
  readonly number: number;
  readonly title: string;
  /** Why it cannot be measured on this machine; undefined when it can. */
  unavailable?(): Promise<string | undefined>;
  measure(bench: Bench): Promise<Measure[]>;
}

/** A value beside its limit, each measured once per round. */
export interface Rounds {
  readonly values: readonly number[];
  readonly limits: readonly number[];
}

/** Measures both `count` times in turns. Which one comes first changes every time, so that neither always follows the other's work. */
export async function inTurns(
  count: number,
  measures: { readonly limit: () => Promise<number>; readonly value: () => Promise<number> },
  onRound: (round: number) => void,
): Promise<Rounds> {
  const limits: number[] = [];
  const values: number[] = [];
  for (let round = 1; round <= count; round += 1) {
    onRound(round);
    if (round % 2 === 1) limits.push(await measures.limit());
    values.push(await measures.value());
    if (round % 2 === 0) limits.push(await measures.limit());
  }
  return { values, limits };
}

/** The medians of several rounds. */
export function compared(
  what: string,
  unit: Measure["unit"],
  { values, limits }: Rounds,
  limitIs: string,
  target?: Target,
): Measure {
  const limit = { what: limitIs, value: median(limits) };
  const measure = { what, unit, value: median(values), limit, ratio: medianRatio(values, limits) };
  return target === undefined ? measure : { ...measure, target };
}

/** Undefined when there is nothing to meet. */
export function isMet({ ratio, value, target }: Measure): boolean | undefined {
  if (target === undefined) return undefined;
  const judged = ratio ?? value;
  return "atLeast" in target ? judged >= target.atLeast : judged <= target.atMost;
}
