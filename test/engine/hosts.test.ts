import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { hostId } from "../../src/core/instances/host.ts";
import { createFakeDriver } from "../../src/drivers/fake/driver.ts";
import type { Driver } from "../../src/ports/driver.ts";
import type { FakeInstance } from "../../src/drivers/fake/cloud.ts";
import type { EngineFacts, HostRecord } from "../../src/ports/hosts.ts";
import { driverOfHost } from "../../src/core/driver-name.ts";
import { EngineBench } from "../support/engine-bench.ts";
import { environmentArn, queueArn, queueSettings, SCOPE } from "../sim/workload.ts";

const MINUTE = 60_000;
const MACHINES = environmentArn(2);
const QUEUE = queueArn(2);
const ENGINE: EngineFacts = {
  ...{ id: "engine", version: "1", vcpuMilli: 2000, memoryMiB: 4096, gpus: 0, architecture: "X86_64" },
};

interface Bench {
  readonly bench: EngineBench;
  readonly host: HostRecord;
  /** What its driver was told at its end. */
  readonly ends: string[];
  connect(): Promise<void>;
}

/** A host of an unmanaged environment, which the fake cloud brings and the fake machine runs jobs for. */
async function open(t: TestContext, runMs: number): Promise<Bench> {
  const bench = await EngineBench.open({ behaviour: { runMs } });
  t.after(() => bench.close());
  const { store, clock } = bench;
  const status = { status: "CREATING", statusReason: "", createdAt: clock.now(), scope: SCOPE } as const;
  const settings = { type: "UNMANAGED", state: "ENABLED", tags: {} } as const;
  await store.environments.insert({ ...status, arn: MACHINES, name: "environment-2", settings });
  await store.queues.insert({ ...status, arn: QUEUE, name: "queue-2", settings: queueSettings(1, [MACHINES]) });
  const created = { environmentArn: MACHINES, name: "a", way: { endpoint: "unix:///a" }, createdAt: clock.now() };
  const host = (await store.hosts.insert({ ...created, engine: ENGINE }))!;
  const ends: string[] = [];
  const connect = async (): Promise<void> => {
    const fake = createFakeDriver(bench.machine);
    const end = async (how: string): Promise<void> => {
      ends.push(how);
      await fake.close();
    };
    const driver: Driver = {
      ...fake,
      name: driverOfHost(hostId(host.name, host.number)),
      close: () => end("close"),
      retire: () => end("retire"),
    };
    await bench.server.engine.addDriver(driver);
    await bench.server.engine.nudgeResources();
  };
  await connect();
  return { bench, host, ends, connect };
}

async function instances({ bench }: Bench): Promise<string[]> {
  const facts = await bench.store.scheduling.load();
  return facts.flatMap((fact) => (fact.kind === "instances" ? fact.instances.map(({ status }) => status) : []));
}

test("a job runs on a host that was registered while the server ran", async (t) => {
  const hosts = await open(t, MINUTE);
  const { bench } = hosts;
  await bench.submit("one", {}, QUEUE);
  await bench.advance(MINUTE);
  assert.deepEqual(await instances(hosts), ["running"]);
  await bench.advance(2 * MINUTE);
  const { status, attempts } = await bench.state("one");
  assert.deepEqual([status, attempts[0]?.driver, bench.errors], ["SUCCEEDED", "docker@a#1", []]);
});

test("a host that does not answer gets no jobs, also after a restart, until it does", async (t) => {
  const { bench } = await open(t, MINUTE);
  await bench.advance(2 * MINUTE);
  const [{ instance }] = [...bench.cloud.instances()] as [FakeInstance];
  const tell = (kind: "silent" | "running"): void =>
    bench.cloud.report({ kind, instanceId: instance.id, at: bench.clock.now() });
  tell("silent");
  await bench.submit("one", {}, QUEUE);
  assert.equal((await bench.state("one")).status, "RUNNABLE");
  const facts = await bench.store.scheduling.load();
  const stored = facts.flatMap((fact) => (fact.kind === "instances" ? fact.instances : []));
  assert.deepEqual(
    stored.map(({ isSilent }) => isSilent),
    [true],
  );
  tell("running");
  await bench.tick();
  assert.equal((await bench.state("one")).status, "STARTING");
  const [after] = (await bench.store.scheduling.load()).flatMap((fact) =>
    fact.kind === "instances" ? fact.instances : [],
  );
  assert.ok(!("isSilent" in after!));
});

test("a host that is removed is forgotten when its jobs have ended, and its driver with it", async (t) => {
  const hosts = await open(t, 5 * MINUTE);
  const { bench, host, ends } = hosts;
  await bench.submit("one", {}, QUEUE);
  await bench.advance(MINUTE);
  await bench.store.hosts.changeState(host.number, "removing", ["active"]);
  await bench.server.engine.nudgeResources();
  await bench.submit("two", {}, QUEUE);
  await bench.advance(3 * MINUTE);
  assert.deepEqual([(await bench.state("one")).status, ends], ["RUNNING", []]);
  await bench.advance(4 * MINUTE);
  assert.deepEqual([(await bench.state("one")).status, (await bench.state("two")).status], ["SUCCEEDED", "RUNNABLE"]);
  assert.deepEqual([await bench.store.hosts.all(), await instances(hosts), ends], [[], [], ["retire"]]);
  assert.deepEqual(bench.errors, []);
});

test("a host that was registered again under its name is another one", async (t) => {
  const { bench, host } = await open(t, MINUTE);
  await bench.store.hosts.changeState(host.number, "removing", ["active"]);
  await bench.server.engine.nudgeResources();
  await bench.advance(2 * MINUTE);
  const { environmentArn: arn, name, way, engine, createdAt } = host;
  const again = await bench.store.hosts.insert({ environmentArn: arn, name, way, engine, createdAt });
  assert.notEqual(again?.number, host.number);
  assert.equal(await bench.store.hosts.insert({ environmentArn: arn, name: "b", way, engine, createdAt }), undefined);
});

test("what ran on a driver that is not there any more is lost, and does not hang", async (t) => {
  const { bench } = await open(t, 60 * MINUTE);
  const retry = { attempts: 2, evaluateOnExit: [{ action: "retry", onStatusReason: "Host EC2*" } as const] };
  await bench.submit("one", { retry }, QUEUE);
  await bench.advance(2 * MINUTE);
  assert.equal((await bench.state("one")).status, "RUNNING");
  bench.server.crash();
  await bench.start();
  const { status, attempts } = await bench.state("one");
  assert.match(attempts[0]!.statusReason!, /^Host EC2 \(instance i-.*\) terminated\.$/);
  assert.notEqual(status, "RUNNING");
});
