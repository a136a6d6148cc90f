import type { Evidence } from "./evidence.ts";
import { isOver } from "./evidence.ts";
import { Families } from "./families.ts";
import { checkDependencies, checkOutcomes } from "./outcomes.ts";
import { checkAttempts, checkRoom, checkRunsOnce, checkStops } from "./runs.ts";

/** Compares what the jobs noted of themselves with what the API says of them. Returns what is wrong, a sentence each: nothing, when all promises were kept. */
export function check(evidence: Evidence): string[] {
  const families = new Families(evidence);
  return [
    ...checkKept(evidence, families),
    ...checkRunsOnce(evidence.entries),
    ...checkAttempts(evidence, families),
    ...checkStops(evidence, families),
    ...checkDependencies(evidence, families),
    ...checkOutcomes(families),
    ...checkRoom(evidence, families),
  ];
}

/** What was acknowledged is there, what is there was asked for, and is over. */
function checkKept({ intents, jobs }: Evidence, families: Families): string[] {
  const lost = intents.flatMap(({ shape, acknowledged }) =>
    acknowledged
      .filter((id) => families.job(id)?.name !== shape.name)
      .map((id) => `job ${id} (${shape.name}) was acknowledged and is missing`),
  );
  const tooMany = intents.flatMap(({ shape, sent }) => {
    const count = jobs.filter((job) => job.name === shape.name && !job.id.includes(":")).length;
    return count > sent ? [`${shape.name} was sent ${sent} times and is there ${count} times`] : [];
  });
  const known = new Set(families.known.map(({ job }) => job.id));
  const unasked = jobs.filter(({ id }) => !known.has(id)).map(({ id, name }) => `nobody asked for job ${id} (${name})`);
  const open = jobs
    .filter((job) => !isOver(job))
    .map((job) => `job ${job.id} (${job.name}) has not ended: ${saying(job)}`);
  const childless = jobs.flatMap((job) => {
    const missing = (job.arraySize ?? 0) - families.childrenOf(job).length;
    return missing === 0 ? [] : [`array ${job.id}: ${missing} children are missing`];
  });
  return [...lost, ...tooMany, ...unasked, ...open, ...childless];
}

function saying({ status, statusReason = "no reason" }: { status: string; statusReason?: string }): string {
  return `${status} (${statusReason})`;
}
