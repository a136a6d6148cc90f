import { accountOf } from "../account.ts";
import { fairFrontOf, frontOf } from "../front.ts";
import type { Job } from "../job.ts";
import type { Queue } from "../resources.ts";
import type { BlockedHead, Plan } from "../plan.ts";
import { queuesInTurn } from "../order/queues-in-turn.ts";
import { compareWaiting } from "../waiting.ts";
import type { World } from "../world.ts";
import type { Blocker } from "./blockers.ts";
import type { Position } from "./explanation.ts";
import { haveOneOwner } from "./occupants.ts";
import { jobOf } from "./open-dependencies.ts";

/** How far down a queue is looked. */
const LOOK_AHEAD = 1_000;

/** Who is served before a job in its own queue. */
export interface Ahead {
  /** In their order; the first ones only, when they are many. */
  readonly jobIds: readonly string[];
  /** Where it is, or would be if it were RUNNABLE now. */
  readonly position: Position;
}

/** Costs in LOOK_AHEAD. */
export function ahead(world: World, job: Job): Ahead {
  const front = frontOf(world, job.queueArn, LOOK_AHEAD);
  const at = front.indexOf(job.id);
  const jobIds = at === -1 ? beforeUnseen(world, job, front) : front.slice(0, at);
  const isKnown = at !== -1 || jobIds.length < LOOK_AHEAD;
  return { jobIds, position: isKnown ? { place: jobIds.length + 1 } : { moreThan: LOOK_AHEAD } };
}

/** Of the front of its queue, those before a job that does not wait yet, or waits behind all of them. */
function beforeUnseen(world: World, job: Job, front: readonly string[]): readonly string[] {
  const isWaitingBehind = job.state.status === "RUNNABLE" && jobOf(world, job.id) !== undefined;
  const fairFront = fairFrontOf(world, job.queueArn, LOOK_AHEAD, isWaitingBehind ? undefined : job);
  if (fairFront === undefined) return front.filter((id) => isBefore(jobOf(world, id)!, job));
  const at = fairFront.indexOf(job.id);
  return at === -1 ? fairFront : fairFront.slice(0, at);
}

/** Whether `a` is to start before `b` when both wait in the same lane. */
export function isBefore(a: Job, b: Job): boolean {
  return compareWaiting(asWaiting(a), asWaiting(b)) < 0;
}

function asWaiting(job: Job) {
  return { job, retried: job.state.attempts.length > 0 };
}

/** The queues that are served before one and in which a job waits for what may be the same room, or the same environment. */
export function queuesBefore(world: World, plan: Pick<Plan, "blocked">, queue: Queue): Blocker[] {
  return earlierQueues(world, queue).flatMap((other): Blocker[] => {
    const head = blockedHeads(plan, other.arn).find((one) => competes(world, one, queue, other));
    if (head === undefined) return [];
    const names = haveOneOwner(other.arn, queue.arn) && { queueArn: other.arn, headJobId: head.jobId };
    // Priorities are compared within an account.
    const priority = accountOf(other.arn) === accountOf(queue.arn) && { priority: other.priority };
    return [{ kind: "queue-before", ...priority, ...names }];
  });
}

/** The first jobs of the queues that are served before this one. */
export function jobsOfEarlierQueues(world: World, queue: Queue): string[] {
  return earlierQueues(world, queue).flatMap(({ arn }) => frontOf(world, arn, LOOK_AHEAD));
}

function earlierQueues(world: World, queue: Queue): Queue[] {
  const queues = queuesInTurn(world);
  return queues.slice(
    0,
    queues.findIndex(({ arn }) => arn === queue.arn),
  );
}

function blockedHeads(plan: Pick<Plan, "blocked">, queueArn: string): BlockedHead[] {
  const block = plan.blocked.get(queueArn);
  if (block === undefined) return [];
  return [...(block.head === undefined ? [] : [block.head]), ...block.lanes.values()];
}

/** All environments without instances share the machine, but those in clusters; and what becomes of an environment is first of use to who is served first. */
function competes(world: World, { reason }: BlockedHead, queue: Queue, other: Queue): boolean {
  const usesMachine = (arn: string): boolean => {
    const environment = world.environments.get(arn);
    return environment?.instances === undefined && environment?.cluster === undefined;
  };
  const shareMachine = queue.environmentArns.some(usesMachine) && other.environmentArns.some(usesMachine);
  if (reason.kind === "capacity" && shareMachine) return true;
  return other.environmentArns.some((arn) => queue.environmentArns.includes(arn));
}
