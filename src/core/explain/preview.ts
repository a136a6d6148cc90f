import type { Outcome } from "../changes.ts";
import { childReadiness, wholeReadiness } from "../dependency.ts";
import { childId } from "../ids.ts";
import type { Job, Scheduling } from "../job.ts";
import { activeAttempt, demandOf, initialState } from "../job.ts";
import { place } from "../placement.ts";
import { reconcile } from "../reconcile.ts";
import { schedule } from "../schedule.ts";
import { World } from "../world.ts";
import type { KnownPlan } from "./blockers-of.ts";
import type { Explanation } from "./explanation.ts";
import { copyWorld, MAX_JOBS } from "./copy-world.ts";
import { explainJob } from "./explain.ts";
import { forecast } from "./forecast.ts";
import { jobOf } from "./open-dependencies.ts";

/** A job that might be submitted. */
export interface Proposal {
  readonly queueArn: string;
  readonly scheduling: Scheduling;
  /** Epoch ms. */
  readonly createdAt: number;
}

/** What would become of a job, or of an array's first child, were it submitted now. */
export interface Preview extends Pick<Explanation, "answer" | "blockers" | "position" | "estimate"> {
  readonly outcome: "starts" | "waits" | "fails";
  /** Where it would start. */
  readonly environmentArn?: string;
}

/** What nothing else has: the last one of its queue. */
const LAST_SEQ = Number.MAX_SAFE_INTEGER;
const NO_ID = "new";

/** A job as though it had just been submitted, behind all others. Of an array, its first child. */
export function proposedJob({ queueArn, scheduling, createdAt }: Proposal): Job {
  const isArray = scheduling.arraySize !== undefined;
  const waitsForJobs = scheduling.dependsOn.length > 0 || scheduling.refusal !== undefined;
  return {
    ...{ id: isArray ? childId(NO_ID, 0) : NO_ID, seq: LAST_SEQ, queueArn, createdAt, scheduling },
    ...(isArray && { parent: { id: NO_ID, index: 0 } }),
    state: { status: waitsForJobs ? "PENDING" : "RUNNABLE", attempts: [] },
  };
}

/** `outcomes`: how those of its dependencies ended that the world does not know. Nothing is changed. */
export function preview(
  world: World,
  plan: KnownPlan,
  job: Job,
  outcomes: ReadonlyMap<string, Outcome>,
  now: number,
): Preview {
  const failure = failureOf(world, job, outcomes);
  if (failure !== undefined) return { outcome: "fails", answer: `It would fail at once: ${failure}.`, blockers: [] };
  const submit = (copy: World): void => {
    for (const [jobId, outcome] of outcomes) copy.apply({ kind: "outcome", jobId, outcome });
    copy.apply({ kind: "job-admitted", job: asSubmitted(job) });
  };
  const found = world.jobs.size <= MAX_JOBS ? tried(world, job, submit, now) : considered(world, plan, job);
  return found.outcome === "waits" ? { ...found, estimate: forecast(world, job.id, now, submit) } : found;
}

/** The next tick, in a copy of the world in which the job was submitted. */
function tried(world: World, { id }: Job, submit: (copy: World) => void, now: number): Preview {
  const copy = copyWorld(world);
  submit(copy);
  reconcile(copy, now);
  const plan = schedule(copy, now);
  const job = jobOf(copy, id);
  const attempt = job && activeAttempt(job.state);
  if (attempt !== undefined) return started(attempt.environmentArn);
  return job === undefined ? NEVER : waiting(explainJob(copy, plan, job));
}

/** What can be said without trying: where there are so many jobs that a copy would take too long. Who waits for nothing starts; gaps are not looked for. */
export function considered(world: World, plan: KnownPlan, job: Job): Preview {
  const explanation = explainJob(world, plan, job);
  const queue = world.queues.get(job.queueArn);
  if (explanation.blockers.length > 0 || queue === undefined) return waiting(explanation);
  const placement = place(world, demandOf(job), queue);
  return placement.kind === "fits" ? started(placement.environment.arn) : waiting(explanation);
}

const NEVER: Preview = { outcome: "fails", answer: "It would end without having started.", blockers: [] };

function started(environmentArn: string): Preview {
  return { outcome: "starts", answer: "It would start at once.", environmentArn, blockers: [] };
}

function waiting({ answer, blockers, position }: Explanation): Preview {
  return { outcome: "waits", answer, blockers, ...(position !== undefined && { position }) };
}

/** As it would be stored: an array whole. */
function asSubmitted({ parent, ...job }: Job): Job {
  return { ...job, id: parent?.id ?? job.id, state: initialState(job.scheduling) };
}

/** Why it would never start: what it depends on has ended otherwise than it is to, or it is refused itself. */
function failureOf(world: World, job: Job, outcomes: ReadonlyMap<string, Outcome>): string | undefined {
  const ended = new World(world.capacity, world.hasDocker);
  for (const [jobId, outcome] of outcomes) ended.apply({ kind: "outcome", jobId, outcome });
  const unknown = new Set(world.unknownDependencies(job));
  const knows = (jobId: string): World => (unknown.has(jobId.split(":")[0]!) ? ended : world);
  const known = {
    outcomeOf: (jobId: string) => knows(jobId).outcomeOf(jobId),
    outcomeOfChild: (arrayId: string, index: number) => knows(arrayId).outcomeOfChild(arrayId, index),
  };
  const whole = wholeReadiness(known, job);
  const own =
    job.parent === undefined ? "ready" : childReadiness(known, { ...job, id: job.parent.id }, job.parent.index);
  return [whole, own].flatMap((readiness) => (typeof readiness === "object" ? [readiness.failure] : []))[0];
}
