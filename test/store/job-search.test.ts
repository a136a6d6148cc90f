import assert from "node:assert/strict";
import type { JobState, JobStatus } from "../../src/core/job.ts";
import { JOB_STATUSES } from "../../src/core/job.ts";
import type { JobSearch, SearchPage, SearchPlace, StoredSearch } from "../../src/ports/job-search.ts";
import { TooManyQueues } from "../../src/ports/job-search.ts";
import type { JobRecord, NewJob } from "../../src/ports/store.ts";
import { Random } from "../sim/random.ts";
import { change, child, newJob, onEachEngine } from "./harness.ts";

const seed = Number(process.env["LONGSHORE_SEED"] ?? Date.now() % 1_000_000);

const QUEUE = "arn:aws:batch:us-east-1:123456789012:job-queue/";
const DEFINITION = "arn:aws:batch:us-east-1:123456789012:job-definition/";
const NAMES = ["alpha", "Alpha", "ALPHA-2", "alphabet", "al_ha", "beta", "b"];
const DEFINITIONS = ["work:1", "work:2", "work:10", "Work:1", "work2:1"];
const REASONS = ["Essential container in task exited", "Host EC2 (instance i-1) terminated.", "100% É_x"];

interface Stored extends NewJob {
  readonly seq: number;
  readonly state: JobState;
}

const EVERYTHING: StoredSearch = {
  ...{ queueArnPrefix: QUEUE, statuses: JOB_STATUSES, tags: [], arraysToo: false },
  ...{ created: {}, started: {}, stopped: {} },
};

function randomState(random: Random, createdAt: number): JobState {
  const status = random.pick(JOB_STATUSES);
  if (!["RUNNING", "SUCCEEDED", "FAILED"].includes(status)) return { status, attempts: [] };
  const startedAt = createdAt + random.int(0, 20);
  if (status === "RUNNING") return { status, startedAt, attempts: [] };
  const stoppedAt = startedAt + random.int(0, 20);
  const reason = random.pick(REASONS);
  const attempts = Array.from({ length: random.int(1, 2) }, (_, n) => ({
    ...{ id: `${createdAt}-${n}`, driver: "fake" as const, environmentArn: "e", startedAt, stoppedAt },
    ...(random.chance(0.8) && { exitCode: random.pick([0, 1, 137]) }),
    ...(random.chance(0.3) && { reason }),
  }));
  return { status, startedAt, stoppedAt, attempts, ...(random.chance(0.5) && { statusReason: reason }) };
}

function randomSearch(random: Random): StoredSearch {
  const some = <T>(chance: number, choices: readonly T[], most = 2): T[] | undefined =>
    random.chance(chance) ? Array.from({ length: random.int(1, most) }, () => random.pick(choices)) : undefined;
  const range = (chance: number) => {
    if (!random.chance(chance)) return {};
    const from = 1_000 + random.int(0, 80);
    return { ...(random.chance(0.6) && { from }), ...(random.chance(0.6) && { to: from + random.int(1, 60) }) };
  };
  const queues = some(0.4, ["a", "b", "gone"]);
  const definitions = some(0.3, ["work:1", "work:10", "work:", "wor", "nothing", "Work:"]);
  const shares = some(0.2, ["red", "blue", "none"]);
  const exitCodes = some(0.2, [0, 1, 137]);
  const name = random.chance(0.4) ? random.pick(["alpha", "al", "al_", "b", "pha", "%", "none", ""]) : undefined;
  return {
    ...EVERYTHING,
    ...(queues !== undefined && { queueArns: [...new Set(queues.map((one) => QUEUE + one))] }),
    statuses: [...new Set(some(0.4, JOB_STATUSES, 3) ?? JOB_STATUSES)],
    ...(name !== undefined && { name: { kind: random.pick(["exact", "prefix", "part"] as const), text: name } }),
    ...(definitions !== undefined && {
      definitions: definitions.map((one) => ({
        arn: DEFINITION + one,
        isPrefix: !/\d$/.test(one) || one === "work:1",
      })),
    }),
    ...(shares !== undefined && { shares: [...new Set(shares)] }),
    ...(random.chance(0.3) && {
      tags: [{ key: random.pick(["team", 'odd" $.key']), ...(random.chance(0.5) && { value: "1" }) }],
    }),
    ...{ created: range(0.3), started: range(0.2), stopped: range(0.2) },
    ...(exitCodes !== undefined && { exitCodes }),
    ...(random.chance(0.15) && { reason: random.pick(["host", "100% é", "container in", "zzz"]) }),
  };
}

/** All that the database's answers are compared with, said in another way than it is said there. */
function naively(jobs: readonly Stored[], search: StoredSearch): Stored[] {
  const within = ({ from, to }: { from?: number; to?: number }, time: number | undefined): boolean =>
    (from === undefined && to === undefined) ||
    (time !== undefined && (from === undefined || from <= time) && (to === undefined || time < to));
  return jobs.filter((job) => {
    const { state } = job;
    const last = state.attempts[state.attempts.length - 1];
    const name = job.name.toLowerCase();
    const { name: wanted, definitions, shares, exitCodes, reason, queueArns } = search;
    return [
      queueArns === undefined ? job.queueArn.startsWith(QUEUE) : queueArns.includes(job.queueArn),
      search.statuses.some((status) => status === state.status),
      wanted === undefined ||
        { exact: name === wanted.text, prefix: name.indexOf(wanted.text) === 0, part: name.includes(wanted.text) }[
          wanted.kind
        ],
      definitions === undefined ||
        definitions.some(({ arn, isPrefix }) =>
          isPrefix ? job.definitionArn.startsWith(arn) : job.definitionArn === arn,
        ),
      shares === undefined || shares.includes(job.shareIdentifier ?? "\0"),
      search.tags.every(
        ({ key, value }) => key in job.spec.tags && (value ?? job.spec.tags[key]) === job.spec.tags[key],
      ),
      within(search.created, job.createdAt) && within(search.started, state.startedAt),
      within(search.stopped, state.stoppedAt),
      exitCodes === undefined || exitCodes.some((code) => code === last?.exitCode),
      reason === undefined || `${state.statusReason ?? ""}\n${last?.reason ?? ""}`.toLowerCase().includes(reason),
    ].every(Boolean);
  });
}

const inOrder = (jobs: readonly Stored[], order: SearchPage["order"]): string[] =>
  jobs
    .toSorted((a, b) => (order === "newest" ? -1 : 1) * (a.createdAt - b.createdAt || a.seq - b.seq))
    .map(({ id }) => id);

async function allPages(
  jobs: JobSearch<JobRecord>,
  search: StoredSearch,
  page: Pick<SearchPage, "order" | "isOver"> & { limit: () => number },
): Promise<string[]> {
  const ids: string[] = [];
  for (let after: SearchPlace | undefined; ;) {
    const limit = page.limit();
    const result = await jobs.find(search, { ...page, limit, ...(after !== undefined && { after }) });
    ids.push(...result.found.map(({ job }) => job.id));
    if (result.lookedTo === undefined) return ids;
    assert.notDeepEqual(result.lookedTo, after, "each request gets on");
    after = JSON.parse(JSON.stringify(result.found.length === limit ? result.found.at(-1)!.place : result.lookedTo));
  }
}

onEachEngine(
  `every search is what a plain look at all jobs gives, whole, in pages and in parts (seed ${seed})`,
  async (t, open) => {
    const random = new Random(seed);
    const { store, database } = await open(t);
    const epoch = await store.scheduling.lead();
    const jobs: Stored[] = [];
    for (let n = 1; n <= 300; n += 1) {
      const createdAt = 1_000 + random.int(0, 60);
      const job = newJob(`job-${n}`, {
        name: random.pick(NAMES),
        definitionArn: DEFINITION + random.pick(DEFINITIONS),
        createdAt,
        queueArn: random.chance(0.1)
          ? "arn:aws:batch:us-east-1:999999999999:job-queue/a"
          : QUEUE + random.pick(["a", "b"]),
        ...(random.chance(0.3) && { shareIdentifier: random.pick(["red", "blue"]) }),
      });
      const tags: Record<string, string> = {
        ...(random.chance(0.4) && { team: random.pick(["1", "2"]) }),
        ...(random.chance(0.2) && { 'odd" $.key': "1" }),
      };
      const withTags = { ...job, spec: { ...job.spec, tags } };
      const state = randomState(random, createdAt);
      await store.jobs.insert(withTags);
      await store.scheduling.commit(epoch, [change(job.id, state)]);
      jobs.push({ ...withTags, seq: n, state });
    }
    // There each statement takes longer.
    const rounds = database.dialect.engine === "SQLite" ? 60 : 8;
    for (let round = 0; round < rounds; round += 1) {
      const search = randomSearch(random);
      const order = random.pick(["newest", "oldest"] as const);
      const expected = inOrder(naively(jobs, search), order);
      for (const limit of [() => 1_000, () => random.int(1, 30)]) {
        const whole = await allPages(store.jobSearch, search, { order, limit, isOver: () => false });
        assert.deepEqual(whole, expected, JSON.stringify(search));
      }
      const inParts = await allPages(store.jobSearch, search, { order, limit: () => 50, isOver: () => true });
      assert.deepEqual(inParts, expected, JSON.stringify(search));
    }
    const counted = await store.jobSearch.counts(EVERYTHING, 1_000);
    const ours = jobs.filter(({ queueArn }) => queueArn.startsWith(QUEUE));
    const count = (status: JobStatus): number => ours.filter(({ state }) => state.status === status).length;
    assert.deepEqual(
      counted,
      JOB_STATUSES.map((status) => ({ status, count: count(status) })),
    );
    const [first] = await store.jobSearch.counts({ ...EVERYTHING, queueArns: [`${QUEUE}a`] }, 2);
    assert.deepEqual(first, { status: "SUBMITTED", count: 2, isMore: true });
  },
);

onEachEngine(
  "service jobs and children are not found; arrays are where their children are asked for",
  async (t, open) => {
    const { store } = await open(t);
    const epoch = await store.scheduling.lead();
    const queueArn = `${QUEUE}a`;
    await store.jobs.insert(newJob("array", { queueArn }, { arraySize: 3 }));
    await store.jobs.insert(
      newJob("service", { queueArn }, { service: { type: "SAGEMAKER_TRAINING", trainingJobName: "x" } }),
    );
    await store.jobs.insert(newJob("single", { queueArn }));
    await store.scheduling.commit(epoch, [child("array", 0, "FAILED")]);
    const page = { order: "newest", limit: 10, isOver: () => false } as const;
    const ids = async (search: Partial<StoredSearch>) =>
      (await store.jobSearch.find({ ...EVERYTHING, ...search }, page)).found.map(
        ({ job, isMatch }) => `${job.id} ${isMatch}`,
      );
    assert.deepEqual(await ids({}), ["single true", "array true"]);
    assert.deepEqual(await ids({ statuses: ["FAILED"] }), []);
    assert.deepEqual(await ids({ statuses: ["FAILED"], arraysToo: true }), ["array false"]);
  },
);

onEachEngine("many names are found by whatever index is best, and many queues are too many", async (t, open) => {
  const { store, database } = await open(t);
  await store.jobs.insert(newJob("first", { queueArn: `${QUEUE}a` }));
  await database.write([
    {
      sql: `INSERT INTO jobs (id, scope, queue_arn, name, definition_arn, created_at, scheduling, spec, status, state)
       SELECT 'job-' || n.value, scope, queue_arn || (CAST(n.value AS BIGINT) % 2), 'Name-' || n.value, definition_arn,
         CAST(n.value AS BIGINT), scheduling, spec, CASE CAST(n.value AS BIGINT) % 10 WHEN 0 THEN 'FAILED' ELSE 'SUCCEEDED' END, state
       FROM json_each(?) n, jobs WHERE jobs.id = 'first'`,
      values: [JSON.stringify(Array.from({ length: 5_500 }, (_, n) => n))],
    },
  ]);
  const all = async (search: Partial<StoredSearch>, order: SearchPage["order"] = "newest") =>
    allPages(store.jobSearch, { ...EVERYTHING, ...search }, { order, limit: () => 700, isOver: () => false });
  const few = await all({ name: { kind: "prefix", text: "name-12" } });
  assert.equal(few.length, 111);
  assert.deepEqual(few.slice(0, 2), ["job-1299", "job-1298"]);
  const many = await all({ name: { kind: "prefix", text: "name-" }, statuses: ["FAILED"] }, "oldest");
  assert.equal(many.length, 550);
  assert.deepEqual(many.slice(0, 3), ["job-0", "job-10", "job-20"]);
  assert.equal((await all({ name: { kind: "part", text: "e-499" } })).length, 11);
  await database.write([
    {
      sql: `INSERT INTO jobs (id, scope, queue_arn, name, definition_arn, created_at, scheduling, spec, status, state)
       SELECT 'queue-' || n.value, scope, queue_arn || 'x' || n.value, name, definition_arn, CAST(1 AS BIGINT), scheduling, spec, status, state
       FROM json_each(?) n, jobs WHERE jobs.id = 'first'`,
      values: [JSON.stringify(Array.from({ length: 1_000 }, (_, n) => n))],
    },
  ]);
  await assert.rejects(all({}), TooManyQueues);
});
