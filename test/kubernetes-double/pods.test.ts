import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1Container } from "@kubernetes/client-node";
import { until } from "../support/until.ts";
import { namespace, pod, untilPhase, untilPod, withDouble } from "./client.ts";

const WAIT = "while :; do sleep 0.1; done 2>/dev/null";

test("a pod runs, and its status tells what it did", () =>
  withDouble({}, async ({ core }) => {
    const created = await core.createNamespacedPod({ namespace, body: pod("one", "exit 3") });
    assert.deepEqual([created.status?.phase, created.spec?.tolerations?.length], ["Pending", 2]);
    const { status, spec } = await untilPhase(core, "one", "Failed");
    assert.equal(spec?.nodeName, "node-1");
    const terminated = status!.containerStatuses![0]!.state!.terminated!;
    assert.deepEqual([terminated.exitCode, terminated.reason], [3, "Error"]);
    assert.ok(terminated.startedAt! <= terminated.finishedAt!);
    const conditions = new Map(
      status!.conditions!.map((one) => [one.type, `${one.status} ${one.reason ?? ""}`.trim()]),
    );
    assert.equal(conditions.get("PodScheduled"), "True");
    assert.equal(conditions.get("Ready"), "False PodFailed");
  }));

test("a deleted pod gets SIGTERM, its grace, and SIGKILL; a shorter grace counts, a longer one does not", () =>
  withDouble({}, async ({ core, double }) => {
    await core.createNamespacedPod({ namespace, body: pod("deaf", `trap '' TERM; echo ready; ${WAIT}`) });
    await untilPhase(core, "deaf", "Running");
    await until(
      "it is ready",
      async () => (await core.readNamespacedPodLog({ namespace, name: "deaf" })) === "ready\n",
    );
    const before = Date.now();
    const grace = async (gracePeriodSeconds: number): Promise<number | undefined> =>
      (await core.deleteNamespacedPod({ namespace, name: "deaf", gracePeriodSeconds })).metadata
        ?.deletionGracePeriodSeconds;
    assert.deepEqual([await grace(60), await grace(2), await grace(30)], [60, 2, 2]);
    await until("it is gone", () => double.pods().length === 0);
    assert.ok(Date.now() - before >= 1900 && Date.now() - before < 30_000);
  }));

test("finalizers keep a deleted pod, with its last status, until the last one is taken away", () =>
  withDouble({}, async ({ core, double }) => {
    const finalizers = ["longshore.dev/attempt"];
    await core.createNamespacedPod({ namespace, body: pod("held", `trap 'exit 5' TERM; ${WAIT}`, {}, { finalizers }) });
    await untilPhase(core, "held", "Running");
    await core.deleteNamespacedPod({ namespace, name: "held" });
    const over = await untilPhase(core, "held", "Failed");
    assert.equal(over.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 5);
    await untilPod(core, "held", "without grace", ({ metadata }) => metadata?.deletionGracePeriodSeconds === 0);
    const body = [{ op: "remove", path: "/metadata/finalizers" }];
    await core.patchNamespacedPod({ namespace, name: "held", body });
    assert.deepEqual(double.pods(), []);
  }));

test("a pod that no node has, and one that is over, are deleted at once", () =>
  withDouble({ nodes: [] }, async ({ core, double }) => {
    await core.createNamespacedPod({ namespace, body: pod("waits", "exit 0") });
    await core.deleteNamespacedPod({ namespace, name: "waits" });
    assert.deepEqual(double.pods(), []);
    double.addNode({ name: "late" });
    await core.createNamespacedPod({ namespace, body: pod("over", "exit 0") });
    await untilPhase(core, "over", "Succeeded");
    await core.deleteNamespacedPod({ namespace, name: "over" });
    assert.deepEqual(double.pods(), []);
  }));

test("init containers run in order before the containers; one that fails ends the pod", () =>
  withDouble({}, async ({ core }) => {
    const init = (name: string, script: string): V1Container => ({
      name,
      image: "busybox",
      command: ["sh", "-c", script],
    });
    const initContainers = [init("first", "exit 0"), init("second", "exit 4"), init("third", "exit 0")];
    await core.createNamespacedPod({ namespace, body: pod("init", "exit 0", { initContainers }) });
    const { status } = await untilPhase(core, "init", "Failed");
    const ends = status!.initContainerStatuses!.map(
      ({ state }) => state?.terminated?.exitCode ?? state?.waiting?.reason,
    );
    assert.deepEqual(ends, [0, 4, "PodInitializing"]);
    assert.equal(status!.containerStatuses![0]!.state!.waiting?.reason, "PodInitializing");
  }));

test("a container that cannot be started says why, and did not run", () =>
  withDouble({}, async ({ core }) => {
    const containers = [{ name: "main", image: "busybox", command: ["no-such-program"] }];
    await core.createNamespacedPod({ namespace, body: pod("nothing", "", { containers }) });
    const { status } = await untilPhase(core, "nothing", "Failed");
    const { exitCode, reason, message, startedAt } = status!.containerStatuses![0]!.state!.terminated!;
    assert.deepEqual([exitCode, reason, startedAt?.getTime()], [128, "StartError", 0]);
    assert.match(message!, /exec: "no-such-program": executable file not found in \$PATH$/);
  }));

test("what holds more than its memory is killed", () =>
  withDouble({}, async ({ core }) => {
    const resources = { limits: { memory: "32Mi" } };
    const containers = [{ name: "main", image: "busybox", command: ["tail", "/dev/zero"], resources }];
    await core.createNamespacedPod({ namespace, body: pod("large", "", { containers }) });
    const { status } = await untilPhase(core, "large", "Failed");
    const { exitCode, reason } = status!.containerStatuses![0]!.state!.terminated!;
    assert.deepEqual([exitCode, reason], [137, "OOMKilled"]);
  }));

test("an image that does not exist is tried again and again, and runs once it is there", () =>
  withDouble({}, async ({ core, double }) => {
    const containers = [{ name: "main", image: "nope", command: ["true"] }];
    await core.createNamespacedPod({ namespace, body: pod("pulls", "", { containers }) });
    const waitsFor = (reason: string): Promise<unknown> =>
      untilPod(
        core,
        "pulls",
        reason,
        ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === reason,
      );
    await waitsFor("ErrImagePull");
    await waitsFor("ImagePullBackOff");
    await assert.rejects(core.readNamespacedPodLog({ namespace, name: "pulls" }), {
      code: 400,
      body: /container \\"main\\" in pod \\"pulls\\" is waiting to start: (trying and failing to pull image|image can't be pulled)/,
    });
    double.images.set("nope", {});
    await untilPhase(core, "pulls", "Succeeded");
  }));

test("the environment: variables in words, secrets once they are there, fields of the pod", () =>
  withDouble({}, async ({ core }) => {
    const env = [
      { name: "A", value: "one" },
      { name: "B", value: "$(A) $(NONE) $$(A)" },
      { name: "C", valueFrom: { secretKeyRef: { name: "hidden", key: "word" } } },
      { name: "D", valueFrom: { fieldRef: { fieldPath: "metadata.labels['job']" } } },
    ];
    const script = 'printf "%s|" "$B" "$C" "$D" "$1"';
    const containers = [{ name: "main", image: "busybox", command: ["sh", "-c", script, "sh", "$(A)"], env }];
    await core.createNamespacedPod({ namespace, body: pod("env", "", { containers }, { labels: { job: "j-1" } }) });
    const waiting = await untilPod(core, "env", "waiting", ({ status }) =>
      (status?.containerStatuses?.[0]?.state?.waiting?.reason ?? "").startsWith("CreateContainerConfigError"),
    );
    assert.equal(waiting.status!.containerStatuses![0]!.state!.waiting!.message, 'secret "hidden" not found');
    await core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: "hidden" }, stringData: { word: "psst" } },
    });
    await untilPhase(core, "env", "Succeeded");
    const log = await core.readNamespacedPodLog({ namespace, name: "env" });
    assert.equal(log, "one $(NONE) $(A)|psst|j-1|one|\n");
  }));

test("a secret goes with the pod that owns it", () =>
  withDouble({}, async ({ core, double }) => {
    const { metadata } = await core.createNamespacedPod({ namespace, body: pod("owner", "exit 0") });
    const ownerReferences = [{ apiVersion: "v1", kind: "Pod", name: "owner", uid: metadata!.uid! }];
    await core.createNamespacedSecret({ namespace, body: { metadata: { name: "owned", ownerReferences } } });
    await core.createNamespacedSecret({ namespace, body: { metadata: { name: "free" } } });
    await core.deleteNamespacedPod({ namespace, name: "owner" });
    await until("it is collected", () => double.store.list("secrets").length === 1);
    assert.equal(double.store.list("secrets")[0]!.metadata.name, "free");
  }));
