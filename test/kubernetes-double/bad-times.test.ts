import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1Pod } from "@kubernetes/client-node";
import { until } from "../support/until.ts";
import { namespace, pod, untilPhase, untilPod, withDouble } from "./client.ts";
import type { Client } from "./client.ts";

const RUNS = "trap 'exit 7' TERM; while :; do sleep 0.05; done 2>/dev/null";

function condition({ status }: V1Pod, type: string): string | undefined {
  const found = status?.conditions?.find((one) => one.type === type);
  return found === undefined ? undefined : `${found.status} ${found.reason ?? ""}`.trim();
}

async function running({ core }: Client, name: string, finalizers: string[] = []): Promise<void> {
  await core.createNamespacedPod({ namespace, body: pod(name, RUNS, {}, { finalizers }) });
  await untilPhase(core, name, "Running");
}

function asks(cpu: string): Partial<V1Pod["spec"]> {
  const resources = { requests: { cpu }, limits: { cpu } };
  return { containers: [{ name: "main", image: "busybox", command: ["true"], resources }] };
}

test("a pod without room says what each node lacks, and is placed when one comes that has it", () =>
  withDouble(
    {
      nodes: [
        { name: "small", cpu: "1" },
        { name: "tainted", taints: [{ key: "gpu", effect: "NoSchedule" }] },
      ],
    },
    async ({ core, double }) => {
      await core.createNamespacedPod({ namespace, body: pod("p", "", asks("4")) });
      const waiting = await untilPod(core, "p", "waiting", (one) => condition(one, "PodScheduled") !== undefined);
      assert.equal(condition(waiting, "PodScheduled"), "False Unschedulable");
      assert.equal(
        waiting.status!.conditions![0]!.message,
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {gpu: }. " +
          "preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
      );
      double.addNode({ name: "large", cpu: "8" });
      assert.equal((await untilPhase(core, "p", "Succeeded")).spec?.nodeName, "large");
    },
  ));

test("gates hold a pod back; the requests of what runs count, of what is over not", () =>
  withDouble({ nodes: [{ name: "n", cpu: "2" }] }, async ({ core }) => {
    const schedulingGates = [{ name: "longshore.dev/room" }];
    const gated = await core.createNamespacedPod({
      namespace,
      body: pod("gated", "", { ...asks("2"), schedulingGates }),
    });
    assert.equal(condition(gated, "PodScheduled"), "False SchedulingGated");
    for (const name of ["a", "b", "c"]) await core.createNamespacedPod({ namespace, body: pod(name, "", asks("2")) });
    for (const name of ["a", "b", "c"]) await untilPhase(core, name, "Succeeded");
    assert.equal((await core.readNamespacedPod({ namespace, name: "gated" })).spec?.nodeName, undefined);
    await core.patchNamespacedPod({
      namespace,
      name: "gated",
      body: [{ op: "remove", path: "/spec/schedulingGates" }],
    });
    await untilPhase(core, "gated", "Succeeded");
  }));

test("evicted by its node: failed with the reason, and the object stays", () =>
  withDouble({}, async (client) => {
    await running(client, "p");
    client.double.misfortunes.evict("p");
    const { status } = await untilPhase(client.core, "p", "Failed");
    assert.equal(status!.reason, "Evicted");
    assert.equal(condition({ status: status! }, "DisruptionTarget"), "True TerminationByKubelet");
  }));

test("preempted: the condition first, then a deletion with its grace", () =>
  withDouble({}, async (client) => {
    await running(client, "p", ["longshore.dev/attempt"]);
    client.double.misfortunes.preempt("p");
    const over = await untilPhase(client.core, "p", "Failed");
    assert.equal(condition(over, "DisruptionTarget"), "True PreemptionByScheduler");
    assert.equal(over.status!.containerStatuses![0]!.state!.terminated!.exitCode, 7);
  }));

test("force deletion: the object is gone at once, the processes soon after", () =>
  withDouble({}, async (client) => {
    await running(client, "p", ["longshore.dev/attempt"]);
    const { uid } = client.double.pods()[0]!.metadata;
    client.double.misfortunes.forceDelete("p");
    assert.deepEqual(client.double.pods(), []);
    await until("the worker is gone", () => client.double.kubelet("node-1").worker(uid) === undefined);
  }));

test("a node that is cut off is NotReady, its pods go on, and what they did is told when it is back", () =>
  withDouble({}, async (client) => {
    const { core, double } = client;
    await core.createNamespacedPod({ namespace, body: pod("p", "sleep 0.5; exit 3") });
    await untilPhase(core, "p", "Running");
    double.misfortunes.cutOff("node-1");
    const node = await core.readNode({ name: "node-1" });
    assert.deepEqual(
      node.status!.conditions!.map(({ type, status }) => `${type}=${status}`),
      ["Ready=Unknown"],
    );
    assert.equal(node.spec!.taints!.length, 2);
    const { uid } = double.pods()[0]!.metadata;
    await until("it has ended", () => double.kubelet("node-1").worker(uid)?.isOver);
    assert.equal(double.pods()[0]!.status.phase, "Running");
    await assert.rejects(core.readNamespacedPodLog({ namespace, name: "p" }), {
      code: 500,
      body: /connection refused/,
    });
    double.misfortunes.evictFromCutOff("node-1");
    assert.equal(
      condition(await core.readNamespacedPod({ namespace, name: "p" }), "DisruptionTarget"),
      "True DeletionByTaintManager",
    );
    double.misfortunes.rejoin("node-1");
    await until("it is let go", () => double.pods().length === 0);
  }));

test("a destroyed node takes its processes with it; its pods are failed and, without finalizers, gone", () =>
  withDouble({ nodes: [{ name: "n" }] }, async (client) => {
    await running(client, "held", ["longshore.dev/attempt"]);
    await running(client, "free");
    await client.double.misfortunes.destroyNode("n");
    const held = await untilPhase(client.core, "held", "Failed");
    assert.equal(condition(held, "DisruptionTarget"), "True DeletionByPodGC");
    assert.notEqual(held.metadata?.deletionTimestamp, undefined);
    assert.deepEqual(
      client.double.pods().map(({ metadata }) => metadata.name),
      ["held"],
    );
  }));

test("a refused pod has failed without containers having run", () =>
  withDouble({}, async ({ core, double }) => {
    double.misfortunes.refuseNext("node-1");
    await core.createNamespacedPod({ namespace, body: pod("p", "exit 0") });
    const { status } = await untilPhase(core, "p", "Failed");
    assert.equal(status!.reason, "OutOfcpu");
  }));

test("what runs goes on while the API server is away, and is told when it is back", () =>
  withDouble({}, async ({ core, double }) => {
    await core.createNamespacedPod({ namespace, body: pod("p", "sleep 0.3; exit 3") });
    await untilPhase(core, "p", "Running");
    await double.leave("refused");
    const { uid } = double.pods()[0]!.metadata;
    await until("it has ended", () => double.kubelet("node-1").worker(uid)?.isOver);
    assert.equal(double.pods()[0]!.status.phase, "Running");
    await double.comeBack();
    await untilPhase(core, "p", "Failed");
  }));

test("no process outlives the double", async () => {
  let pid = 0;
  await withDouble({}, async (client) => {
    await running(client, "p");
    const run = client.double.kubelet("node-1").worker(client.double.pods()[0]!.metadata.uid)!.container("main")!.run!;
    ({ pid } = run as unknown as { pid: number });
    process.kill(pid, 0);
  });
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
});
