import type { ArrayProgress } from "../array.ts";
import type { Attempt, Job } from "../job.ts";
import { activeAttempt, isArrayParent, isTerminal, isWaiting } from "../job.ts";
import { childId } from "../ids.ts";
import type { World } from "../world.ts";
import { attemptStories } from "./attempt-stories.ts";
import type { KnownPlan } from "./blockers-of.ts";
import { blockersOf } from "./blockers-of.ts";
import type { Explanation } from "./explanation.ts";
import { forecast } from "./forecast.ts";
import { jobOf } from "./open-dependencies.ts";
import { knownEnd } from "./occupants.ts";
import { ahead } from "./served-before.ts";
import { shareTurns } from "./share-standings.ts";
import { stated, waitingAnswer } from "./sentences.ts";

/**
 * Why a job is where it is, after a tick: all that keeps it from starting, or what it does. Undefined for a job that is not in the world: it
 * has ended, or has not been read yet. Costs in the active attempts and in the first thousand jobs of its queue; where there are few jobs, in all of them.
 */
export function explain(world: World, plan: KnownPlan, jobId: string, now: number): Explanation | undefined {
  const job = jobOf(world, jobId);
  if (job === undefined) return undefined;
  const explanation = explainJob(world, plan, job);
  const { status, blockers, nextChild = jobId } = explanation;
  const waits = blockers.length > 0 || (isWaiting(status) && !isArrayParent(job));
  return waits ? { ...explanation, estimate: forecast(world, nextChild, now) } : explanation;
}

/** The same for a job that need not be in the world. */
export function explainJob(world: World, plan: KnownPlan, job: Job): Explanation {
  if (isArrayParent(job)) return explainArray(world, plan, job);
  return isWaiting(job.state.status) ? explainWaiting(world, plan, job) : { ...headOf(job), answer: activity(job) };
}

/** A job that is over, from what is kept of it. */
export function explainEnded(job: Job): Explanation {
  return { ...headOf(job), answer: ending(job) };
}

/** A job that was stored and that no tick has seen. */
export function explainUnseen(job: Job): Explanation {
  return { ...headOf(job), answer: "It has just been submitted; the next tick looks at it." };
}

function headOf(job: Job): Omit<Explanation, "answer"> {
  return {
    jobId: job.id,
    jobQueue: job.queueArn,
    status: job.state.status,
    blockers: [],
    attempts: attemptStories(job.state.attempts, job.scheduling.retry),
  };
}

function explainWaiting(world: World, plan: KnownPlan, job: Job): Explanation {
  const before = ahead(world, job);
  const blockers = blockersOf(world, plan, job, before);
  const shares = shareTurns(world, job);
  return {
    ...headOf(job),
    answer: waitingAnswer(job, blockers),
    blockers: blockers.map((blocker) => stated(blocker, job)),
    ...(job.state.status === "RUNNABLE" && { position: before.position }),
    ...(shares !== undefined && { shares }),
  };
}

/** An array waits as the first of its children that wait does. */
function explainArray(world: World, plan: KnownPlan, parent: Job): Explanation {
  const progress = world.arrays.get(parent.id);
  const head = headOf(parent);
  const next = progress && firstWaiting(parent, progress);
  if (progress === undefined || next === undefined) {
    const left = progress?.active ?? 0;
    return { ...head, answer: `None of its children is left to start; ${left} of them ${areIs(left)} not over.` };
  }
  const id = childId(parent.id, next);
  const child = jobOf(world, id)!;
  const { answer, blockers, position, shares } = explainWaiting(world, plan, child);
  const waiting = progress.recordedWaiting + (isRestOver(parent) ? 0 : progress.size - progress.recorded);
  const counts = `${waiting} of its ${progress.size} children ${waiting === 1 ? "waits" : "wait"}, the first of them is ${id}.`;
  return {
    ...head,
    nextChild: id,
    answer: `${counts} ${answer}`,
    blockers,
    ...(position !== undefined && { position }),
    ...(shares !== undefined && { shares }),
  };
}

function firstWaiting(parent: Job, progress: ArrayProgress): number | undefined {
  const unrecorded = isRestOver(parent) ? undefined : progress.next();
  const recorded = progress.firstRecordedWaiting();
  return recorded === undefined || unrecorded === undefined ? (recorded ?? unrecorded) : Math.min(recorded, unrecorded);
}

/** Children that have no record never start any more. */
function isRestOver({ state }: Job): boolean {
  return state.rest?.status === "FAILED";
}

function onInstances({ instanceIds }: Attempt): string {
  if (instanceIds === undefined) return "";
  return instanceIds.length === 1 ? ` on ${instanceIds[0]}` : ` on ${instanceIds.length} instances`;
}

function areIs(count: number): string {
  return count === 1 ? "is" : "are";
}

/** What a job does that is bound to an environment. */
function activity(job: Job): string {
  const { state } = job;
  const attempt = activeAttempt(state);
  if (isTerminal(state.status) || attempt === undefined) return ending(job);
  const where = `attempt ${state.attempts.length}, in ${nameOf(attempt.environmentArn)}${onInstances(attempt)}`;
  if (attempt.stopping !== undefined) return `It has been told to end (${where}): ${attempt.stopping.reason}.`;
  if (state.status === "SCHEDULED") return `It is bound to an environment (${where}); the next tick starts it.`;
  if (state.status === "STARTING") return `${starting(job)} (${where}, driver ${attempt.driver}).`;
  return `It runs (${where})${latestEnd(knownEnd(job))}.`;
}

/** Containers of one job start when what they depend on says so; then it is the driver's turn: pull the image, make the container. */
function starting({ state }: Job): string {
  const units = activeAttempt(state)?.units ?? [];
  const waiting = units.filter(({ status }) => status === "waiting").length;
  const begun = "It is being started: its driver has been told to, and has not said yet that the program runs";
  return waiting === 0 ? begun : `${begun}; ${waiting} of its ${units.length} containers wait for others of them`;
}

function latestEnd(endsBy: number | undefined): string {
  return endsBy === undefined ? "" : `; its timeout ends it at ${new Date(endsBy).toISOString()}`;
}

function ending({ scheduling, state }: Job): string {
  const reason = state.statusReason === undefined ? "" : `: ${state.statusReason}`;
  if (state.status === "SUCCEEDED") return "It has succeeded.";
  const stories = attemptStories(state.attempts, scheduling.retry);
  if (stories.length === 0) return `It has failed without an attempt${reason}.`;
  const lost = stories.filter(({ end }) => end === "infrastructure").length;
  const outOfMemory = stories.filter(({ end }) => end === "out-of-memory").length;
  const causes = [
    ...(lost > 0 ? [`${lost} lost with the host`] : []),
    ...(outOfMemory > 0 ? [`${outOfMemory} out of memory`] : []),
  ];
  const attempts = `${stories.length} of at most ${scheduling.retry.attempts} attempts`;
  return `It has failed after ${attempts}${causes.length > 0 ? ` (${causes.join(", ")})` : ""}${reason}.`;
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
