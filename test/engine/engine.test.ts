import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { attemptId } from "../../src/core/ids.ts";
import { StaleEpoch } from "../../src/ports/store.ts";
import type { BenchOptions } from "../support/engine-bench.ts";
import { ENVIRONMENT, EngineBench, QUEUE } from "../support/engine-bench.ts";

async function open(t: TestContext, options?: BenchOptions): Promise<EngineBench> {
  const bench = await EngineBench.open(options);
  t.after(() => bench.close());
  return bench;
}

test("a job runs, and its attempt is forgotten once its end is committed", async (t) => {
  const bench = await open(t);
  await bench.submit("a", { log: { group: "/aws/batch/job", prefix: "work" } });
  assert.equal((await bench.state("a")).status, "STARTING");
  await bench.advance(100);
  assert.equal((await bench.state("a")).status, "RUNNING");
  await bench.advance(1_000);
  const state = await bench.state("a");
  assert.equal(state.status, "SUCCEEDED");
  assert.equal(state.statusReason, "Essential container in task exited");
  assert.equal(state.stoppedAt! - state.startedAt!, 1_000);
  assert.equal(state.attempts[0]?.logStreamName, `work/default/${attemptId({ id: "a", seq: 1 }, 1)}`);
  assert.deepEqual([...bench.machine.attempts()], []);
  assert.deepEqual(bench.errors, []);
});

test("a nudge right after another one's tick is heard", async (t) => {
  const bench = await open(t);
  await bench.server.engine.nudge();
  // The continuation runs between the loop's last look and its end: a wake-up there used to be lost.
  await bench.server.engine.nudge();
  await bench.server.engine.nudge();
});

test("a job that is stopped between the commit and the start of its attempt, with a crash in between, ends", async (t) => {
  const bench = await open(t);
  bench.faults = [{ call: "commit", fault: "crash-after" }];
  await bench.submit("a");
  await bench.requestStop("a", { kind: "terminate", reason: "not any more" });
  await bench.start();
  await bench.tick();
  const { status, statusReason } = await bench.state("a");
  assert.deepEqual([status, statusReason], ["FAILED", "not any more"]);
  assert.deepEqual(bench.claimed, []);
});

test("a job that is stopped after a commit of unknown outcome, before its attempt began, ends", async (t) => {
  const bench = await open(t);
  bench.faults = [{ call: "commit", fault: "fails-after" }];
  await bench.submit("a");
  await bench.requestStop("a", { kind: "terminate", reason: "not any more" });
  bench.faults = [{ call: "commit", fault: "fails-after" }];
  await bench.tick();
  await bench.tick();
  await bench.tick();
  assert.equal((await bench.state("a")).status, "FAILED");
});

test("an attempt that ended after the inventory which did not show it is not started again", async (t) => {
  const bench = await open(t, { behaviour: { startDelayMs: 0, runMs: 0 } });
  await bench.insert("a");
  // The inventory lies before the engine while the attempt begins and ends: one tick sees both.
  bench.faults = [{ call: "commit", fault: "none" }];
  await bench.tick();
  bench.machine.report({ kind: "inventory", attemptIds: [] });
  bench.clock.advance(0);
  await bench.tick();
  await bench.tick();
  assert.equal((await bench.state("a")).status, "SUCCEEDED");
  assert.deepEqual(bench.claimed, [attemptId({ id: "a", seq: 1 }, 1)]);
});

test("what appears of an attempt that nobody wants any more is forgotten; what somebody wants is not", async (t) => {
  const bench = await open(t);
  const forgotten: string[] = [];
  const forget = bench.machine.forget.bind(bench.machine);
  bench.machine.forget = (attemptId) => {
    forgotten.push(attemptId);
    forget(attemptId);
  };
  await bench.submit("a");
  const [wanted] = bench.claimed;
  for (const attemptId of [wanted!, "f".repeat(32)]) bench.machine.report({ kind: "made", attemptId });
  await bench.tick();
  assert.deepEqual(forgotten, ["f".repeat(32)]);
});

test("a commit that fails, happened or not, changes nothing in the end", async (t) => {
  for (const fault of ["fails", "fails-after"] as const) {
    const bench = await open(t);
    bench.faults = [{ call: "commit", fault }];
    await bench.submit("a");
    await bench.advance(10_000);
    assert.equal((await bench.state("a")).status, "SUCCEEDED");
    assert.equal(bench.claimed.length, 1);
  }
});

test("after a failed tick the engine tries again by itself, ever more slowly", async (t) => {
  const bench = await open(t);
  bench.faults = Array.from({ length: 3 }, () => ({ call: "commit", fault: "fails" as const }));
  const before = bench.clock.now();
  await bench.submit("a");
  const delays: number[] = [];
  while (bench.faults.length > 0) {
    delays.push(bench.clock.nextTimerAt()! - bench.clock.now());
    const left = bench.faults.length;
    bench.clock.advance(delays.at(-1)!);
    while (bench.faults.length === left) await new Promise((resolve) => void setImmediate(resolve));
    await new Promise((resolve) => void setImmediate(resolve));
  }
  assert.deepEqual(delays, [100, 200]);
  assert.equal(bench.clock.now() - before, 300);
});

test("jobs outlive the server: what runs is adopted, what ended meanwhile has its end", async (t) => {
  const bench = await open(t, { behaviour: { runMs: 10_000 } });
  await bench.submit("short");
  await bench.advance(5_000);
  await bench.submit("long");
  bench.server.crash();
  bench.clock.advance(8_000);
  await bench.start();
  await bench.tick();
  const short = await bench.state("short");
  assert.equal(short.status, "SUCCEEDED");
  assert.equal(short.stoppedAt! - short.startedAt!, 10_000, "the times are the driver's");
  assert.equal((await bench.state("long")).status, "RUNNING");
  await bench.advance(10_000);
  assert.equal((await bench.state("long")).status, "SUCCEEDED");
  assert.equal(bench.claimed.length, 2);
});

test("a timeout ends the attempt for good, also after a restart", async (t) => {
  const bench = await open(t, { behaviour: { runMs: 1_000_000, termMs: 1_000 } });
  await bench.submit("a", { timeoutSeconds: 60, retry: { attempts: 3, evaluateOnExit: [] } });
  await bench.advance(30_000);
  bench.server.crash();
  bench.clock.advance(45_000);
  await bench.start();
  await bench.advance(1_000);
  const { status, statusReason, attempts } = await bench.state("a");
  assert.deepEqual([status, statusReason], ["FAILED", "Job attempt duration exceeded timeout"]);
  assert.deepEqual(
    attempts.map(({ exitCode }) => exitCode),
    [143],
  );
});

test("a program that ignores SIGTERM is killed after 30 seconds, by a server that was started since, too", async (t) => {
  const bench = await open(t, { behaviour: { runMs: 1_000_000, termMs: 1_000_000 } });
  await bench.submit("a");
  await bench.advance(1_000);
  await bench.requestStop("a", { kind: "terminate", reason: "enough" });
  await bench.tick();
  assert.equal((await bench.state("a")).isTerminated, true);
  bench.server.crash();
  await bench.start();
  await bench.advance(29_999);
  assert.equal((await bench.state("a")).status, "RUNNING");
  await bench.advance(1);
  const { status, statusReason, attempts } = await bench.state("a");
  assert.deepEqual([status, statusReason, attempts[0]?.exitCode], ["FAILED", "enough", 137]);
});

test("who has lost the lead commits nothing and stops; those who wait are told", async (t) => {
  const bench = await open(t);
  await bench.store.scheduling.lead();
  const nudges = [bench.submit("a"), bench.server.engine.nudge()];
  await Promise.all(nudges);
  await bench.server.engine.nudge();
  assert.equal((await bench.state("a")).status, "RUNNABLE");
  assert.match(bench.errors.join(), /another server leads/);
  await assert.rejects(bench.store.scheduling.commit(1, []), StaleEpoch);
});

test("an engine that was stopped leaves no timer behind", async (t) => {
  const bench = await open(t, { behaviour: { runMs: 100_000 } });
  await bench.submit("a", { timeoutSeconds: 60 });
  await bench.advance(100);
  const ticking = bench.server.engine.nudge();
  await bench.server.engine.stop();
  await ticking;
  bench.clock.advance(200_000);
  await bench.server.engine.nudge();
  assert.equal((await bench.state("a")).status, "RUNNING");
});

test("a queue that is deleted fails its jobs and is gone with the last one", async (t) => {
  const bench = await open(t);
  await bench.submit("runs");
  await bench.submit("waits", { requirements: { vcpuMilli: 4000, memoryMiB: 512, gpus: 0 } });
  await bench.submit("array", { arraySize: 3 });
  const queue = (await bench.store.queues.get(QUEUE))!;
  await bench.store.queues.update(queue, { ...queue, status: "DELETING" });
  await bench.server.engine.nudgeResources();
  assert.equal((await bench.state("waits")).statusReason, "JobQueue deleted");
  await bench.server.engine.nudgeResources();
  for (const id of ["runs", "waits", "array", "array:1"]) {
    const { status, statusReason } = await bench.state(id);
    assert.deepEqual([id, status, statusReason], [id, "FAILED", "JobQueue deleted"]);
  }
  assert.equal(await bench.store.queues.get(QUEUE), undefined);
});

test("a queue whose jobs only wait is gone with the tick that fails them", async (t) => {
  const bench = await open(t);
  await bench.submit("waits", { requirements: { vcpuMilli: 64_000, memoryMiB: 512, gpus: 0 } });
  await bench.submit("array", { requirements: { vcpuMilli: 64_000, memoryMiB: 512, gpus: 0 }, arraySize: 2 });
  const queue = (await bench.store.queues.get(QUEUE))!;
  await bench.store.queues.update(queue, { ...queue, status: "DELETING" });
  await bench.server.engine.nudgeResources();
  assert.equal((await bench.state("array")).statusReason, "JobQueue deleted");
  assert.equal(await bench.store.queues.get(QUEUE), undefined);
});

test("an environment that is deleted goes when its last attempt is over", async (t) => {
  const bench = await open(t);
  await bench.submit("a");
  const environment = (await bench.store.environments.get(ENVIRONMENT))!;
  await bench.store.environments.update(environment, { ...environment, status: "DELETING" });
  await bench.server.engine.nudgeResources();
  assert.equal((await bench.store.environments.get(ENVIRONMENT))?.status, "DELETING");
  await bench.advance(2_000);
  assert.equal((await bench.state("a")).status, "SUCCEEDED");
  assert.equal(await bench.store.environments.get(ENVIRONMENT), undefined);
});

test("a stop request for a job that the tick has not read yet is kept", async (t) => {
  const bench = await open(t, { capacity: { vcpuMilli: 0, memoryMiB: 0 } });
  // More than one tick reads.
  await Promise.all(Array.from({ length: 5_002 }, (_, n) => bench.insert(`job-${n}`)));
  await bench.requestStop("job-5001", { kind: "cancel", reason: "changed my mind" });
  await bench.tick();
  await bench.tick();
  assert.equal((await bench.state("job-5001")).statusReason, "changed my mind");
});

test("a terminate that overtakes the honouring of a cancel is honoured too", async (t) => {
  const bench = await open(t);
  await bench.submit("a");
  await bench.requestStop("a", { kind: "cancel", reason: "first" });
  // The tick has read the cancel when the terminate is written, and commits after it.
  const { scheduling } = bench.store;
  const written: Promise<void>[] = [];
  bench.server.crash();
  await bench.start({
    ...scheduling,
    commit(epoch, changes) {
      if (written.length === 0) written.push(bench.requestStop("a", { kind: "terminate", reason: "second" }));
      return scheduling.commit(epoch, changes);
    },
  });
  await Promise.all(written);
  await bench.tick();
  await bench.tick();
  const { status, statusReason } = await bench.state("a");
  assert.deepEqual([status, statusReason], ["FAILED", "second"]);
});

test("an attempt gets its environment variables: Batch's own, and they win", async (t) => {
  const bench = await open(t);
  await bench.submit("a", { arraySize: 2 });
  const spec = [...bench.machine.attempts()].find(({ spec: { jobId } }) => jobId === "a:1")!.spec;
  assert.deepEqual(spec.environment, {
    COLOUR: "green",
    AWS_BATCH_JOB_ID: "a:1",
    AWS_BATCH_JOB_ATTEMPT: "1",
    AWS_BATCH_JQ_NAME: "queue-1",
    AWS_BATCH_CE_NAME: "environment-1",
    AWS_EXECUTION_ENV: "AWS_ECS_EC2",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_BATCH_JOB_ARRAY_INDEX: "1",
    AWS_BATCH_JOB_ARRAY_SIZE: "2",
  });
});

test("a job at the head for too long is ended by its queue's time limit, exactly then; after a restart its time begins anew", async (t) => {
  const bench = await open(t);
  const reason = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE";
  const limit = { reason, state: "RUNNABLE", maxTimeSeconds: 600, action: "CANCEL" } as const;
  const record = (await bench.store.queues.get(QUEUE))!;
  const settings = { ...record.settings, jobStateTimeLimitActions: [limit] };
  assert.ok(await bench.store.queues.update(record, { status: "UPDATING", statusReason: "", settings }));
  await bench.server.until(bench.server.engine.nudgeResources());
  await bench.submit("large", { requirements: { vcpuMilli: 65_000, memoryMiB: 1, gpus: 0 } });
  await bench.submit("behind");
  assert.equal(bench.clock.nextTimerAt(), bench.clock.now() + 600_000);
  await bench.advance(300_000);
  bench.server.crash();
  await bench.start();
  await bench.advance(599_999);
  assert.equal((await bench.state("large")).status, "RUNNABLE");
  await bench.advance(1);
  const { status, statusReason, stoppedAt } = await bench.state("large");
  assert.deepEqual([status, stoppedAt], ["FAILED", bench.clock.now()]);
  assert.equal(statusReason, `Canceled by JobStateTimeLimit action due to reason: ${reason}`);
  assert.equal((await bench.state("behind")).status, "STARTING");
});

test("what a driver may have forgotten since the machine was started anew is lost, and not started again", async (t) => {
  const bench = await open(t, { behaviour: { startDelayMs: 60_000, runMs: 0 } });
  bench.machine.report({ kind: "inventory", attemptIds: [], bootId: "first" });
  await bench.submit("once");
  await bench.submit("twice", { retry: { attempts: 2, evaluateOnExit: [] } });
  const [once, twice] = [attemptId({ id: "once", seq: 1 }, 1), attemptId({ id: "twice", seq: 2 }, 1)];
  assert.deepEqual(bench.claimed, [once, twice]);

  // The same boot: what is not there was never started.
  bench.machine.report({ kind: "inventory", attemptIds: [twice], bootId: "first" });
  await bench.tick();
  assert.equal((await bench.state("once")).status, "STARTING");

  // The first commit after the boot is lost with its server: the next one still knows that there was another boot.
  bench.faults = [{ call: "commit", fault: "crash" }];
  bench.machine.report({ kind: "inventory", attemptIds: [], bootId: "second" });
  await bench.tick();
  await bench.start();
  bench.machine.report({ kind: "inventory", attemptIds: [], bootId: "second" });
  await bench.tick();
  const { status, statusReason, attempts } = await bench.state("once");
  assert.deepEqual([status, attempts.length], ["FAILED", 1]);
  assert.match(statusReason ?? "", /^Host EC2 \(instance .*\) terminated\.$/);
  assert.match(attempts[0]?.reason ?? "", /^The machine was started anew/);
  const again = await bench.state("twice");
  assert.deepEqual([again.status, again.attempts.length], ["STARTING", 2]);

  // What was started in this boot is there, or was never started.
  bench.machine.report({ kind: "inventory", attemptIds: [], bootId: "second" });
  await bench.tick();
  assert.equal((await bench.state("twice")).attempts.length, 2);
});
