import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podName } from "../../../src/drivers/kubernetes/names.ts";
import { OUT_OF_MEMORY } from "../../../src/ports/driver.ts";
import { until } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { withKubernetes } from "./bench.ts";

const sh = (script: string, image = "busybox") => attempt({ image, command: ["sh", "-c", script] });

describe("what befalls pods", () => {
  test("a pod that somebody deletes while it runs is lost, with its host", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      const spec = sh("sleep 60");
      await session.driver.start(spec);
      const { at, machine } = await session.started(spec.attemptId);
      assert.equal(machine?.name, "node-1");
      cluster.misfortunes.deleteByHand(podName(spec.attemptId));
      const exited = await session.exited(spec.attemptId);
      assert.deepEqual([exited.startedAt, exited.exitCode], [at, undefined]);
      assert.match(exited.reason!, /deleted by somebody else/);
      assert.equal(exited.machine?.name, "node-1");
      await session.driver.forget(spec.attemptId);
      assert.deepEqual(cluster.pods(), []);
    });
  });

  test("a pod whose object is removed by force is lost", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      const spec = sh("sleep 60");
      await session.driver.start(spec);
      await session.started(spec.attemptId);
      cluster.misfortunes.forceDelete(podName(spec.attemptId));
      const exited = await session.exited(spec.attemptId);
      assert.deepEqual([exited.startedAt === undefined, exited.exitCode], [false, undefined]);
      await session.driver.forget(spec.attemptId);
    });
  });

  for (const [what, happen, reason] of [
    ["evicted", "evict", /^Evicted: The node was low on resource/],
    ["preempted", "preempt", /^PreemptionByScheduler: .*preempting/],
  ] as const) {
    test(`a pod that is ${what} is lost, and says why`, async () => {
      await withKubernetes(async ({ cluster, open }) => {
        const session = await open();
        const spec = sh("sleep 60");
        await session.driver.start(spec);
        await session.started(spec.attemptId);
        cluster.misfortunes[happen](podName(spec.attemptId));
        const exited = await session.exited(spec.attemptId);
        assert.equal(exited.exitCode, undefined);
        assert.notEqual(exited.startedAt, undefined);
        assert.match(exited.reason!, reason);
      });
    });
  }

  test("a program that ended well before its pod was deleted has ended well", async () => {
    await withKubernetes(async ({ open, cluster }) => {
      const session = await open();
      const spec = sh("trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done");
      await session.driver.start(spec);
      await session.started(spec.attemptId);
      cluster.misfortunes.deleteByHand(podName(spec.attemptId));
      const exited = await session.exited(spec.attemptId);
      assert.ok(exited.exitCode === 0 || exited.exitCode === undefined);
    });
  });

  test("a driver that finds a pod names its node as the one did that made it", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      const spec = sh("sleep 60");
      await session.driver.start(spec);
      const { machine } = await session.started(spec.attemptId);
      const [node] = cluster.store.list("nodes");
      assert.deepEqual(machine, { name: "node-1", id: node!.metadata.uid });
      await session.close();
      const next = await open();
      assert.deepEqual((await next.started(spec.attemptId)).machine, machine);
    });
  });

  test("a pod that its node refuses never began", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      cluster.misfortunes.refuseNext("node-1");
      const spec = sh("true");
      await session.driver.start(spec);
      const exited = await session.exited(spec.attemptId);
      assert.deepEqual([exited.startedAt, exited.exitCode], [undefined, undefined]);
      assert.match(exited.reason!, /^OutOfcpu: /);
    });
  });

  test("out of memory reads as AWS says it", async () => {
    await withKubernetes(async ({ open }) => {
      const session = await open();
      const spec = attempt({ image: "busybox", command: ["tail", "/dev/zero"] }, { memoryMiB: 32 });
      await session.driver.start(spec);
      const { exitCode, reason } = await session.exited(spec.attemptId);
      assert.deepEqual([exitCode, reason], [137, OUT_OF_MEMORY]);
    });
  });

  test("an image that cannot be pulled: the reason, and no pod is left behind", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      const spec = sh("true", "nowhere/none:1");
      await session.driver.start(spec);
      const exited = await session.exited(spec.attemptId);
      assert.deepEqual([exited.startedAt, exited.exitCode], [undefined, undefined]);
      assert.match(exited.reason!, /^CannotPullContainerError: .*nowhere\/none:1/);
      await session.driver.forget(spec.attemptId);
      assert.deepEqual(cluster.pods(), []);
    });
  });

  test("a pod that fits nowhere waits, and tells the cluster's own reason", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      const spec = attempt({ image: "busybox", command: ["true"] }, { vcpuMilli: 9_000_000 });
      await session.driver.start(spec);
      await until("it says why", () => /Insufficient cpu/.test(session.driver.waitsFor!(spec.attemptId) ?? ""));
      await session.driver.stop(spec.attemptId, Date.now());
      const exited = await session.exited(spec.attemptId);
      assert.deepEqual([exited.startedAt, exited.exitCode, exited.reason], [undefined, undefined, undefined]);
      await session.driver.forget(spec.attemptId);
      assert.deepEqual(cluster.pods(), []);
    });
  });

  test("what a pod cannot say is refused without a request", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      const spec = attempt({ image: "busybox", user: "nobody" });
      await session.driver.start(spec);
      assert.match((await session.exited(spec.attemptId)).reason!, /^CannotStartContainerError: a pod cannot run as/);
      await session.driver.forget(spec.attemptId);
      assert.equal(cluster.api.counts.get("create pods"), 0);
      assert.equal(cluster.api.counts.get("delete pods"), 0);
    });
  });

  test("a namespace that the driver does not use is refused", async () => {
    await withKubernetes(async ({ open }) => {
      const session = await open();
      const pod = { id: "e".repeat(32), namespace: "kube-system", name: "c", index: 0, count: 1, dependsOn: [] };
      const spec = attempt({ image: "busybox" }, { pod });
      await session.driver.start(spec);
      assert.match((await session.exited(spec.attemptId)).reason!, /does not use the namespace kube-system/);
    });
  });
});

describe("what befalls nodes", () => {
  test("a node that is not ready and returns: its pods go on, and nothing is invented", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      const spec = sh("sleep 1; exit 6");
      await session.driver.start(spec);
      await session.started(spec.attemptId);
      cluster.misfortunes.cutOff("node-1");
      await until("the node is seen to be away", () => session.driver.machines!()[0]?.isReady === false);
      cluster.misfortunes.rejoin("node-1");
      assert.equal((await session.exited(spec.attemptId)).exitCode, 6);
    });
  });

  test("a node that stays away loses its pods, which are removed although it says nothing", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open({ patience: { nodeMs: 300, goneNodeMs: 100 } });
      const spec = sh("sleep 60");
      await session.driver.start(spec);
      await session.started(spec.attemptId);
      cluster.misfortunes.cutOff("node-1");
      const exited = await session.exited(spec.attemptId);
      assert.notEqual(exited.startedAt, undefined);
      assert.equal(exited.exitCode, undefined);
      assert.match(exited.reason!, /^The node node-1 is not ready/);
      await session.driver.forget(spec.attemptId);
      assert.deepEqual(cluster.pods(), []);
    });
  });

  test("a node that is destroyed takes its pods with it", async () => {
    await withKubernetes(
      async ({ cluster, open }) => {
        const session = await open({ patience: { goneNodeMs: 100 } });
        const spec = sh("sleep 60");
        await session.driver.start(spec);
        const { machine } = await session.started(spec.attemptId);
        await cluster.misfortunes.destroyNode(machine!.name);
        const exited = await session.exited(spec.attemptId);
        assert.deepEqual([exited.startedAt === undefined, exited.exitCode], [false, undefined]);
        await session.driver.forget(spec.attemptId);
        assert.deepEqual(cluster.pods(), []);
      },
      { nodes: [{ name: "one" }, { name: "two" }] },
    );
  });

  test("machines are the nodes, with what runs there", async () => {
    await withKubernetes(
      async ({ open, cluster }) => {
        const session = await open();
        const spec = sh("sleep 60");
        await session.driver.start(spec);
        await session.started(spec.attemptId);
        const [node] = session.driver.machines!();
        assert.partialDeepStrictEqual(node, {
          ...{ name: "big", isReady: true, takesPods: true, zone: "z", attemptIds: [spec.attemptId] },
          capacity: { vcpuMilli: 4000, memoryMiB: 8192, gpus: 1 },
        });
        cluster.misfortunes.cordon("big");
        await until("it takes no pods", () => session.driver.machines!()[0]?.takesPods === false);
        await session.driver.stop(spec.attemptId, Date.now());
        await session.exited(spec.attemptId);
        assert.deepEqual(session.driver.machines!()[0]?.attemptIds, []);
      },
      { nodes: [{ name: "big", cpu: "4", memory: "8Gi", gpus: 1, labels: { "topology.kubernetes.io/zone": "z" } }] },
    );
  });

  test("goes on where it may not see the nodes", async () => {
    await withKubernetes(async ({ cluster, open, notices }) => {
      cluster.api.deny("list nodes");
      const session = await open();
      const spec = sh("exit 3");
      await session.driver.start(spec);
      assert.equal((await session.exited(spec.attemptId)).exitCode, 3);
      assert.deepEqual(session.driver.machines!(), []);
      await until("it is told", () => notices.some((notice) => /see its nodes/.test(notice)));
    });
  });
});
