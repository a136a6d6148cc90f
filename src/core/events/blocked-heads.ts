import { requirementsOf } from "../job.ts";
import type { BlockedHead, Plan } from "../plan.ts";
import { waitingText } from "../explain/waiting-reason.ts";
import type { World } from "../world.ts";
import type { JobEvent } from "./event.ts";

/** What AWS calls a blocked queue: somebody has to do something, or there is no such capacity (reference 8.4). Other heads just wait. */
const BLOCKED = /^(MISCONFIGURATION|CAPACITY|ACTION_REQUIRED)\b/;

/** Which heads of queues are blocked, and which of them are newly so. In memory: the store knows what it was told. */
export class BlockedHeads {
  /** By queue and lane. */
  #known = new Map<string, BlockedHead>();

  /** The events of heads that were not blocked for the same reason at the last look. Costs in heads. */
  news(world: World, { blocked }: Pick<Plan, "blocked">): JobEvent[] {
    const known = new Map<string, BlockedHead>();
    const events: JobEvent[] = [];
    for (const [queueArn, { head, lanes }] of blocked) {
      for (const one of new Set([...(head === undefined ? [] : [head]), ...lanes.values()])) {
        const key = `${queueArn} ${one.jobId}`;
        const before = this.#known.get(key) ?? known.get(key);
        known.set(key, one);
        if (before?.reason.kind === one.reason.kind) continue;
        const event = eventOf(world, queueArn, one);
        if (event !== undefined) events.push(event);
      }
    }
    this.#known = known;
    return events;
  }
}

function eventOf(world: World, queueArn: string, { jobId, reason }: BlockedHead): JobEvent | undefined {
  const job = world.waitingJob(jobId);
  const text = waitingText(reason, requirementsOf(job));
  if (!BLOCKED.test(text)) return undefined;
  const kind = job.scheduling.service === undefined ? "blocked" : "service-blocked";
  return { kind, resource: queueArn, jobId, facts: { status: "RUNNABLE", reason: text } };
}
