import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1Pod } from "@kubernetes/client-node";
import { Random } from "../sim/random.ts";
import { until } from "../support/until.ts";
import { namespace, pod, untilPhase, watchPods, withDouble } from "./client.ts";

/** No pods run: what is tried is the API alone. */
const ALONE = { nodes: [] };

test("names are unique; what is not there is not found", () =>
  withDouble(ALONE, async ({ core }) => {
    await core.createNamespacedPod({ namespace, body: pod("one", "") });
    await assert.rejects(core.createNamespacedPod({ namespace, body: pod("one", "") }), {
      code: 409,
      body: /"reason":"AlreadyExists"/,
    });
    await assert.rejects(core.readNamespacedPod({ namespace, name: "two" }), {
      code: 404,
      body: /pods \\"two\\" not found/,
    });
    await assert.rejects(core.createNamespacedPod({ namespace: "none", body: pod("one", "") }), { code: 404 });
  }));

const INVALID: Readonly<Record<string, { readonly body: V1Pod; readonly field: string }>> = {
  "a name that is no DNS name": { body: pod("Upper_Case", ""), field: "metadata.name" },
  "a label's value that is too long": {
    body: pod("a", "", {}, { labels: { x: "y".repeat(64) } }),
    field: "metadata.labels",
  },
  "a label's key with a colon": { body: pod("a", "", {}, { labels: { "a:b": "c" } }), field: "metadata.labels" },
  "an annotation's key": { body: pod("a", "", {}, { annotations: { "a b": "c" } }), field: "metadata.annotations" },
  "a finalizer without a domain": { body: pod("a", "", {}, { finalizers: ["mine"] }), field: "metadata.finalizers[0]" },
  "no containers": { body: pod("a", "", { containers: [] }), field: "spec.containers" },
  "containers of one name": {
    body: pod("a", "", { containers: [container(), container()] }),
    field: "spec.containers[1].name",
  },
  "no image": { body: pod("a", "", { containers: [{ name: "main" }] }), field: "spec.containers[0].image" },
  "a variable's name with =": {
    body: pod("a", "", { containers: [{ ...container(), env: [{ name: "A=B", value: "" }] }] }),
    field: "spec.containers[0].env[0].name",
  },
  "more requested than the limit": {
    body: pod("a", "", {
      containers: [{ ...container(), resources: { requests: { cpu: "2" }, limits: { cpu: "1500m" } } }],
    }),
    field: "spec.containers[0].resources.requests",
  },
  "no quantity": {
    body: pod("a", "", { containers: [{ ...container(), resources: { limits: { memory: "12MB" } } }] }),
    field: "spec.containers[0].resources.limits[memory]",
  },
  "half a GPU": {
    body: pod("a", "", { containers: [{ ...container(), resources: { limits: { "nvidia.com/gpu": "500m" } } }] }),
    field: "spec.containers[0].resources.limits[nvidia.com/gpu]",
  },
  "a mount of no volume": {
    body: pod("a", "", { containers: [{ ...container(), volumeMounts: [{ name: "v", mountPath: "/v" }] }] }),
    field: "spec.containers[0].volumeMounts[0].name",
  },
  "an unknown restart policy": { body: pod("a", "", { restartPolicy: "Sometimes" }), field: "spec.restartPolicy" },
};

function container(): { name: string; image: string } {
  return { name: "main", image: "busybox" };
}

for (const [what, { body, field }] of Object.entries(INVALID))
  test(`invalid: ${what}`, () =>
    withDouble(ALONE, async ({ core, double }) => {
      await assert.rejects(core.createNamespacedPod({ namespace, body }), (error: { code: number; body: string }) => {
        const status = JSON.parse(error.body) as { reason: string; details: { causes: { field: string }[] } };
        assert.deepEqual([error.code, status.reason], [422, "Invalid"]);
        assert.deepEqual(
          status.details.causes.map((cause) => cause.field),
          [field],
        );
        return true;
      });
      assert.deepEqual(double.pods(), []);
    }));

test("unknown members are refused when validation is strict, and values of another type always", () =>
  withDouble(ALONE, async ({ double }) => {
    const create = (spec: object): Promise<Response> =>
      fetch(`${double.api.url}/api/v1/namespaces/default/pods?fieldValidation=Strict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec }),
      });
    const unknown = await create({ containers: [{ ...container(), comand: ["x"] }] });
    assert.equal(unknown.status, 400);
    assert.match(await unknown.text(), /strict decoding error: unknown field \\"spec.containers\[0\].comand\\"/);
    assert.equal((await create({ containers: [{ ...container(), command: "x" }] })).status, 400);
    assert.equal((await create({ containers: [{ ...container(), command: ["x"] }] })).status, 201);
  }));

test("lists select by labels and fields, and come page by page of one version", () =>
  withDouble(ALONE, async ({ core, double }) => {
    for (const [index, job] of ["a", "b", "a", "c", "a"].entries())
      await core.createNamespacedPod({ namespace, body: pod(`p${index}`, "", {}, { labels: { job } }) });
    const names = async (query: { labelSelector?: string; fieldSelector?: string }): Promise<string[]> =>
      (await core.listNamespacedPod({ namespace, ...query })).items.map(({ metadata }) => metadata!.name!);
    assert.deepEqual(await names({ labelSelector: "job=a" }), ["p0", "p2", "p4"]);
    assert.deepEqual(await names({ labelSelector: "job in (b, c),job" }), ["p1", "p3"]);
    assert.deepEqual(await names({ labelSelector: "job!=a", fieldSelector: "metadata.name=p3" }), ["p3"]);
    assert.deepEqual(await names({ fieldSelector: "status.phase=Running" }), []);
    const first = await core.listNamespacedPod({ namespace, limit: 2 });
    assert.equal(first.metadata?.remainingItemCount, 3);
    await core.deleteNamespacedPod({ namespace, name: "p3" });
    const page = { namespace, limit: 5, _continue: first.metadata?._continue ?? "" };
    const second = await core.listNamespacedPod(page);
    assert.deepEqual(
      second.items.map(({ metadata }) => metadata!.name),
      ["p2", "p3", "p4"],
    );
    assert.equal(second.metadata?.resourceVersion, first.metadata?.resourceVersion);
    double.compact();
    await assert.rejects(core.listNamespacedPod(page), { code: 410, body: /"reason":"Expired"/ });
  }));

test("a patch of an older version conflicts; of the spec only gates and the like may change", () =>
  withDouble(ALONE, async ({ core }) => {
    const schedulingGates = [{ name: "longshore.dev/room" }];
    const { metadata } = await core.createNamespacedPod({ namespace, body: pod("gated", "", { schedulingGates }) });
    const patch = (body: unknown): Promise<V1Pod> => core.patchNamespacedPod({ namespace, name: "gated", body });
    const test = { op: "test", path: "/metadata/resourceVersion", value: "1" };
    await assert.rejects(patch([test]), { code: 422 });
    const version = { op: "replace", path: "/metadata/resourceVersion", value: "1" };
    await assert.rejects(patch([version]), { code: 409, body: /the object has been modified/ });
    await assert.rejects(patch([{ op: "add", path: "/spec/schedulingGates/-", value: { name: "another" } }]), {
      code: 422,
    });
    await assert.rejects(patch([{ op: "replace", path: "/spec/restartPolicy", value: "Always" }]), { code: 422 });
    const opened = await patch([{ op: "remove", path: "/spec/schedulingGates" }]);
    assert.equal(opened.spec?.schedulingGates, undefined);
    assert.notEqual(opened.metadata?.resourceVersion, metadata?.resourceVersion);
  }));

test("a watch tells each change after its version, in order, and only what its selector selects", () =>
  withDouble({}, async ({ core, config }) => {
    const { metadata } = await core.listNamespacedPod({ namespace });
    const query = { resourceVersion: metadata!.resourceVersion!, labelSelector: "job=a" };
    const watching = await watchPods(config, query);
    await core.createNamespacedPod({ namespace, body: pod("other", "exit 0", {}, { labels: { job: "b" } }) });
    await core.createNamespacedPod({ namespace, body: pod("mine", "exit 0", {}, { labels: { job: "a" } }) });
    await untilPhase(core, "mine", "Succeeded");
    await core.deleteNamespacedPod({ namespace, name: "mine" });
    await until("its end is told", () => watching.seen.at(-1)?.type === "DELETED");
    watching.stop();
    assert.deepEqual([...new Set(watching.seen.map(({ object }) => object.metadata!.name))], ["mine"]);
    const versions = watching.seen.map(({ object }) => Number(object.metadata!.resourceVersion));
    assert.deepEqual(
      versions,
      versions.toSorted((one, other) => one - other),
    );
    const phases = watching.seen.map(({ object }) => object.status!.phase);
    assert.deepEqual([...new Set(phases)], ["Pending", "Running", "Succeeded"]);
    const again = await watchPods(config, query);
    await until("it is told again", () => again.seen.length === watching.seen.length);
    again.stop();
    assert.deepEqual(
      again.seen.map(({ type }) => type),
      watching.seen.map(({ type }) => type),
    );
  }));

test("bookmarks tell the version; a watch from before a compaction is an ERROR event, 410 Expired", () =>
  withDouble({ ...ALONE, bookmarkEveryMs: 10_000 }, async ({ core, config, double }) => {
    const old = (await core.listNamespacedPod({ namespace })).metadata!.resourceVersion!;
    const watching = await watchPods(config, {
      resourceVersion: old,
      allowWatchBookmarks: "true",
      labelSelector: "none",
    });
    await core.createNamespacedPod({ namespace, body: pod("one", "") });
    double.api.sendBookmarks();
    await until("a bookmark", () => watching.seen.length === 1);
    assert.equal(watching.seen[0]!.type, "BOOKMARK");
    assert.equal(watching.seen[0]!.object.metadata!.resourceVersion, String(double.store.revision));
    double.api.cutWatches();
    await watching.ended;
    double.compact();
    const late = await watchPods(config, { resourceVersion: old });
    await late.ended;
    assert.deepEqual(
      late.seen.map(({ type, object }) => [type, object.code]),
      [["ERROR", 410]],
    );
  }));

test("followed changes are those of a list, whatever happens: random acts", (t) =>
  withDouble(ALONE, async ({ core, config, double }) => {
    const seed = Math.trunc(Math.random() * 2 ** 31);
    t.diagnostic(`seed ${seed}`);
    const random = new Random(seed);
    const watching = await watchPods(config, { resourceVersion: "0" });
    for (let act = 0; act < 120; act += 1) {
      const name = `p${random.int(0, 9)}`;
      const there = double.store.get("pods", namespace, name);
      if (there === undefined) await core.createNamespacedPod({ namespace, body: pod(name, "") });
      else if (random.chance(0.5)) await core.deleteNamespacedPod({ namespace, name });
      else {
        const value = String(act);
        await core.patchNamespacedPod({
          namespace,
          name,
          body: [{ op: "add", path: "/metadata/annotations", value: { act: value } }],
        });
      }
    }
    const last = String(double.store.revision);
    await until("all is told", () => watching.seen.at(-1)?.object.metadata?.resourceVersion === last);
    watching.stop();
    const known = new Map<string, string>();
    for (const { type, object } of watching.seen)
      if (type === "DELETED") assert.ok(known.delete(object.metadata!.name!));
      else {
        assert.equal(known.has(object.metadata!.name!), type === "MODIFIED", `seed ${seed}`);
        known.set(object.metadata!.name!, object.metadata!.resourceVersion!);
      }
    const { items } = await core.listNamespacedPod({ namespace });
    const listed = items.map(({ metadata }) => [metadata!.name!, metadata!.resourceVersion!]);
    assert.deepEqual(
      [...known].sort(([one], [other]) => (one < other ? -1 : 1)),
      listed,
    );
  }));

test("faults: throttled with the time to wait, away, an answer lost after the act, forbidden, unauthorized", () =>
  withDouble({ ...ALONE, token: "secret" }, async ({ core, double }) => {
    const create = (name: string): Promise<V1Pod> => core.createNamespacedPod({ namespace, body: pod(name, "") });
    double.api.faults.next({ verb: "create" }, { kind: "status", code: 429, retryAfterSeconds: 2 });
    await assert.rejects(create("one"), (error: { code: number; headers: Record<string, string> }) => {
      assert.deepEqual([error.code, error.headers["retry-after"]], [429, "2"]);
      return true;
    });
    double.api.faults.next({ verb: "create" }, { kind: "lostAnswer" });
    await assert.rejects(create("two"));
    assert.deepEqual(
      double.pods().map(({ metadata }) => metadata.name),
      ["two"],
    );
    for (const absence of ["refused", "reset"] as const) {
      await double.leave(absence);
      await assert.rejects(create("three"));
      await double.comeBack();
    }
    double.api.deny("create pods");
    await assert.rejects(create("three"), { code: 403, body: /"reason":"Forbidden"/ });
    double.api.allow("create pods");
    await create("three");
    assert.equal((await fetch(`${double.api.url}/api/v1/pods`)).status, 401);
    assert.equal(double.api.counts.get("create pods"), 4);
  }));
