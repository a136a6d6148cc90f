import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type Dockerode from "dockerode";
import { containerName } from "../../../src/core/driver-name.ts";
import type { Usage } from "../../../src/core/usage.ts";
import type { DockerDriverOptions } from "../../../src/drivers/docker/driver.ts";
import type { EngineInfo } from "../../../src/drivers/docker/engine/engine-traits.ts";
import { ParentGroups } from "../../../src/drivers/docker/usage/parent-groups.ts";
import { OUT_OF_MEMORY } from "../../../src/ports/driver.ts";
import type { Session } from "../../conformance/driver/events.ts";
import { openSession } from "../../conformance/driver/events.ts";
import { attempt, BUSY, untilSeenBusy } from "../../conformance/driver/suite.ts";
import { groupFolders } from "../../support/cgroup-folders.ts";
import { systemClock } from "../../support/clock.ts";
import { dockerUnavailable, exactMeasuringUnavailable } from "../../support/docker.ts";
import type { DockerHarness } from "../../support/docker-harness.ts";
import { makeDockerHarness } from "../../support/docker-harness.ts";
import { until } from "../../support/until.ts";

const skip = (await dockerUnavailable()) ?? false;
const skipExact = (await exactMeasuringUnavailable()) ?? false;

interface Bench extends DockerHarness {
  open(options?: Partial<DockerDriverOptions>): Promise<Session>;
  /** Opens a driver, runs a script to its end and lets the driver forget it: what it used, and what it printed. */
  run(
    script: string,
    memoryMiB?: number,
  ): Promise<{ usage: Usage | undefined; reason: string | undefined; log: string }>;
  state(attemptId: string): Promise<string>;
}

function withBench(use: (bench: Bench) => Promise<void>): () => Promise<void> {
  return async () => {
    const harness = await makeDockerHarness();
    const sessions: Session[] = [];
    const open = async (options?: Partial<DockerDriverOptions>): Promise<Session> => {
      const session = await openSession(harness.createDriver(options));
      sessions.push(session);
      await session.inventory();
      return session;
    };
    try {
      await use({
        ...harness,
        open,
        async run(script, memoryMiB = 128) {
          const { driver, exited } = await open();
          const spec = attempt(harness.command(["sh", "-c", script]), { memoryMiB });
          await driver.start(spec);
          const { usage, reason } = await exited(spec.attemptId);
          await driver.forget(spec.attemptId);
          return { usage, reason, log: await harness.readLog(spec.attemptId) };
        },
        async state(attemptId) {
          return (await harness.docker.getContainer(containerName(attemptId)).inspect()).State.Status;
        },
      });
    } finally {
      for (const session of sessions) await session.close();
      await harness.dispose();
    }
  };
}

/** Keeps a processor busy for some tenths of a second, holds 50 MiB, and says how long it was busy. */
const WORK = `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; head -c 52428800 /dev/zero | tail > /dev/null; times`;

/** The engine's own part in a container: it is counted, too. */
const ENGINE_MS = 300;

/** `times` says `0m0.12s 0m0.03s`, of the shell itself and of its children. */
function assertMeasured(usage: Usage | undefined, log: string): void {
  const times = [...log.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
  );
  const busyMs = times.reduce((sum, seconds) => sum + seconds, 0) * 1000;
  assert.ok(times.length === 4 && busyMs > 50, log);
  const { cpuMs = 0, peakMemoryMiB = 0 } = usage ?? {};
  assert.ok(cpuMs >= busyMs - 20 && cpuMs <= 1.5 * busyMs + ENGINE_MS, `${cpuMs} ms, of a program that says ${busyMs}`);
  assert.ok(peakMemoryMiB >= 50 && peakMemoryMiB <= 70, `${peakMemoryMiB} MiB`);
}

describe("docker driver: what a container used, exactly", { skip: skipExact }, () => {
  test(
    "processor time and the most memory; and nothing of the measuring is left",
    withBench(async ({ run, clusterId }) => {
      const { usage, log } = await run(WORK);
      assertMeasured(usage, log);
      await until("no control group is left", () => groupFolders(clusterId).length === 0);
    }),
  );

  test(
    "the same of what ended while nobody looked",
    withBench(async ({ open, command, readLog, state }) => {
      const session = await open();
      const spec = attempt(command(["sh", "-c", `sleep 0.2; ${WORK}`]));
      await session.driver.start(spec);
      await session.close();
      await until("it has ended", async () => (await state(spec.attemptId)) === "exited");
      const { exited } = await open();
      const { usage } = await exited(spec.attemptId);
      assertMeasured(usage, await readLog(spec.attemptId));
    }),
  );

  test(
    "what ran out of memory held all that it had asked for",
    withBench(async ({ run }) => {
      const { usage, reason } = await run("tail /dev/zero", 32);
      assert.equal(reason, OUT_OF_MEMORY);
      assert.ok(usage!.peakMemoryMiB! >= 31 && usage!.peakMemoryMiB! <= 33, `${usage!.peakMemoryMiB} MiB`);
    }),
  );

  test(
    "the group above a container weighs what its container asked for",
    withBench(async ({ open, command, clusterId }) => {
      const { driver, started } = await open();
      const spec = attempt(command(["sleep", "60"]), { vcpuMilli: 2500 });
      await driver.start(spec);
      await started(spec.attemptId);
      const weights = groupFolders(clusterId).flatMap((folder) => [
        ...numberIn(join(folder, "cpu.shares")),
        ...numberIn(join(folder, "cpu.weight")),
      ]);
      assert.ok(weights.length === 1 && [2560, 250].includes(weights[0]!), String(weights));
      await driver.stop(spec.attemptId, Date.now());
    }),
  );

  test(
    "groups of attempts that are gone are removed at the next start, those of other clusters are not",
    withBench(async ({ open, command, docker, clusterId }) => {
      const first = await open();
      const spec = attempt(command(["sleep", "60"]));
      await first.driver.start(spec);
      const [left, others] = [clusterId, `${clusterId}-other`].map((owner) => groupsOf(docker, owner));
      const leftId = randomBytes(16).toString("hex");
      for (const groups of [left!, others!]) await (await groups)!.make({ attemptId: leftId, vcpuMilli: 1000 });
      assert.equal(groupFolders(clusterId, leftId).length > 0, true);
      await first.close();
      const next = await open();
      await until("what is left is removed", () => groupFolders(clusterId, leftId).length === 0);
      assert.ok(groupFolders(clusterId, spec.attemptId).length > 0, "its container runs");
      assert.ok(groupFolders(`${clusterId}-other`, leftId).length > 0);
      (await others)!.remove(leftId);
      await next.driver.stop(spec.attemptId, Date.now());
      await next.exited(spec.attemptId);
    }),
  );
});

async function groupsOf(docker: Dockerode, owner: string): Promise<ParentGroups | undefined> {
  return ParentGroups.open((await docker.info()) as EngineInfo, systemClock, owner);
}

function numberIn(file: string): number[] {
  try {
    return [Number(readFileSync(file, "utf8"))];
  } catch {
    return [];
  }
}

describe("docker driver: what a container used, by asking the engine", { skip }, () => {
  test(
    "what runs for seconds is asked about; nothing is known of what ends at once",
    withBench(async ({ open, command, docker, clusterId }) => {
      const { driver, exited } = await open({ isElsewhere: true });
      const long = attempt(command(["sh", "-c", "timeout 2 sh -c 'while :; do :; done'; exit 0"]));
      const short = attempt(command(["true"]));
      await Promise.all([long, short].map((spec) => driver.start(spec)));
      const { HostConfig } = await docker.getContainer(containerName(long.attemptId)).inspect();
      assert.equal(HostConfig.CgroupParent, "");
      const ended = await exited(short.attemptId);
      // On a machine that is very busy even this one may run until it is asked about.
      if (ended.at - ended.startedAt! < 400) assert.equal(ended.usage, undefined);
      const { usage } = await exited(long.attemptId);
      assert.ok(usage!.cpuMs! > 0 && usage!.cpuMs! < 2_500, `${usage!.cpuMs} ms`);
      assert.ok(usage!.peakMemoryMiB! >= 1 && usage!.peakMemoryMiB! < 64, `${usage!.peakMemoryMiB} MiB`);
      assert.deepEqual(groupFolders(clusterId), []);
    }),
  );
});

test(
  "what a container of an engine elsewhere uses meanwhile, the engine says",
  { skip },
  withBench(async ({ open, command }) => {
    const session = await open({ isElsewhere: true });
    const spec = attempt(command(["sh", "-c", BUSY]));
    await session.driver.start(spec);
    await session.started(spec.attemptId);
    await untilSeenBusy(session, spec.attemptId);
    await session.driver.stop(spec.attemptId, Date.now());
    await session.exited(spec.attemptId);
    await session.driver.forget(spec.attemptId);
  }),
);
