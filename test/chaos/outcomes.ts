import type { Evidence, FinalJob } from "./evidence.ts";
import { isLost } from "./evidence.ts";
import type { Families, Known } from "./families.ts";

/** A job begins only when all that it depends on has succeeded, which is when the last of that has noted its end. */
export function checkDependencies({ entries }: Evidence, families: Families): string[] {
  const firstBegin = new Map<string, number>();
  const lastEnd = new Map<string, number>();
  for (const [at, { word, jobId }] of entries.entries()) {
    if (word === "began" && !firstBegin.has(jobId)) firstBegin.set(jobId, at);
    if (word === "ended") lastEnd.set(jobId, at);
  }
  return families.known.flatMap((known) => {
    const began = firstBegin.get(known.job.id);
    if (began === undefined) return [];
    return families.dependenciesOf(known).flatMap((dependency) => {
      const name = `${known.job.id} began, and ${dependency.id}, on which it depends,`;
      if (dependency.status !== "SUCCEEDED") return [`${name} is ${dependency.status}`];
      const late = leavesOf(dependency, families).filter(
        ({ id }) => (lastEnd.get(id) ?? Number.POSITIVE_INFINITY) > began,
      );
      return late.map(({ id }) => `${name} had not ended: ${id}`);
    });
  });
}

function leavesOf(job: FinalJob, families: Families): FinalJob[] {
  return job.arraySize === undefined ? [job] : families.childrenOf(job);
}

/** Every job ends as its shape says: after as many attempts, unless somebody stopped it, or what it depends on failed. */
export function checkOutcomes(families: Families): string[] {
  return families.known.flatMap((known) => {
    const { job } = known;
    if (job.status !== "SUCCEEDED" && job.status !== "FAILED") return [];
    const wanted = expected(known, families);
    const isRight =
      wanted === undefined ||
      (wanted.status === job.status && (wanted.attempts ?? job.attempts.length) === job.attempts.length);
    if (isRight) return [];
    return [
      `${job.id} (${job.name}) is ${described(job)}, not ${wanted.status} after ${wanted.attempts ?? "any"} attempts`,
    ];
  });
}

interface Outcome {
  readonly status: string;
  readonly attempts?: number;
}

/** Undefined: it may have ended in either way. */
function expected(known: Known, families: Families): Outcome | undefined {
  const { job, intent } = known;
  const { shape } = intent;
  if (families.stopsOf(known).length > 0) return undefined;
  if (job.arraySize !== undefined) {
    const children = families.childrenOf(job);
    // One that was stopped is not told by the stops of its parent.
    return { status: children.every(({ status }) => status === "SUCCEEDED") ? "SUCCEEDED" : "FAILED" };
  }
  if (families.dependenciesOf(known).some(({ status }) => status === "FAILED"))
    return { status: "FAILED", attempts: 0 };
  if (shape.timeoutSeconds !== undefined) return { status: "FAILED" };
  if (shape.isEndless === true) return undefined;
  const succeeds = job.attempts.findIndex((attempt, index) => index >= shape.failing && !isLost(shape, attempt)) + 1;
  if (succeeds > 0) return { status: "SUCCEEDED", attempts: succeeds };
  return { status: "FAILED", attempts: shape.attempts };
}

function described({ status, statusReason, attempts }: FinalJob): string {
  const ends = attempts.map(({ exitCodes, reasons, statusReason }) =>
    [Object.values(exitCodes).join(" and "), statusReason, ...reasons].filter((text) => text !== "").join(", "),
  );
  return `${status} (${statusReason ?? "no reason"}) after ${attempts.length} attempts [${ends.join("; ")}]`;
}
