import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type Dockerode from "dockerode";
import { containerName } from "../../../src/core/driver-name.ts";
import { LABEL } from "../../../src/drivers/docker/names.ts";
import type { AttemptSpec } from "../../../src/ports/driver.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { systemClock } from "../../support/clock.ts";
import { openSession, until } from "../../conformance/driver/events.ts";
import type { Session } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { dockerUnavailable } from "../../support/docker.ts";
import { makeDockerHarness } from "../../support/docker-harness.ts";
import type { DockerHarness } from "../../support/docker-harness.ts";
import { helloOnce, untilListening } from "../../support/hello-server.ts";

interface Bench extends DockerHarness {
  open(idleNetworkMs?: number, isElsewhere?: boolean): Promise<Session>;
  /** Starts so many containers at once, which run a script, and waits for their ends. */
  wave(session: Session, count: number, script?: string): Promise<AttemptSpec[]>;
  start(session: Session, script: string): Promise<AttemptSpec>;
  /** The holder in whose network a container is; undefined: it has its own. */
  lentTo(spec: AttemptSpec): Promise<string | undefined>;
  log(spec: AttemptSpec): Promise<string>;
}

async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
  const harness = await makeDockerHarness();
  const sessions: Session[] = [];
  const { command, docker, readLog } = harness;
  const start = async ({ driver }: Session, script: string): Promise<AttemptSpec> => {
    const spec = attempt(command(["sh", "-c", script]));
    await driver.start(spec);
    return spec;
  };
  try {
    await use({
      ...harness,
      start,
      async open(idleNetworkMs = 600_000, isElsewhere = false) {
        const session = await openSession(harness.createDriver({ idleNetworkMs, isElsewhere }));
        sessions.push(session);
        await session.inventory();
        return session;
      },
      async wave(session, count, script = "true") {
        const specs = await Promise.all(Array.from({ length: count }, () => start(session, script)));
        await Promise.all(specs.map(({ attemptId }) => session.exited(attemptId)));
        return specs;
      },
      async lentTo({ attemptId }) {
        const { Config } = await docker.getContainer(containerName(attemptId)).inspect();
        return Config.Labels[LABEL.network];
      },
      log: async ({ attemptId }) => (await readLog(attemptId)).trim(),
    });
  } finally {
    for (const session of sessions) await session.close();
    await harness.dispose();
  }
}

const skip = (await dockerUnavailable()) ?? false;

describe("docker driver: networks that containers have one after the other", { skip }, () => {
  test("short programs that follow each other have few networks, each for one at a time; idle ones go", async () => {
    await withBench(async ({ open, wave, lentTo, log, containers }) => {
      const session = await open(2_000);
      const first = await wave(session, 2);
      assert.deepEqual(await Promise.all(first.map(lentTo)), [undefined, undefined], "nobody knew that they are short");
      const listens = `nc -l -p 7000 & ${untilListening(7000)}; echo listens; kill $!; wait`;
      const specs = [];
      for (let round = 0; round < 5; round += 1) specs.push(...(await wave(session, 3, listens)));
      for (const spec of specs) assert.equal(await log(spec), "listens");
      const lent = (await Promise.all(specs.map(lentTo))).filter((name) => name !== undefined);
      const names = new Set(lent);
      assert.ok(lent.length >= 2 * names.size, `${lent.length} containers had ${names.size} networks`);
      for (const { attemptId } of [...first, ...specs]) await session.driver.forget(attemptId);
      await until("idle networks are gone", async () => (await containers()).length === 0);
    });
  });

  const LEFT: readonly { what: string; leaves: string; looks: string }[] = [
    {
      what: "a name of a host",
      leaves: "echo 192.0.2.9 leftover >> /etc/hosts",
      looks: "grep leftover /etc/hosts",
    },
    {
      what: "a port that is not free yet, because its server closed a connection first",
      leaves: `nc -l -p 7002 -e true & ${untilListening(7002)}; mkfifo open; nc 127.0.0.1 7002 <> open; wait`,
      looks: "grep -h :1B5A /proc/net/tcp /proc/net/tcp6",
    },
  ];
  for (const { what, leaves, looks } of LEFT) {
    test(`what a container leaves, no other finds: ${what}`, async () => {
      await withBench(async ({ open, wave, lentTo, log, containers }) => {
        const session = await open();
        await wave(session, 2);
        const names = await Promise.all((await wave(session, 2, leaves)).map(lentTo));
        assert.ok(names.every((name) => name !== undefined));
        await until("their networks are gone", async () => !(await containers()).some((name) => names.includes(name)));
        for (const spec of await wave(session, 2, looks)) {
          assert.equal(await log(spec), "");
          assert.equal(
            await lentTo(spec),
            undefined,
            "the next one would leave the same: nothing is won by such networks",
          );
        }
      });
    });
  }

  test("who is there when the driver closes stays with its network; the next driver removes it after that", async () => {
    await withBench(async ({ open, wave, start, lentTo, log, containers }) => {
      const session = await open();
      await wave(session, 2);
      const [server, brief] = await Promise.all([helloOnce(7777), "true"].map((script) => start(session, script)));
      await until("it is ready", async () => (await log(server!)) === "ready");
      const name = await lentTo(server!);
      assert.ok(name !== undefined);
      const { address } = await session.started(server!.attemptId);
      await session.exited(brief!.attemptId);
      await session.close();
      const holders = async () => (await containers()).filter((one) => one.startsWith("longshore-network-"));
      assert.deepEqual(await holders(), [name]);
      const next = await open();
      assert.equal((await next.started(server!.attemptId)).address, address);
      const [client] = await wave(next, 1, `nc ${address} 7777 < /dev/null`);
      assert.equal(await log(client!), "hello");
      await next.exited(server!.attemptId);
      await until("its network is gone", async () => (await holders()).length === 0);
    });
  });

  test("a driver that was closed has nothing due any more: a server that stops does not wait for idle networks", async () => {
    await withBench(async ({ createDriver, wave, containers }) => {
      const due = new Set<() => void>();
      const clock: Clock = {
        ...systemClock,
        after(delayMs, task) {
          const cancel = systemClock.after(delayMs, () => {
            due.delete(forget);
            task();
          });
          const forget = (): void => {
            due.delete(forget);
            cancel();
          };
          due.add(forget);
          return forget;
        },
      };
      const session = await openSession(createDriver({ clock, idleNetworkMs: 600_000 }));
      await session.inventory();
      for (let round = 0; round < 4; round += 1) await wave(session, 2);
      await session.close();
      const left = due.size;
      for (const forget of due) forget();
      assert.equal(left, 0);
      assert.deepEqual(
        (await containers()).filter((name) => name.startsWith("longshore-network-")),
        [],
      );
    });
  });

  test("a network that somebody has removed is no container's failure", async () => {
    await withBench(async ({ open, wave, lentTo, docker, containers }) => {
      const session = await open();
      await wave(session, 2);
      await wave(session, 2);
      const holders = async () => (await containers()).filter((one) => one.startsWith("longshore-network-"));
      const removed = await holders();
      assert.ok(removed.length > 0);
      for (const name of removed) await removeByHand(docker, name);
      const specs = await wave(session, 2, "ip -4 -o addr");
      assert.deepEqual(await Promise.all(specs.map(lentTo)), [undefined, undefined]);
      for (const { attemptId } of specs) assert.equal((await session.exited(attemptId)).exitCode, 0);
    });
  });

  test("an engine that is on another machine has none", async () => {
    await withBench(async ({ open, wave, containers }) => {
      const session = await open(600_000, true);
      for (let round = 0; round < 3; round += 1) await wave(session, 2);
      assert.equal((await containers()).length, 6);
    });
  });
});

/** What is not there any more is removed too. */
async function removeByHand(docker: Dockerode, container: string): Promise<void> {
  try {
    await docker.getContainer(container).remove({ force: true });
  } catch (error) {
    if (!(error instanceof Error && "statusCode" in error && error.statusCode === 404)) throw error;
  }
}
