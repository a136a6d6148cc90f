import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { containerName } from "../../../src/core/driver-name.ts";
import { LABEL, networkName } from "../../../src/drivers/docker/names.ts";
import { formatSubnet, freeSubnet, parseSubnet } from "../../../src/drivers/docker/networks/subnets.ts";
import type { Subnet } from "../../../src/drivers/docker/networks/subnets.ts";
import type { AttemptSpec } from "../../../src/ports/driver.ts";
import { openSession, until } from "../../conformance/driver/events.ts";
import type { Session } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { dockerUnavailable } from "../../support/docker.ts";
import { makeDockerHarness } from "../../support/docker-harness.ts";
import type { DockerHarness } from "../../support/docker-harness.ts";
import { helloServer } from "../../support/hello-server.ts";

interface Bench extends DockerHarness {
  open(nodeSubnets?: Subnet): Promise<Session>;
  /** A container of a node, which runs a script. */
  part(nodesId: string, index: number, script: string, more?: Partial<AttemptSpec>): AttemptSpec;
  /** Starts it and waits until it says "ready": its address. */
  serve(session: Session, spec: AttemptSpec): Promise<string>;
  /** Starts it and waits for its end: the exit code, the reason and the log. */
  run(session: Session, spec: AttemptSpec): Promise<string>;
}

async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
  const harness = await makeDockerHarness();
  const sessions: Session[] = [];
  const { readLog } = harness;
  try {
    await use({
      ...harness,
      async open(nodeSubnets) {
        const session = await openSession(harness.createDriver({ nodeSubnets }));
        sessions.push(session);
        await session.inventory();
        return session;
      },
      part: (id, index, script, more) =>
        attempt(harness.command(["sh", "-c", script]), { node: { id, index, count: 3 }, ...more }),
      async serve({ driver, started }, spec) {
        await driver.start(spec);
        const { address } = await started(spec.attemptId);
        await until("the server is ready", async () => (await readLog(spec.attemptId)).includes("ready"));
        return address!;
      },
      async run({ driver, exited }, spec) {
        await driver.start(spec);
        const { exitCode, reason = "" } = await exited(spec.attemptId);
        return `${exitCode} ${reason}${await readLog(spec.attemptId)}`.trim();
      },
    });
  } finally {
    for (const session of sessions) await session.close();
    await harness.dispose();
  }
}

/** The id of an attempt; equal beginnings want equal subnets. */
function newAttempt(beginning = ""): string {
  return beginning + randomBytes(16).toString("hex").slice(beginning.length);
}

const SERVER = helloServer(7777);
/** An address that nobody has answers nothing at all: `patience` ends the waiting. */
const ask = (host: string, patience = ""): string => `nc ${patience} ${host} 7777 < /dev/null`;
const skip = (await dockerUnavailable()) ?? false;

describe("docker driver: nodes of one attempt", { skip }, () => {
  test("reach each other by address and by name, reach the machine, and no other attempt's nodes do", async () => {
    await withBench(async ({ open, part, serve, run, docker, networks }) => {
      const session = await open();
      const [nodes, others] = [newAttempt(), newAttempt()];
      const address = await serve(session, part(nodes, 1, SERVER));
      assert.equal(await run(session, part(nodes, 0, `${ask(address)}; ${ask("node-1")}`)), "0 hello\nhello");
      const seen = await run(session, part(nodes, 2, "cat /etc/hosts; ping -c 1 -W 2 host.docker.internal"));
      assert.match(seen, /^0 [^]*host\.docker\.internal[^]* 1 packets received/);
      assert.match(await run(session, part(others, 0, ask(address, "-w 1"))), /^1/);
      assert.deepEqual((await networks()).toSorted(), [networkName(nodes), networkName(others)].toSorted());
      const { Labels } = (await docker.getNetwork(networkName(nodes)).inspect()) as { Labels: object };
      assert.deepEqual(Object.keys(Labels).toSorted(), [LABEL.cluster, LABEL.nodes]);
    });
  });

  test("a node of several containers has one address, for all of them", async () => {
    await withBench(async ({ open, part, serve, run }) => {
      const session = await open();
      const nodes = newAttempt();
      const task = { id: newAttempt() };
      const address = await serve(session, part(nodes, 0, SERVER, { task }));
      assert.equal(await run(session, part(nodes, 0, ask("127.0.0.1"), { task })), "0 hello");
      assert.equal(await run(session, part(nodes, 1, `${ask(address)}; ${ask("node-0")}`)), "0 hello\nhello");
    });
  });

  test("their network goes with the last one that is forgotten, and not before", async () => {
    await withBench(async ({ open, part, run, containers, networks }) => {
      const session = await open();
      const nodes = newAttempt();
      const parts = [0, 1, 2].map((index) =>
        part(nodes, index, "true", index === 2 ? { task: { id: newAttempt() } } : {}),
      );
      await Promise.all(parts.map((one) => run(session, one)));
      await session.driver.forget(parts[0]!.attemptId);
      assert.deepEqual(await networks(), [networkName(nodes)]);
      await Promise.all(parts.slice(1).map(({ attemptId }) => session.driver.forget(attemptId)));
      assert.deepEqual([await containers(), await networks()], [[], []]);
    });
  });

  test("go on after the driver; the next one starts others beside them, and removes networks in which nobody is left", async () => {
    await withBench(async ({ open, part, serve, run, docker, networks }) => {
      const session = await open();
      const [nodes, gone] = [newAttempt(), newAttempt()];
      const address = await serve(session, part(nodes, 0, SERVER));
      const last = part(gone, 0, "true");
      await run(session, last);
      await session.close();
      await docker.getContainer(containerName(last.attemptId)).remove();
      const next = await open();
      assert.deepEqual(await networks(), [networkName(nodes)]);
      assert.equal(await run(next, part(nodes, 1, ask(address))), "0 hello");
    });
  });

  test("attempts that want the same subnet at once each get one; when there is none left, the attempt says so", async () => {
    await withBench(async ({ open, part, run, docker }) => {
      const networks = (await docker.listNetworks()).flatMap(({ IPAM }) => IPAM?.Config ?? []);
      const inUse = networks.flatMap(({ Subnet: subnet = "" }) => parseSubnet(subnet) ?? []);
      const range = freeSubnet(parseSubnet("10.214.0.0/16")!, 125, inUse, process.pid)!;
      // Two servers, of which none knows what the other does.
      const sessions = [await open(range), await open(range)];
      const parts = sessions.map((session, index) => ({ session, spec: part(newAttempt("00000000"), index, "true") }));
      assert.deepEqual(await Promise.all(parts.map(({ session, spec }) => run(session, spec))), ["0", "0"]);
      const third = part(newAttempt(), 0, "true");
      assert.equal(
        await run(sessions[0]!, third),
        `undefined ResourceInitializationError: no subnet of ${formatSubnet(range)} is free for a network of 3 nodes`,
      );
      await parts[1]!.session.driver.forget(parts[1]!.spec.attemptId);
      assert.equal(await run(sessions[0]!, part(newAttempt(), 0, "true")), "0");
    });
  });
});
