import type { GroupOutcome, WhatIfOutcome, WhatIfReport } from "../../../../src/ports/what-if.ts";
import { durationText } from "../../components/duration.tsx";

/** One line of the comparison. */
export interface Figure {
  readonly name: string;
  readonly actual: number | undefined;
  readonly asItWas: number | undefined;
  readonly changed: number | undefined;
  readonly show: (value: number) => string;
  /** Whether less is better; undefined: neither. */
  readonly lessIsBetter?: boolean;
}

export const seconds = (value: number): string => durationText(value * 1000);
const amount = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 1 });

export function figuresOf({ actual, asItWas, changed }: WhatIfReport): Figure[] {
  const figure = (
    name: string,
    show: Figure["show"],
    lessIsBetter: boolean | undefined,
    of: (outcome: WhatIfOutcome) => number | undefined,
  ): Figure => ({
    ...{ name, show, actual: of(actual), asItWas: of(asItWas), changed: of(changed) },
    ...(lessIsBetter !== undefined && { lessIsBetter }),
  });
  return [
    figure("Waiting time, median", seconds, true, ({ waitingSeconds }) => waitingSeconds?.median),
    figure("Waiting time, 95 %", seconds, true, ({ waitingSeconds }) => waitingSeconds?.p95),
    figure("Waiting time, longest", seconds, true, ({ waitingSeconds }) => waitingSeconds?.max),
    figure("Jobs that started", amount, false, ({ started }) => started),
    figure("Jobs that ended per hour", amount, false, ({ endedPerHour }) => endedPerHour),
    figure("From the first to the last", seconds, true, ({ makespanSeconds }) => makespanSeconds),
    figure("vCPU hours held", amount, undefined, ({ vcpuHours }) => vcpuHours),
  ];
}

/** Of queues and of shares. */
export interface GroupRow {
  readonly name: string;
  readonly kind: "queue" | "share";
  readonly jobs: number;
  readonly actual: GroupOutcome["waitingSeconds"];
  readonly asItWas: GroupOutcome["waitingSeconds"];
  readonly changed: GroupOutcome["waitingSeconds"];
}

export function groupRows({ actual, asItWas, changed }: WhatIfReport): GroupRow[] {
  return (["queue", "share"] as const).flatMap((kind) => {
    const of = (outcome: WhatIfOutcome): readonly GroupOutcome[] =>
      kind === "queue" ? outcome.queues : outcome.shares;
    return of(actual).map(({ name, jobs, waitingSeconds }): GroupRow => {
      const find = (outcome: WhatIfOutcome) => of(outcome).find((one) => one.name === name)?.waitingSeconds;
      return { name, kind, jobs, actual: waitingSeconds, asItWas: find(asItWas), changed: find(changed) };
    });
  });
}

/** Below that nobody would notice. */
const NOTICED_SECONDS = 1;

export function verdict(before: number | undefined, after: number | undefined): "gains" | "loses" | "as before" {
  const difference = (after ?? Infinity) - (before ?? Infinity);
  if (Number.isNaN(difference) || Math.abs(difference) < NOTICED_SECONDS) return "as before";
  return difference < 0 ? "gains" : "loses";
}

/** How far the simulation is from what happened: a sentence. */
export function trustText({ actual, asItWas }: WhatIfReport): string {
  const [real, simulated] = [actual.waitingSeconds?.median, asItWas.waitingSeconds?.median];
  if (real === undefined || simulated === undefined) return "No job of this time has run: there is nothing to compare.";
  const off = Math.abs(simulated - real);
  const close = off <= 2 || off <= real * 0.15;
  const how = `Simulated as it was, the median waiting time is ${seconds(simulated)}; in fact it was ${seconds(real)}.`;
  return close
    ? `${how} The simulation is close to what happened.`
    : `${how} Take the differences as a direction rather than as amounts.`;
}
