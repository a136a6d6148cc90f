import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createNodeAddresses } from "../../src/drivers/process/node-addresses.ts";
import { openSession, until } from "../conformance/driver/events.ts";
import { attempt } from "../conformance/driver/suite.ts";
import { makeProcessHarness } from "../support/process-harness.ts";

const newId = (): string => randomBytes(16).toString("hex");
const isLinux = process.platform === "linux" ? false : "other systems have but one address for themselves";

test(
  "each node has an address of its own, the programs know theirs, and the next driver too",
  { skip: isLinux },
  async () => {
    const harness = await makeProcessHarness();
    const session = await openSession(harness.createDriver());
    const next = harness.createDriver();
    try {
      const id = newId();
      // Two containers on node 1.
      const indexes = [0, 1, 1];
      const specs = indexes.map((index) =>
        attempt(
          { command: ["sh", "-c", "echo $LONGSHORE_NODE_ADDRESS; exec sleep 600"] },
          { node: { id, index, count: 2 } },
        ),
      );
      for (const spec of specs) await session.driver.start(spec);
      const addresses = await Promise.all(specs.map(async (spec) => (await session.started(spec.attemptId)).address!));
      assert.match(addresses[0]!, /^127\.\d+\.\d+\.\d+$/);
      assert.notEqual(addresses[0], addresses[1]);
      assert.equal(addresses[1], addresses[2]);
      for (const [index, { attemptId }] of specs.entries()) {
        await until("it says where it is", async () => (await harness.readLog(attemptId)) === `${addresses[index]}\n`);
      }
      await session.close();
      const again = await openSession(next);
      for (const [index, { attemptId }] of specs.entries()) {
        assert.equal((await again.started(attemptId)).address, addresses[index]);
      }
      const late = attempt({ command: ["sh", "-c", "exec sleep 600"] }, { node: { id, index: 1, count: 2 } });
      await again.driver.start(late);
      assert.equal((await again.started(late.attemptId)).address, addresses[1]);
      for (const { attemptId } of [...specs, late]) {
        await again.driver.stop(attemptId, 0);
        await again.exited(attemptId);
      }
    } finally {
      await session.close();
      await next.close();
      await harness.dispose();
    }
  },
);

test("an attempt that is on no node is at the machine's own address", async () => {
  const harness = await makeProcessHarness();
  const session = await openSession(harness.createDriver());
  try {
    const spec = attempt({ command: ["sh", "-c", "echo ${LONGSHORE_NODE_ADDRESS-none}"] });
    await session.driver.start(spec);
    await session.exited(spec.attemptId);
    assert.equal((await session.started(spec.attemptId)).address, "127.0.0.1");
    assert.equal(await harness.readLog(spec.attemptId), "none\n");
  } finally {
    await session.close();
    await harness.dispose();
  }
});

test("no two nodes that are there at a time have one address, of which all are the machine's own", () => {
  const addresses = createNodeAddresses(true);
  const given = new Map<string, string>();
  for (let job = 0; job < 20; job += 1) {
    const id = newId();
    for (let index = 0; index < 1000; index += 1) {
      const address = addresses.take(`${id}-${index}`, { id, index });
      assert.match(
        address,
        /^127\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])\.\d{1,3}\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-4])$/,
      );
      assert.ok(!given.has(address), address);
      given.set(address, `${id}-${index}`);
    }
  }
});

test("an address that is taken is passed over until it is free again", () => {
  const node = { id: newId(), index: 0 };
  const wanted = createNodeAddresses(true).take("alone", node);
  const addresses = createNodeAddresses(true);
  addresses.keep("first", { id: newId(), index: 5 }, wanted);
  const other = addresses.take("second", node);
  assert.notEqual(other, wanted);
  assert.equal(addresses.take("third", node), other, "what is on the node already says where it is");
  for (const attemptId of ["first", "second", "third"]) addresses.release(attemptId);
  assert.equal(addresses.take("fourth", node), wanted);
});

test("where the machine has one address for itself, all nodes have it", () => {
  const addresses = createNodeAddresses(false);
  assert.equal(addresses.take("one", { id: newId(), index: 3 }), "127.0.0.1");
});
