import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podName } from "../../../src/drivers/kubernetes/names.ts";
import { freeNodes, roomFor, take } from "../../../src/drivers/kubernetes/gangs/room.ts";
import type { AttemptSpec } from "../../../src/ports/driver.ts";
import { until } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { withKubernetes } from "./bench.ts";

const EACH = { vcpuMilli: 2000, memoryMiB: 128, gpus: 0 };
const NODES = [
  { name: "one", cpu: "3", memory: "4Gi" },
  { name: "two", cpu: "3", memory: "4Gi" },
];

/** The nodes of one job; the first one is its main node. */
function gang(id: string, count: number, script = "sleep 60"): AttemptSpec[] {
  return Array.from({ length: count }, (_, index) =>
    attempt(
      { image: "busybox", command: ["sh", "-c", script] },
      {
        ...{ vcpuMilli: EACH.vcpuMilli, memoryMiB: EACH.memoryMiB },
        environment: { AWS_BATCH_JOB_MAIN_NODE_INDEX: "0", AWS_BATCH_JOB_NODE_INDEX: String(index) },
        node: { id: id.repeat(32), index, count, each: EACH },
      },
    ),
  );
}

describe("nodes of one job", () => {
  test("none begins before there is room for all", async () => {
    await withKubernetes(
      async ({ cluster, open }) => {
        const session = await open();
        const other = attempt({ image: "busybox", command: ["sleep", "60"] }, { vcpuMilli: 2000 });
        await session.driver.start(other);
        await session.started(other.attemptId);
        const [main, child] = gang("a", 2) as [AttemptSpec, AttemptSpec];
        await session.driver.start(main);
        await until("it says what it waits for", () =>
          /waits until 2 nodes of 2 vCPUs and 128 MiB have room in the cluster at once: there is room for 1\b/.test(
            session.driver.waitsFor!(main.attemptId) ?? "",
          ),
        );
        assert.ok(!session.events.some((event) => event.kind === "started" && event.attemptId === main.attemptId));
        await session.driver.stop(other.attemptId, Date.now());
        await session.exited(other.attemptId);
        await session.driver.forget(other.attemptId);
        const { address } = await session.started(main.attemptId);
        assert.match(address!, /^\d+\.\d+\.\d+\.\d+$/);
        await session.driver.start(child);
        await session.started(child.attemptId);
        assert.equal(cluster.pods().length, 2);
      },
      { nodes: NODES },
    );
  });

  test("what an earlier job that is not all there yet needs is not another's", async () => {
    await withKubernetes(
      async ({ open }) => {
        const session = await open();
        const [first] = gang("a", 2) as [AttemptSpec];
        const [second] = gang("b", 2, "exit 0") as [AttemptSpec];
        await session.driver.start(first);
        await session.started(first.attemptId);
        await session.driver.start(second);
        await until("the second waits", () =>
          /there is room for 0\b/.test(session.driver.waitsFor!(second.attemptId) ?? ""),
        );
        await session.driver.stop(first.attemptId, Date.now());
        await session.exited(first.attemptId);
        await session.driver.forget(first.attemptId);
        assert.equal((await session.exited(second.attemptId)).exitCode, 0);
      },
      { nodes: NODES },
    );
  });

  test("the next leader goes on waiting for room", async () => {
    await withKubernetes(
      async ({ cluster, open }) => {
        const session = await open();
        const [main] = gang("a", 3, "exit 4") as [AttemptSpec];
        await session.driver.start(main);
        await until("it waits", () => session.driver.waitsFor!(main.attemptId) !== undefined);
        await session.close();
        const next = await open();
        await until("it waits still", () => /at once/.test(next.driver.waitsFor!(main.attemptId) ?? ""));
        cluster.addNode({ name: "three", cpu: "3", memory: "4Gi" });
        assert.equal((await next.exited(main.attemptId)).exitCode, 4);
      },
      { nodes: NODES },
    );
  });

  test("one that is stopped while it waits never began", async () => {
    await withKubernetes(
      async ({ cluster, open }) => {
        const session = await open();
        const [main] = gang("a", 3) as [AttemptSpec];
        await session.driver.start(main);
        await until("its pod is there", () =>
          cluster.pods().some(({ metadata }) => metadata.name === podName(main.attemptId)),
        );
        await session.driver.stop(main.attemptId, Date.now());
        const exited = await session.exited(main.attemptId);
        assert.deepEqual([exited.startedAt, exited.exitCode, exited.reason], [undefined, undefined, undefined]);
      },
      { nodes: NODES },
    );
  });
});

describe("room", () => {
  const machine = (name: string, vcpuMilli: number, takesPods = true) => ({
    ...{ name, id: name, isReady: true, takesPods, since: 0, attemptIds: [] },
    capacity: { vcpuMilli, memoryMiB: 1000, gpus: 0 },
  });
  const pod = (
    nodeName: string,
    requests: Record<string, string>,
    phase = "Running",
    init?: Record<string, string>,
  ) => ({
    spec: {
      nodeName,
      containers: [{ name: "c", resources: { requests } }],
      ...(init !== undefined && { initContainers: [{ name: "i", resources: { requests: init } }] }),
    },
    status: { phase },
  });

  test("is what ready nodes have beside what their pods have asked for", () => {
    const free = freeNodes(
      [machine("a", 4000), machine("b", 4000), machine("closed", 9000, false)],
      [
        pod("a", { cpu: "1500m", memory: "200Mi" }),
        pod("a", { cpu: "4" }, "Succeeded"),
        pod("b", { cpu: "500m" }, "Pending", { cpu: "3" }),
        pod("gone", { cpu: "1" }),
      ],
    );
    assert.deepEqual(free, [
      { name: "a", free: { vcpuMilli: 2500, memoryMiB: 800, gpus: 0 } },
      { name: "b", free: { vcpuMilli: 1000, memoryMiB: 1000, gpus: 0 } },
    ]);
    const each = { vcpuMilli: 1000, memoryMiB: 300, gpus: 0 };
    assert.equal(roomFor(free, each), 3);
    assert.equal(take(free, each, 4), undefined);
    assert.deepEqual(
      take(free, each, 3)?.map(({ free: left }) => left.vcpuMilli),
      [500, 0],
    );
  });
});
