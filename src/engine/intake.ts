import type { Fact } from "../core/changes.ts";
import { parseChildId, parseNodeId } from "../core/ids.ts";
import type { Job } from "../core/job.ts";
import { fairSharePolicyOf } from "../core/order/fair-share.ts";
import { windowMs } from "../core/order/share-ledger.ts";
import type { World } from "../core/world.ts";
import type { SchedulingStore } from "../ports/store.ts";

/** Bounds one tick's reading; the next tick reads on. */
const MAX_NEW_JOBS_PER_TICK = 5_000;

/** Of a large world, so many are taken in one turn of the event loop: the lead must be renewed meanwhile. */
const FACTS_PER_TURN = 5_000;

/** Step 2 of a tick: brings what was submitted and asked for since the last one into the world. True when there is more to read. */
export async function readNews(store: SchedulingStore, world: World): Promise<boolean> {
  const { jobs, stops, lastSeq, isPartial } = await store.news(world.lastSeq, MAX_NEW_JOBS_PER_TICK);
  await admit(store, world, jobs);
  world.apply({ kind: "jobs-read", lastSeq });
  for (const stop of stops) if (!isPartial || isKnown(world, stop)) world.apply(stop);
  return isPartial;
}

/** While there are jobs left to read, the job of a stop request may be one of them; then the request waits with it. */
function isKnown(world: World, stop: Fact): boolean {
  if (stop.kind !== "stop-requested") return false;
  const { jobId } = stop;
  return world.jobs.has(parseChildId(jobId)?.parentId ?? parseNodeId(jobId)?.jobId ?? jobId);
}

/** Reads the whole world anew. */
export async function readWorld(store: SchedulingStore, world: World, now: number): Promise<void> {
  const facts = await store.load();
  const jobs: Job[] = [];
  for (const [index, fact] of facts.entries()) {
    if (fact.kind === "job-admitted") jobs.push(fact.job);
    world.apply(fact);
    if (index % FACTS_PER_TURN === FACTS_PER_TURN - 1) await new Promise((resolve) => void setImmediate(resolve));
  }
  await readOutcomes(store, world, jobs);
  await readShareUses(store, world, now);
  // It has all come before.
  world.jobs.statuses.takeFlows();
}

/** What counts for the order of shares beside the jobs that are not over. */
async function readShareUses(store: SchedulingStore, world: World, now: number): Promise<void> {
  for (const queue of world.queues.values()) {
    const policy = fairSharePolicyOf(world, queue);
    if (policy === undefined) continue;
    const uses = await store.shareUses(queue.arn, now - windowMs(policy.decaySeconds));
    world.apply({ kind: "share-uses", uses });
  }
}

async function admit(store: SchedulingStore, world: World, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) world.apply({ kind: "job-admitted", job });
  await readOutcomes(store, world, jobs);
}

/** Dependencies that ended before their dependents came: only the store knows how. */
async function readOutcomes(store: SchedulingStore, world: World, jobs: readonly Job[]): Promise<void> {
  const unknown = new Set(jobs.flatMap((job) => world.unknownDependencies(job)));
  if (unknown.size === 0) return;
  for (const [jobId, outcome] of await store.outcomes([...unknown])) world.apply({ kind: "outcome", jobId, outcome });
}
