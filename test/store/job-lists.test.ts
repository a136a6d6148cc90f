import assert from "node:assert/strict";
import { JOB_STATUSES } from "../../src/core/job.ts";
import type { JobPlace, JobQuery, JobTable, NewJob } from "../../src/ports/store.ts";
import { Random } from "../sim/random.ts";
import { change, child, newJob, onEachEngine } from "./harness.ts";

const seed = Number(process.env["LONGSHORE_SEED"] ?? Date.now() % 1_000_000);

type Query = Omit<JobQuery, "limit" | "after">;
type Stored = NewJob & { readonly seq: number; readonly status: string };

const definition = (name: string, revision: number): string =>
  `arn:aws:batch:us-east-1:123456789012:job-definition/${name}:${revision}`;
const NAMES = ["alpha", "Alpha", "ALPHA-2", "alphabet", "al_ha", "beta", "b"];
const DEFINITIONS = [definition("work", 1), definition("work", 2), definition("Work", 1), definition("work2", 10)];

/** All that the database's answers are compared with. */
function naively(jobs: readonly Stored[], query: Query): Stored[] {
  const { status, name, definitionArn, definitionArnPrefix, createdBefore, createdAfter, shareIdentifier } = query;
  const isNamed = (job: Stored): boolean => {
    if (name === undefined) return true;
    const [has, wanted] = [job.name.toLowerCase(), name.toLowerCase()];
    return wanted.endsWith("*") ? has.startsWith(wanted.slice(0, -1)) : has === wanted;
  };
  return jobs
    .filter(
      (job) =>
        job.queueArn === "queue" &&
        isNamed(job) &&
        (status === undefined || job.status === status) &&
        (definitionArn === undefined || job.definitionArn === definitionArn) &&
        (definitionArnPrefix === undefined || job.definitionArn.startsWith(definitionArnPrefix)) &&
        (createdBefore === undefined || job.createdAt < createdBefore) &&
        (createdAfter === undefined || job.createdAt > createdAfter) &&
        (shareIdentifier === undefined || job.shareIdentifier === shareIdentifier),
    )
    .toSorted((a, b) => b.createdAt - a.createdAt || b.seq - a.seq);
}

async function page(jobs: JobTable, query: Query, limit: number, after?: JobPlace) {
  return jobs.list("queue", { ...query, limit, ...(after !== undefined && { after }) });
}

async function allPages(jobs: JobTable, query: Query, limit: () => number): Promise<string[]> {
  const ids: string[] = [];
  for (let place: JobPlace | undefined; ;) {
    const size = limit();
    const found = await page(jobs, query, size, place);
    ids.push(...found.map(({ job }) => job.id));
    if (found.length < size) return ids;
    place = JSON.parse(JSON.stringify(found.at(-1)!.place)) as JobPlace; // as a token carries it
  }
}

onEachEngine(
  `every list is what a plain look at all jobs gives, whatever the pages (seed ${seed})`,
  async (t, open) => {
    const random = new Random(seed);
    const { store } = await open(t);
    const epoch = await store.scheduling.lead();
    const jobs: Stored[] = [];
    for (let n = 1; n <= 400; n += 1) {
      const status = random.pick(JOB_STATUSES);
      const job = newJob(`job-${n}`, {
        name: random.pick(NAMES),
        definitionArn: random.pick(DEFINITIONS),
        createdAt: 1_000 + random.int(0, 60), // many at the same time, and out of order
        queueArn: random.pick(["queue", "queue", "queue", "other"]),
        ...(random.chance(0.3) && { shareIdentifier: random.pick(["red", "blue"]) }),
      });
      await store.jobs.insert(job);
      await store.scheduling.commit(epoch, [change(job.id, { status })]);
      jobs.push({ ...job, seq: n, status });
    }
    const queries: Query[] = [
      {},
      ...JOB_STATUSES.map((status) => ({ status })),
      ...["alpha", "ALPHA*", "al*", "al_*", "*", "b*", "none", "none*", "%", "a*b*"].map((name) => ({ name })),
      ...[...DEFINITIONS, definition("work", 3)].map((definitionArn) => ({ definitionArn })),
      ...["work:", "work", "Work", "wor", "", "x"].map((name) => ({
        definitionArnPrefix: definition(name, 0).replace(/:0$/, ""),
      })),
      ...[{ createdBefore: 1_030 }, { createdAfter: 1_030 }, { createdAfter: 1_010, createdBefore: 1_020 }],
      ...["red", "green"].flatMap((shareIdentifier) => [
        { shareIdentifier },
        { shareIdentifier, status: "FAILED" as const },
      ]),
    ];
    for (const query of queries) {
      const expected = naively(jobs, query).map(({ id }) => id);
      for (const limit of [() => 1_000, () => random.int(1, 30)]) {
        assert.deepEqual(await allPages(store.jobs, query, limit), expected, JSON.stringify(query));
      }
    }
  },
);

onEachEngine("children are in no list; a parent's place is its own", async (t, open) => {
  const { store } = await open(t);
  const epoch = await store.scheduling.lead();
  await store.jobs.insert(newJob("array", {}, { arraySize: 3 }));
  await store.jobs.insert(newJob("later"));
  await store.scheduling.commit(epoch, [child("array", 0, "RUNNING"), child("array", 1, "FAILED")]);
  assert.deepEqual(await allPages(store.jobs, {}, () => 1), ["later", "array"]);
  assert.deepEqual(await allPages(store.jobs, { name: "array*" }, () => 10), ["array"]);
});

for (const name of [undefined, "job*", "job-3"]) {
  onEachEngine(`what comes between two pages disturbs none of them: ${name ?? "all"}`, async (t, open) => {
    const { store } = await open(t);
    const insert = (id: string, createdAt: number) => store.jobs.insert(newJob(id, { name: "job-3", createdAt }));
    for (let n = 0; n < 6; n += 1) await insert(`${n}`, 1_000 + n);
    const query = name === undefined ? {} : { name };
    const first = await page(store.jobs, query, 3);
    await insert("new", 2_000);
    await store.jobs.insert(newJob("other", { name: "job-2", createdAt: 2_000 }));
    const second = await page(store.jobs, query, 10, first.at(-1)!.place);
    assert.deepEqual(
      [...first, ...second].map(({ job }) => job.id),
      ["5", "4", "3", "2", "1", "0"],
    );
  });
}

onEachEngine("many names are merged; very many are listed in portions of 250, every job once", async (t, open) => {
  const { store } = await open(t);
  const count = 640;
  const names = Array.from({ length: count }, (_, n) => `Job-${String((n * 7) % count).padStart(3, "0")}`);
  await Promise.all(names.map((name, n) => store.jobs.insert(newJob(`id-${n}`, { name, createdAt: 1_000 + n }))));
  const times = async (query: Query): Promise<number[]> => {
    const ids = await allPages(store.jobs, query, () => 101);
    return ids.map((id) => Number(id.slice("id-".length)));
  };
  const newestFirst = (a: number, b: number): number => b - a;
  const all = await times({ name: "job-*" });
  assert.equal(all.length, count);
  assert.equal(new Set(all).size, count);
  for (const [from, to] of [
    [0, 250],
    [250, 500],
    [500, 640],
  ] as const) {
    const portion = all.slice(from, to);
    assert.deepEqual(portion, portion.toSorted(newestFirst));
    assert.deepEqual(portion.map((n) => names[n]!).toSorted(), names.toSorted().slice(from, to));
  }
  const few = await times({ name: "job-0*" });
  assert.equal(few.length, 100);
  assert.deepEqual(few, few.toSorted(newestFirst));
});
