import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { CoreV1Api, KubeConfig, Log } from "@kubernetes/client-node";
import type { V1Pod } from "@kubernetes/client-node";
import { KubernetesDouble } from "../support/kubernetes/double.ts";
import type { KubernetesDoubleOptions } from "../support/kubernetes/double.ts";
import { until } from "../support/until.ts";

interface Client {
  readonly double: KubernetesDouble;
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
}

async function withDouble(options: KubernetesDoubleOptions, run: (client: Client) => Promise<void>): Promise<void> {
  const double = await KubernetesDouble.start(options);
  try {
    const config = new KubeConfig();
    config.loadFromString(double.kubeconfig());
    await run({ double, config, core: config.makeApiClient(CoreV1Api) });
  } finally {
    await double.dispose();
  }
}

function pod(name: string, script: string, more: Partial<V1Pod["spec"]> = {}): V1Pod {
  const container = { name: "main", image: "busybox", command: ["sh", "-c", script] };
  return { metadata: { name }, spec: { restartPolicy: "Never", containers: [container], ...more } };
}

const namespace = "default";

test("a pod runs, and its status and log tell what it did", () =>
  withDouble({}, async ({ core, config }) => {
    const created = await core.createNamespacedPod({ namespace, body: pod("one", "echo out; echo err >&2; exit 3") });
    assert.equal(created.status?.phase, "Pending");
    const over = await until("it is over", async () => {
      const read = await core.readNamespacedPod({ namespace, name: "one" });
      return read.status?.phase === "Failed" ? read : undefined;
    });
    const terminated = over.status!.containerStatuses![0]!.state!.terminated!;
    assert.deepEqual([terminated.exitCode, terminated.reason], [3, "Error"]);
    assert.ok(terminated.startedAt! <= terminated.finishedAt!);
    const text = await core.readNamespacedPodLog({ namespace, name: "one" });
    assert.deepEqual(text.split("\n").sort(), ["", "err", "out"]);
    const followed = new PassThrough();
    await new Log(config).log(namespace, "one", "main", followed, { follow: true, timestamps: true });
    let told = "";
    for await (const chunk of followed) told += String(chunk);
    assert.match(told, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (out|err)\n/);
  }));

test("a deleted pod gets SIGTERM, its grace, and SIGKILL", () =>
  withDouble({}, async ({ core, double }) => {
    await core.createNamespacedPod({
      namespace,
      body: pod("deaf", "trap '' TERM; echo ready; while :; do sleep 0.1; done"),
    });
    await until("it is ready", async () => {
      const phase = (await core.readNamespacedPod({ namespace, name: "deaf" })).status?.phase;
      return phase === "Running" && (await core.readNamespacedPodLog({ namespace, name: "deaf" })) === "ready\n";
    });
    const before = Date.now();
    const marked = await core.deleteNamespacedPod({ namespace, name: "deaf", gracePeriodSeconds: 2 });
    assert.equal((marked as V1Pod).metadata?.deletionGracePeriodSeconds, 2);
    await until("it is gone", () => double.pods().length === 0);
    assert.ok(Date.now() - before >= 1900);
  }));
