import assert from "node:assert/strict";
import { test } from "node:test";
import { HostDriver } from "../../../../src/drivers/docker/hosts/host-driver.ts";
import type { AttemptSpec, Driver, DriverEvent } from "../../../../src/ports/driver.ts";
import type { EngineFacts } from "../../../../src/ports/hosts.ts";
import { VirtualClock } from "../../../../src/sim/virtual-clock.ts";

const ENGINE: EngineFacts = {
  ...{ id: "engine", version: "1", vcpuMilli: 2000, memoryMiB: 4096, gpus: 0, architecture: "X86_64" },
};
const LOSS_MS = 60_000;

/** The driver of an engine that the test plays. */
class Engine implements Driver {
  readonly name = "docker";
  readonly told: string[] = [];
  report: (event: DriverEvent) => void = () => {};

  async open(report: (event: DriverEvent) => void): Promise<void> {
    this.report = report;
  }

  async start({ attemptId }: AttemptSpec): Promise<void> {
    this.told.push(`start ${attemptId}`);
  }

  async stop(attemptId: string): Promise<void> {
    this.told.push(`stop ${attemptId}`);
  }

  async forget(attemptId: string): Promise<void> {
    this.told.push(`forget ${attemptId}`);
  }

  async close(): Promise<void> {
    this.told.push("close");
  }
}

async function bench() {
  const clock = new VirtualClock();
  const engine = new Engine();
  const heard: string[] = [];
  const host = new HostDriver({
    ...{ hostId: "a#1", clock, lossMs: LOSS_MS, driver: engine },
    onSighted: () => heard.push("sighted"),
    onUnseen: () => heard.push("unseen"),
    onLost: () => heard.push("lost"),
    onRetired: () => heard.push("retired"),
  });
  await host.open((event) => {
    if (event.kind === "inventory") heard.push(`inventory ${event.attemptIds.join()}`);
    else heard.push(`${event.kind} ${event.attemptId}${"exitCode" in event ? ` ${event.exitCode}` : ""}`);
  });
  return {
    ...{ clock, engine, host },
    /** What was told since the last time. */
    heard: () => heard.splice(0),
    sight(...attemptIds: string[]) {
      host.engineSighted(ENGINE);
      engine.report({ kind: "inventory", attemptIds });
    },
    /** Nobody reaches it for so long, and somebody tries again each second. */
    silence(ms: number) {
      for (let left = ms; left >= 0; left -= 1_000) {
        host.engineUnreachable("no route");
        clock.advance(1_000);
      }
    },
    start: (attemptId: string) => host.start({ attemptId } as AttemptSpec),
  };
}

test("it is in sight with its inventory, and what its engine tells is told", async () => {
  const { host, engine, heard, sight, start } = await bench();
  assert.equal(host.sight.kind, "connecting");
  sight("x");
  await start("y");
  engine.report({ kind: "started", attemptId: "y", at: 1 });
  engine.report({ kind: "exited", attemptId: "x", at: 2, exitCode: 3 });
  assert.deepEqual(heard(), ["inventory x", "sighted", "started y", "exited x 3"]);
  assert.deepEqual([host.name, host.sight], ["docker@a#1", { kind: "in-sight", engine: ENGINE }]);
});

test("that it does not answer for a while changes nothing", async () => {
  const { host, heard, sight, silence } = await bench();
  sight("x");
  heard();
  silence(LOSS_MS - 2_000);
  assert.equal(host.sight.kind, "out-of-sight");
  sight("x");
  silence(LOSS_MS - 2_000);
  assert.deepEqual(heard(), ["unseen", "inventory x", "sighted", "unseen"]);
});

test("lost, it ends what it had, in this order; what is told to stop has ended, what is told to start never began", async () => {
  const { host, engine, heard, sight, silence, start } = await bench();
  sight("x", "ended");
  await start("y");
  engine.report({ kind: "exited", attemptId: "ended", at: 1, exitCode: 0 });
  heard();
  silence(LOSS_MS);
  assert.deepEqual(heard(), ["unseen", "lost", "exited x", "exited y"]);
  assert.deepEqual([host.sight.kind, "problem" in host.sight && host.sight.problem], ["lost", "no route"]);
  await start("z");
  await host.stop("x", 0);
  assert.deepEqual(heard(), ["exited z", "exited x"]);
  assert.deepEqual(engine.told, ["start y", "stop x"], "z is not started when it comes back");
});

test("back again, it shows what it still runs, as after any time out of sight", async () => {
  const { host, engine, heard, sight, silence } = await bench();
  sight("x");
  silence(LOSS_MS);
  heard();
  sight("x");
  engine.report({ kind: "exited", attemptId: "x", at: 9, exitCode: 0 });
  assert.deepEqual(heard(), ["inventory x", "sighted", "exited x 0"]);
  assert.equal(host.sight.kind, "in-sight");
});

test("never seen, it is lost too: what an earlier server started there is over", async () => {
  const { heard, silence } = await bench();
  silence(LOSS_MS);
  assert.deepEqual(heard(), ["lost", "inventory "]);
});

test("an hour in which nobody tried is none in which it did not answer", async () => {
  const { clock, host, heard, sight } = await bench();
  sight();
  heard();
  clock.advance(3_600_000);
  host.engineUnreachable("the machine slept");
  assert.deepEqual([host.sight.kind, heard()], ["out-of-sight", ["unseen"]]);
});

test("retired, it removes what it holds before it hangs up", async () => {
  const { host, engine, heard, sight } = await bench();
  sight("x", "y");
  await host.forget("y");
  heard();
  await host.retire();
  engine.report({ kind: "exited", attemptId: "x", at: 1 });
  assert.deepEqual([engine.told, heard()], [["forget y", "forget x", "close"], ["retired"]]);
});
