import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { LOOK_BEHIND } from "../../src/core/backfill/gap-filler.ts";
import type { Job, Scheduling } from "../../src/core/job.ts";
import { activeAttempt, initialState } from "../../src/core/job.ts";
import { jobChange } from "../../src/core/job-change.ts";
import { ended, started } from "../../src/core/lifecycle.ts";
import { reconcile } from "../../src/core/reconcile.ts";
import { schedule } from "../../src/core/schedule.ts";
import { World } from "../../src/core/world.ts";
import { ENVIRONMENT, QUEUE } from "../support/world.ts";

/** The scheduler against a straightforward one, on a public trace of 10,000 jobs: every job must start at the same second. */

const PROCESSORS = 256;
const TRACE = new URL("../sim/traces/lublin_256.swf.gz", import.meta.url);

interface TraceJob {
  readonly id: string;
  readonly submit: number;
  readonly run: number;
  readonly processors: number;
}

/** By job id, in seconds. */
type Starts = Map<string, number>;

function readTrace(): TraceJob[] {
  const lines = gunzipSync(readFileSync(TRACE)).toString().split("\n");
  return lines
    .filter((line) => line.trim() !== "" && !line.startsWith(";"))
    .map((line) => {
      const [id, submit, , run, processors] = line.trim().split(/\s+/);
      return { id: id!, submit: Number(submit), run: Number(run), processors: Number(processors) };
    });
}

/** No part of the scheduler is used here. */
function naive(trace: readonly TraceJob[], isBackfilling: boolean): Starts {
  const starts: Starts = new Map();
  const queue: TraceJob[] = [];
  let running: { processors: number; end: number }[] = [];
  let free = PROCESSORS;
  let arrived = 0;
  let now = 0;

  function start(job: TraceJob): void {
    queue.splice(queue.indexOf(job), 1);
    running.push({ processors: job.processors, end: now + job.run });
    free -= job.processors;
    starts.set(job.id, now);
  }

  /** When there is room for the head, and how many processors are left over then. */
  function shadow(head: TraceJob): { time: number; extra: number } {
    let room = free;
    for (const { end } of running.toSorted((a, b) => a.end - b.end)) {
      room = free + running.filter((one) => one.end <= end).reduce((sum, one) => sum + one.processors, 0);
      if (room >= head.processors) return { time: end, extra: room - head.processors };
    }
    throw new Error("it never fits");
  }

  while (starts.size < trace.length) {
    now = Math.min(trace[arrived]?.submit ?? Infinity, ...running.map(({ end }) => end));
    for (; trace[arrived] !== undefined && trace[arrived]!.submit <= now; arrived += 1) queue.push(trace[arrived]!);
    running = running.filter(({ end }) => end > now);
    free = PROCESSORS - running.reduce((sum, { processors }) => sum + processors, 0);
    while (queue[0] !== undefined && queue[0].processors <= free) start(queue[0]);
    const [head, ...behind] = queue;
    if (head === undefined || !isBackfilling) continue;
    let { time, extra } = shadow(head);
    let looks = 0;
    for (const job of behind) {
      if (job.processors > free) continue;
      looks += 1;
      if (looks > LOOK_BEHIND) break;
      const isGone = now + job.run <= time;
      if (!isGone && job.processors > extra) continue;
      if (!isGone) extra -= job.processors;
      start(job);
    }
  }
  return starts;
}

/** The scheduler's core in virtual time: an environment of so many vCPU, attempts that begin at once and run as long as they are expected to. */
function scheduled(trace: readonly TraceJob[], isBackfilling: boolean): Starts {
  const world = new World({ vcpuMilli: PROCESSORS * 1000, memoryMiB: PROCESSORS }, false);
  world.apply({ kind: "environments", environments: [{ ...ENVIRONMENT, maxVcpuMilli: PROCESSORS * 1000 }] });
  world.apply({ kind: "queues", queues: [{ ...QUEUE, backfills: isBackfilling }] });
  const starts: Starts = new Map();
  const ends: { at: number; jobId: string }[] = [];
  const runs = new Map(trace.map(({ id, run }) => [id, run]));
  let arrived = 0;
  while (starts.size < trace.length) {
    const now = Math.min(trace[arrived]?.submit ?? Infinity, ends[0]?.at ?? Infinity);
    for (; trace[arrived] !== undefined && trace[arrived]!.submit <= now; arrived += 1) {
      world.apply({ kind: "job-admitted", job: toJob(trace[arrived]!, arrived + 1) });
    }
    while (ends[0] !== undefined && ends[0].at <= now) {
      const job = world.jobs.get(ends.shift()!.jobId)!;
      world.apply(jobChange(world, job, ended(job, { at: now * 1000, exitCode: 0 })));
    }
    for (let isPartial = true; isPartial;) {
      reconcile(world, now * 1000);
      const plan = schedule(world, now * 1000);
      isPartial = plan.isPartial;
      for (const { jobId } of plan.changes) {
        const job = world.jobs.get(jobId)!;
        assert.ok(activeAttempt(job.state));
        world.apply(jobChange(world, job, started(job, now * 1000)));
        starts.set(jobId, now);
        ends.push({ at: now + runs.get(jobId)!, jobId });
      }
    }
    ends.sort((a, b) => a.at - b.at);
  }
  return starts;
}

function toJob({ id, submit, run, processors }: TraceJob, seq: number): Job {
  const scheduling: Scheduling = {
    requirements: { vcpuMilli: processors * 1000, memoryMiB: 1, gpus: 0 },
    retry: { attempts: 1, evaluateOnExit: [] },
    dependsOn: [],
    needsImage: false,
    expectedSeconds: run,
  };
  return { id, seq, queueArn: QUEUE.arn, createdAt: submit * 1000, scheduling, state: initialState(scheduling) };
}

const trace = readTrace();

const fifo = scheduled(trace, false);
const backfill = scheduled(trace, true);

for (const [name, actual, isBackfilling] of [
  ["first come, first served", fifo, false],
  ["backfill", backfill, true],
] as const) {
  test(`${name}: every job of the trace starts when a straightforward scheduler starts it`, () => {
    assert.equal(trace.length, 10_000);
    const expected = naive(trace, isBackfilling);
    const different = trace.filter(({ id }) => actual.get(id) !== expected.get(id));
    assert.deepEqual(
      different.slice(0, 5).map(({ id }) => [id, actual.get(id), expected.get(id)]),
      [],
      `${different.length} jobs start at other times`,
    );
  });
}

test("with backfill the jobs of the trace wait less", () => {
  const waited = (starts: Starts): number => trace.reduce((sum, { id, submit }) => sum + starts.get(id)! - submit, 0);
  assert.ok(waited(backfill) < waited(fifo) / 2, `${waited(backfill)} s against ${waited(fifo)} s`);
});
