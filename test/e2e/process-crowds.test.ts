import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import { TerminateJobsCommand, UpdateComputeEnvironmentCommand } from "@aws-sdk/client-batch";
import { cgroupFolders } from "../support/cgroup-folders.ts";
import { batchClient } from "../support/clients.ts";
import { allEnded, describeJob, ended, submit, submitScript } from "../support/jobs.ts";
import { parentOf, processesOf, processesWith } from "../support/leftovers.ts";
import { until } from "../support/until.ts";
import { spawnServer } from "./server.ts";
import type { ServerProcess } from "./server.ts";

const CROWD = 1000;
/** The most jobs that TerminateJobs takes. */
const AT_A_TIME = 50;
/** What programs leave behind sleeps for so long: a number of seconds that nobody else has. */
const LONG = `600.${process.pid}`;
/** Shells that the server keeps for the next jobs. */
const WAITING_SHELLS_MAX = 16;
const skip =
  process.getuid?.() === 0 ? false : "only root has control groups everywhere: without, a process that hides gets away";

const requirements = (memoryMiB: number) => ({
  resourceRequirements: [
    { type: "VCPU" as const, value: "1" },
    { type: "MEMORY" as const, value: String(memoryMiB) },
  ],
});

/** Nothing but the server, its shells for the next jobs and their control groups: all of them few. */
async function untilNothingIsLeft({ dataDir, pid }: ServerProcess): Promise<void> {
  const attempts = join(dataDir, "attempts");
  const { dev, ino } = statSync(attempts);
  await until("the directories of all attempts are gone", () =>
    readdirSync(attempts).every((name) => /\.run$|^spare-\d+$/.test(name)),
  );
  const groups = cgroupFolders(`${dev.toString(16)}-${ino.toString(16)}-`);
  assert.deepEqual(
    groups.filter((folder) => !/-spare-\d+$/.test(folder)),
    [],
  );
  assert.deepEqual(processesWith(LONG), []);
  await until("only shells that wait for work are left, and those that have started them", () => {
    const shells = processesOf(dataDir).filter((one) => one !== pid);
    const leaders = new Set(shells.map(parentOf));
    return shells.filter((one) => !leaders.has(one)).length <= WAITING_SHELLS_MAX;
  });
}

/** Nothing at all. */
async function stopped(server: ServerProcess): Promise<void> {
  const attempts = join(server.dataDir, "attempts");
  const { dev, ino } = statSync(attempts);
  assert.equal(server.stderr, "");
  assert.equal(await server.stop(), 0);
  await until("its shells have ended", () => processesOf(server.dataDir).length === 0);
  assert.deepEqual([readdirSync(attempts), cgroupFolders(`${dev.toString(16)}-${ino.toString(16)}-`)], [[], []]);
}

async function untilRunning(batch: BatchClient, jobId: string, count: number): Promise<void> {
  await until(`${count} run`, async () => {
    const { arrayProperties } = await describeJob(batch, jobId);
    return arrayProperties?.statusSummary?.["RUNNING"] === count;
  });
}

test(`${CROWD} running jobs that are terminated at once end, and leave nothing`, async (t) => {
  const server = await spawnServer(t, { vcpus: CROWD });
  const batch = batchClient(t, server.url);
  await batch.send(
    new UpdateComputeEnvironmentCommand({ computeEnvironment: "default", computeResources: { maxvCpus: CROWD } }),
  );
  const arrayProperties = { size: CROWD };
  const parent = await submit(batch, ["sleep", LONG], { arrayProperties, containerOverrides: requirements(16) });
  await untilRunning(batch, parent, CROWD);
  assert.equal(processesWith(LONG).length, CROWD);
  const ids = Array.from({ length: CROWD }, (_, index) => `${parent}:${index}`);
  const portions = Array.from({ length: CROWD / AT_A_TIME }, (_, at) =>
    ids.slice(at * AT_A_TIME, (at + 1) * AT_A_TIME),
  );
  await Promise.all(portions.map((jobs) => batch.send(new TerminateJobsCommand({ jobs, reason: "all of you" }))));
  const job = await ended(batch, parent);
  assert.equal(job.arrayProperties?.statusSummary?.["FAILED"], CROWD);
  await untilNothingIsLeft(server);
  await stopped(server);
});

/** How a child ends, by its index. Each but the last ones leaves something behind that would go on for ten minutes. */
const ENDS = `
case $((AWS_BATCH_JOB_ARRAY_INDEX % 8)) in
  0) sleep ${LONG} & exit 0 ;;
  1) setsid sleep ${LONG} & exit 3 ;;
  2) setsid sleep ${LONG} & kill -9 $$ ;;
  3) (setsid env -i sh -c 'cd /; sleep ${LONG} & exit 0' < /dev/null > /dev/null 2>&1 &); exit 0 ;;
  4) setsid sleep ${LONG} & head -c 60000000 /dev/zero | tail -c 60000000 > /dev/null; exit 1 ;;
  5) mkdir -p a/b; echo x > a/b/c; ln -s / root; chmod 0 a; exit 0 ;;
  6) trap '' TERM; exit 0 ;;
  7) exec true ;;
esac`;

test(
  `${CROWD} jobs that end in all ways, with a server that is killed meanwhile, leave nothing`,
  { skip },
  async (t) => {
    const server = await spawnServer(t, { vcpus: 48 });
    let batch = batchClient(t, server.url);
    const late = { timeout: { attemptDurationSeconds: 60 }, containerOverrides: requirements(16) };
    const children = (size: number) => ({ arrayProperties: { size } });
    const timedOut = await submitScript(batch, `setsid sleep ${LONG} & sleep ${LONG}`, { ...late, ...children(8) });
    const mixed = await submitScript(batch, ENDS, { containerOverrides: requirements(24), ...children(CROWD) });
    await untilRunning(batch, timedOut, 8);
    await until("a third is over", async () => {
      const { SUCCEEDED = 0, FAILED = 0 } = (await describeJob(batch, mixed)).arrayProperties?.statusSummary ?? {};
      return SUCCEEDED + FAILED >= CROWD / 3;
    });
    await server.kill();
    await server.start(61_000);
    batch = batchClient(t, server.url);
    const [overdue, all] = await allEnded(batch, [timedOut, mixed]);
    assert.equal(overdue!.arrayProperties?.statusSummary?.["FAILED"], 8);
    const { SUCCEEDED, FAILED } = all!.arrayProperties!.statusSummary!;
    assert.deepEqual([SUCCEEDED, FAILED], [(CROWD * 5) / 8, (CROWD * 3) / 8]);
    assert.match((await describeJob(batch, `${mixed}:4`)).container?.reason ?? "", /^OutOfMemoryError/);
    await untilNothingIsLeft(server);
    await stopped(server);
  },
);
