import assert from "node:assert/strict";
import type { AttemptUse } from "../../src/core/cost/attempt-use.ts";
import type { UseTotals } from "../../src/core/cost/totals.ts";
import { NO_USE, sumOfTotals, totalsOf } from "../../src/core/cost/totals.ts";
import type { UseQuery } from "../../src/ports/attempt-uses.ts";
import { TooManyGroups } from "../../src/ports/attempt-uses.ts";
import { attemptUseTable } from "../../src/store/jobs/attempt-uses.ts";
import { Random } from "../sim/random.ts";
import type { OpenEngine } from "./harness.ts";
import { change, DEFINITION, newJob, onEachEngine } from "./harness.ts";

const seed = Number(process.env["LONGSHORE_SEED"] ?? Date.now() % 1_000_000);

const PREFIX = "arn:aws:batch:us-east-1:123456789012:job-queue/";
const QUEUES = [`${PREFIX}a`, `${PREFIX}b`, "arn:aws:batch:us-east-1:999999999999:job-queue/a"];
const ALL: UseQuery = { by: { kind: "queue" }, queueArnPrefix: PREFIX, except: [] };

function randomUse(random: Random, n: number, jobSeq: number, index: number | undefined): AttemptUse {
  const startedAt = random.chance(0.1) ? undefined : 1_000_000 + random.int(0, 50_000);
  return {
    ...{ attemptId: `${n}`.padStart(32, "0"), jobId: `job-${jobSeq}`, jobSeq },
    ...(index !== undefined && { index }),
    queueArn: random.pick(QUEUES),
    environmentArn: random.pick(["x", "y"]),
    share: random.pick(["", "red", "blue"]),
    ...(startedAt !== undefined && { startedAt }),
    // Many at the same time.
    stoppedAt: (startedAt ?? 1_050_000) + random.int(0, 20) * 1_000,
    requirements: { vcpuMilli: random.int(1, 16) * 250, memoryMiB: random.int(4, 4096), gpus: random.int(0, 2) },
    ...(random.chance(0.7) && { usage: { cpuMs: random.int(0, 90_000), peakMemoryMiB: random.int(1, 4096) } }),
    ...(random.chance(0.8) && { nanoUsd: random.int(0, 1e12) }),
  };
}

/** 60 jobs, every third one an array, some with a tag; 500 attempts. */
async function filled({ store, database }: OpenEngine, random: Random) {
  const epoch = await store.scheduling.lead();
  const tags = new Map<number, string>();
  for (let seq = 1; seq <= 60; seq += 1) {
    const team = random.pick(["", "a'b", '"c"', "d"]);
    tags.set(seq, team);
    const { spec } = newJob("x");
    await store.jobs.insert(newJob(`job-${seq}`, { spec: { ...spec, tags: team === "" ? {} : { 'te"am.x': team } } }));
  }
  const uses = Array.from({ length: 500 }, (_, n) => {
    const jobSeq = random.int(1, 60);
    return randomUse(random, n, jobSeq, jobSeq % 3 === 0 ? random.int(0, 4) : undefined);
  });
  for (const use of uses) {
    await store.scheduling.commit(epoch, [{ ...change(use.jobId, { status: "SUCCEEDED" }), uses: [use] }]);
  }
  return { store, database, uses, tags };
}

onEachEngine(
  `roll-ups are the sums of their attempts, whatever the grouping, the filters and the pages (seed ${seed})`,
  async (t, open) => {
    const random = new Random(seed);
    const { database, uses, tags } = await filled(await open(t), random);
    const keys: Record<UseQuery["by"]["kind"], (use: AttemptUse) => string> = {
      queue: ({ queueArn }) => queueArn,
      environment: ({ environmentArn }) => environmentArn,
      share: ({ share }) => share,
      array: ({ jobSeq }) => `${jobSeq}`,
      job: ({ jobSeq, index }) => (index === undefined ? `${jobSeq}` : `${jobSeq}:${index}`),
      tag: ({ jobSeq }) => tags.get(jobSeq)!,
      size: ({ requirements: { vcpuMilli, memoryMiB } }) => `${DEFINITION} ${vcpuMilli} ${memoryMiB}`,
    };
    const filters: Partial<UseQuery>[] = [
      {},
      { from: 1_020_000 },
      { from: 1_010_000, to: 1_040_000 },
      { queueArn: QUEUES[1]! },
      { queueArn: QUEUES[2]! },
      { environmentArn: "x", share: "" },
      { isMeasured: true },
      { job: { seq: 3 } },
      { job: { seq: 3, index: 2 } },
      { except: uses.slice(0, 100).map(({ attemptId }) => attemptId) },
    ];
    for (const kind of Object.keys(keys) as (keyof typeof keys)[]) {
      const by: UseQuery["by"] = kind === "tag" ? { kind, key: 'te"am.x' } : { kind };
      for (const filter of filters) {
        const query = { ...ALL, ...filter, by };
        const expected = naively(uses, query, keys[kind]);
        for (const page of [1, random.int(2, 90), 10_000]) {
          const found = await attemptUseTable(database, { page, groups: 1_000 }).totals(query);
          assert.deepEqual(sorted(found), sorted(expected), `${JSON.stringify(query)}, pages of ${page}`);
        }
      }
    }
  },
);

function naively(uses: readonly AttemptUse[], query: UseQuery, keyOf: (use: AttemptUse) => string) {
  const { queueArnPrefix, from = 0, to = Infinity, queueArn, environmentArn, share, job, isMeasured, except } = query;
  const totals = new Map<string, UseTotals>();
  for (const use of uses) {
    const counts =
      use.queueArn.startsWith(queueArnPrefix) &&
      use.stoppedAt >= from &&
      use.stoppedAt < to &&
      (queueArn ?? use.queueArn) === use.queueArn &&
      (environmentArn ?? use.environmentArn) === use.environmentArn &&
      (share ?? use.share) === use.share &&
      (job?.seq ?? use.jobSeq) === use.jobSeq &&
      (job?.index ?? use.index) === use.index &&
      (isMeasured !== true || use.usage !== undefined) &&
      !except.includes(use.attemptId);
    if (counts) totals.set(keyOf(use), sumOfTotals(totals.get(keyOf(use)) ?? NO_USE, totalsOf(use)));
  }
  return totals;
}

/** Sums of so few are whole numbers, and exact. */
function sorted(totals: ReadonlyMap<string, UseTotals>): [string, UseTotals][] {
  return [...totals].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

onEachEngine("an attempt is found by its end and its id; one that is told twice counts once", async (t, open) => {
  const { store, uses } = await filled(await open(t), new Random(seed));
  const use = uses.find(({ usage, nanoUsd }) => usage !== undefined && nanoUsd !== undefined);
  const epoch = await store.scheduling.lead();
  await store.scheduling.commit(epoch, [{ ...change(use!.jobId, {}), uses: [use!] }]);
  const found = await store.uses.ofAttempts([{ id: use!.attemptId, stoppedAt: use!.stoppedAt }]);
  const { usage, nanoUsd, requirements } = use!;
  assert.deepEqual([...found], [[use!.attemptId, { ...requirements, usage, nanoUsd }]]);
  const totals = await store.uses.totals({ ...ALL, queueArnPrefix: "" });
  assert.equal([...totals.values()].reduce(sumOfTotals).attempts, uses.length);
});

onEachEngine("more groups than anybody reads are refused", async (t, open) => {
  const { database } = await filled(await open(t), new Random(seed));
  const table = attemptUseTable(database, { page: 100, groups: 20 });
  await assert.rejects(table.totals({ ...ALL, by: { kind: "job" } }), new TooManyGroups(20));
  assert.ok((await table.totals(ALL)).size > 0);
});
