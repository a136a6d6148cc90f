import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { ListContainerInstancesCommand } from "@aws-sdk/client-ecs";
import { ecsClient, logsClient } from "../support/clients.ts";
import { describeJob, ended, logLines, untilStatus } from "../support/jobs.ts";
import type { OwnDockerd } from "../support/own-dockerd.ts";
import { ownDockerd, ownDockerdUnavailable } from "../support/own-dockerd.ts";
import { until } from "../support/until.ts";
import { attemptsOn, containerOf, hostBench, untilGo, untilGone } from "./host-bench.ts";

const unavailable = ownDockerdUnavailable();
/** A host that does not answer for so long is lost. */
const LOSS_SECONDS = 2;
const RETRY_HOSTS = {
  attempts: 3,
  evaluateOnExit: [
    { onStatusReason: "Host EC2*", action: "RETRY" as const },
    { onReason: "*", action: "EXIT" as const },
  ],
};

if (unavailable !== undefined) test("registered hosts", { skip: unavailable }, () => {});
else await hostTests();

async function hostTests(): Promise<void> {
  const [a, b] = await Promise.all([ownDockerd({ after }), ownDockerd({ after })]);
  const bench = await hostBench({ after }, a.image, { more: ["--host-loss", String(LOSS_SECONDS)] });

  async function untilSighted(name: string): Promise<void> {
    await until(`host ${name} is in sight`, async () => {
      const { sight, instanceId } = await bench.host(name);
      return sight === "in-sight" && instanceId !== undefined;
    });
  }

  test("hosts are registered after a look at their engines, with what these report", async () => {
    const add = (name: string, socketPath: string, environment = "machines") =>
      bench.cli("hosts", "add", name, `unix://${socketPath}`, "--environment", environment);
    const added = await add("a", a.socketPath);
    assert.equal(added.code, 0, added.stderr);
    const { NCPU, MemTotal, ServerVersion } = await a.docker.info();
    const memoryMiB = Math.floor(MemTotal / 2 ** 20);
    assert.equal(
      added.stdout,
      `Host a takes jobs of machines: ${NCPU} vCPU, ${memoryMiB} MiB, Docker ${ServerVersion}.\n`,
    );
    const twin = await add("twin", a.socketPath);
    assert.equal(twin.code, 3);
    assert.match(twin.stderr, /is that of host a of ComputeEnvironment machines: each can be registered once/);
    const managed = await add("b", b.socketPath, "default");
    assert.match(managed.stderr, /ComputeEnvironment default is MANAGED: hosts are for those that are UNMANAGED/);
    const silent = await add("silent", `${bench.directory}/no.sock`);
    assert.match(silent.stderr, /The container engine of host silent \(unix:.*\) cannot be used: connect ENOENT/);
    assert.equal((await add("b", b.socketPath)).code, 0);
    await Promise.all([untilSighted("a"), untilSighted("b")]);
  });

  test("jobs run on the hosts, as many as there is room for; each says where it is", async () => {
    const { NCPU } = await a.docker.info();
    const script = `echo on $AWS_BATCH_JOB_ID; ${untilGo("spread")}; exit 4`;
    const ids = await Promise.all([1, 2, 3].map(() => bench.submit(script, { vcpus: NCPU })));
    const running = await until("two jobs run", async () => {
      const jobs = await Promise.all(ids.map((id) => describeJob(bench.batch, id)));
      const some = jobs.filter(({ status }) => status === "RUNNING");
      return some.length === 2 && some;
    });
    const names = running.map(containerOf);
    assert.deepEqual((await Promise.all([a, b].map(({ docker }) => attemptsOn(docker)))).flat().sort(), names.sort());
    const instances = running.map(({ container }) => container!.containerInstanceArn!).sort();
    const cluster = instances[0]!.split("/")[1]!;
    const { containerInstanceArns } = await ecsClient({ after }, bench.server.url).send(
      new ListContainerInstancesCommand({ cluster }),
    );
    assert.deepEqual(containerInstanceArns!.sort(), instances);
    const listed = await bench.cli("hosts");
    assert.match(listed.stdout, /^a +machines +active +2 vCPU, \d+ MiB +2 vCPU, 64 MiB \(1 job\)/m);
    bench.go("spread");
    const over = await Promise.all(ids.map((id) => ended(bench.batch, id)));
    assert.deepEqual(
      over.map(({ container }) => container!.exitCode),
      [4, 4, 4],
    );
    const logs = logsClient({ after }, bench.server.url);
    for (const job of over) {
      assert.deepEqual(await logLines(logs, job.container!.logStreamName!, 1), [`on ${job.jobId}`]);
    }
    await Promise.all([untilGone("nothing is left on a", a.docker), untilGone("nothing is left on b", b.docker)]);
  });

  for (const { how, cut, restore } of [
    {
      how: "whose engine is killed",
      cut: (engine: OwnDockerd) => engine.kill(),
      restore: (engine: OwnDockerd) => engine.start(),
    },
    {
      how: "that is cut off",
      cut: async (engine: OwnDockerd) => engine.freeze(),
      restore: async (engine: OwnDockerd) => engine.thaw(),
    },
  ]) {
    test(`a host ${how} is lost: its job is retried on another one, and counts once`, async () => {
      const mark = how.replaceAll(" ", "-");
      const script = `${untilGo(`${mark}-$AWS_BATCH_JOB_ATTEMPT`)}; exit $((AWS_BATCH_JOB_ATTEMPT - 1))`;
      const job = await bench.submit(script, { retryStrategy: RETRY_HOSTS });
      const first = await untilStatus(bench.batch, job, "RUNNING");
      const isOnA = (await attemptsOn(a.docker)).includes(containerOf(first));
      const [lost, other] = isOnA ? [a, b] : [b, a];
      const name = isOnA ? "a" : "b";
      const before = (await bench.host(name)).instanceId;
      await cut(lost);
      const second = await until("the job runs again", async () => {
        const found = await describeJob(bench.batch, job);
        return found.attempts!.length === 2 && found.status === "RUNNING" && found;
      });
      assert.equal(second.attempts![0]!.statusReason, `Host EC2 (instance ${before}) terminated.`);
      assert.deepEqual(await attemptsOn(other.docker), [containerOf(second)]);
      assert.equal((await bench.host(name)).sight, "lost");
      // What nobody waits for any more ends well there meanwhile: it makes no second result.
      bench.go(`${mark}-1`);
      await restore(lost);
      await untilGone("the old container is gone", lost.docker);
      await untilSighted(name);
      assert.notEqual((await bench.host(name)).instanceId, before);
      bench.go(`${mark}-2`);
      const { status, attempts, container } = await ended(bench.batch, job);
      assert.deepEqual([status, attempts!.length, container!.exitCode], ["FAILED", 2, 1]);
      await untilGone("nothing is left", other.docker);
    });
  }

  test("a host that does not answer for a moment is not lost: its job goes on", async () => {
    const job = await bench.submit(untilGo("moment"));
    const { container } = await untilStatus(bench.batch, job, "RUNNING");
    const onA = (await bench.host("a")).jobs.includes(job);
    const [name, engine] = onA ? (["a", a] as const) : (["b", b] as const);
    engine.freeze();
    await until("it does not answer", async () => (await bench.host(name)).sight === "out-of-sight");
    engine.thaw();
    await untilSighted(name);
    bench.go("moment");
    const { status, attempts, container: after } = await ended(bench.batch, job);
    assert.deepEqual([status, attempts!.length, after!.taskArn], ["SUCCEEDED", 1, container!.taskArn]);
  });

  test("a server that is killed finds the job on its host again when it starts", async () => {
    const job = await bench.submit(`${untilGo("restart")}; exit 6`);
    const { container } = await untilStatus(bench.batch, job, "RUNNING");
    await bench.server.kill();
    await bench.server.start();
    await Promise.all([untilSighted("a"), untilSighted("b")]);
    assert.equal((await untilStatus(bench.batch, job, "RUNNING")).container!.taskArn, container!.taskArn);
    bench.go("restart");
    const { attempts, container: after } = await ended(bench.batch, job);
    assert.deepEqual([attempts!.length, after!.exitCode], [1, 6]);
  });

  test("whatever hosts and server suffer, each child of an array ends once, and nothing is left", async () => {
    const size = 14;
    // Each end is noted, also one that nobody waits for any more.
    const script = "sleep 1; echo $AWS_BATCH_JOB_ARRAY_INDEX >> /in/ends; exit 0";
    const retryStrategy = { ...RETRY_HOSTS, attempts: 10 };
    const array = await bench.submit(script, { arraySize: size, retryStrategy });
    const isLost = (name: string) => until(`${name} is lost`, async () => (await bench.host(name)).sight === "lost");
    await until("some have ended", async () => existsSync(`${bench.directory}/ends`));
    await a.kill();
    await bench.server.kill();
    await bench.server.start();
    await isLost("a");
    b.freeze();
    await a.start();
    await isLost("b");
    b.thaw();
    const { status, arrayProperties } = await ended(bench.batch, array);
    assert.deepEqual([status, arrayProperties!.statusSummary!["SUCCEEDED"]], ["SUCCEEDED", size]);
    const children = await Promise.all(
      Array.from({ length: size }, (_, index) => describeJob(bench.batch, `${array}:${index}`)),
    );
    let lost = 0;
    for (const { jobId, attempts, container } of children) {
      assert.equal(container!.exitCode, 0, jobId);
      for (const { statusReason } of attempts!.slice(0, -1)) {
        lost += 1;
        assert.match(statusReason!, /^Host EC2 \(instance i-.*\) terminated\.$/);
      }
    }
    assert.ok(lost > 0, "some were tried again");
    const noted = readFileSync(`${bench.directory}/ends`, "utf8").trim().split("\n");
    assert.equal(new Set(noted).size, size);
    await Promise.all([untilGone("nothing is left on a", a.docker), untilGone("nothing is left on b", b.docker)]);
    await Promise.all([untilSighted("a"), untilSighted("b")]);
  });

  test("a host that is drained takes no more jobs, and the command waits for those that it has", async () => {
    const jobs = await Promise.all([1, 2].map(() => bench.submit(untilGo("drain"), { vcpus: 2 })));
    await Promise.all(jobs.map((job) => untilStatus(bench.batch, job, "RUNNING")));
    let isDrained = false;
    const drained = bench.cli("hosts", "drain", "a").finally(() => (isDrained = true));
    await until("it is draining", async () => (await bench.host("a")).state === "draining");
    const later = await bench.submit("exit 0");
    const tooSoon = await bench.cli("hosts", "drain", "a", "--timeout", "1");
    assert.deepEqual([tooSoon.code, isDrained], [1, false]);
    assert.match(tooSoon.stderr, /Host a still has 1 job after/);
    bench.go("drain");
    const { code, stdout } = await drained;
    assert.deepEqual(
      [code, stdout],
      [0, "Host a is drained. It stays registered: add it again to give it jobs, or remove it.\n"],
    );
    await ended(bench.batch, later);
    assert.equal((await bench.host("a")).instanceId, undefined);
    const again = await bench.cli("hosts", "add", "a", `unix://${a.socketPath}`, "--environment", "machines", "--json");
    assert.equal(again.code, 0, again.stderr);
    await untilSighted("a");
  });

  test("a host is removed when no job runs there; by force its jobs end, and leave nothing", async () => {
    const jobs = await Promise.all(
      [1, 2].map(() =>
        bench.submit("trap 'exit 0' TERM; sleep 600 & wait", { vcpus: 2, retryStrategy: { attempts: 1 } }),
      ),
    );
    await Promise.all(jobs.map((job) => untilStatus(bench.batch, job, "RUNNING")));
    const [onA] = (await bench.host("a")).jobs;
    const { instanceId } = await bench.host("a");
    const refused = await bench.cli("hosts", "remove", "a");
    assert.deepEqual(
      [refused.code, refused.stderr.includes(`1 job runs on host a: ${onA!}.`)],
      [3, true],
      refused.stderr,
    );
    const removed = await bench.cli("hosts", "remove", "a", "--force");
    assert.deepEqual([removed.code, removed.stdout], [0, "Removed host a.\n"], removed.stderr);
    const { status, statusReason } = await ended(bench.batch, onA!);
    assert.deepEqual([status, statusReason], ["FAILED", `Host EC2 (instance ${instanceId}) terminated.`]);
    await untilGone("nothing is left on a", a.docker);
    assert.deepEqual(
      (await bench.hosts()).map(({ name }) => name),
      ["b"],
    );
    await bench.cli("hosts", "remove", "b", "--force");
    await untilGone("nothing is left on b", b.docker);
  });
}
