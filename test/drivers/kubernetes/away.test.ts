import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DriverEvent } from "../../../src/ports/driver.ts";
import { podName } from "../../../src/drivers/kubernetes/names.ts";
import { until } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { withKubernetes } from "./bench.ts";

const sh = (script: string) => attempt({ image: "busybox", command: ["sh", "-c", script] });

describe("the API server", () => {
  test("cut, ended and expired watches lose nothing", async () => {
    await withKubernetes(async ({ cluster, open, readLog }) => {
      const session = await open();
      for (const trouble of ["cutWatches", "endWatches", "expireWatches"] as const) {
        const [before, during] = [sh("echo a; sleep 0.3; exit 3"), sh("echo b; exit 4")];
        await session.driver.start(before);
        await session.started(before.attemptId);
        cluster.api[trouble]();
        await session.driver.start(during);
        assert.equal((await session.exited(before.attemptId)).exitCode, 3, trouble);
        assert.equal((await session.exited(during.attemptId)).exitCode, 4, trouble);
        assert.deepEqual([readLog(before.attemptId), readLog(during.attemptId)], [["a"], ["b"]]);
      }
    });
  });

  test("has forgotten the place to go on from: what happened meanwhile is found by a list, and pods that are gone are lost", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      const [ends, vanishes] = [sh("sleep 0.5; exit 5"), sh("sleep 60")];
      for (const spec of [ends, vanishes]) {
        await session.driver.start(spec);
        await session.started(spec.attemptId);
      }
      await cluster.leave();
      cluster.misfortunes.forceDelete(podName(vanishes.attemptId));
      cluster.compact();
      await cluster.comeBack();
      assert.equal((await session.exited(ends.attemptId)).exitCode, 5);
      const lost = await session.exited(vanishes.attemptId);
      assert.deepEqual([lost.startedAt === undefined, lost.exitCode], [false, undefined]);
      assert.equal(session.events.filter(({ kind }) => kind === "inventory").length, 2);
    });
  });

  for (const absence of ["refused", "hanging"] as const) {
    test(`away (${absence}) while attempts begin and end: all go on, none runs twice`, async () => {
      await withKubernetes(async ({ cluster, open, readLog }) => {
        const session = await open();
        const [running, later] = [sh("echo once; sleep 0.5; exit 7"), sh("echo once; exit 8")];
        await session.driver.start(running);
        await session.started(running.attemptId);
        await cluster.leave(absence);
        const starting = session.driver.start(later);
        const leftAt = performance.now();
        await until("the program has ended", () => performance.now() - leftAt > 700);
        await cluster.comeBack();
        await starting;
        assert.equal((await session.exited(running.attemptId)).exitCode, 7);
        assert.equal((await session.exited(later.attemptId)).exitCode, 8);
        assert.deepEqual([readLog(running.attemptId), readLog(later.attemptId)], [["once"], ["once"]]);
      });
    });
  }

  test("away at first: opens, and shows its inventory when it is there", async () => {
    await withKubernetes(async ({ cluster, createDriver }) => {
      await cluster.leave();
      const driver = createDriver();
      const kinds: DriverEvent["kind"][] = [];
      await driver.open(({ kind }) => void kinds.push(kind));
      assert.equal(kinds.length, 0);
      await cluster.comeBack();
      await until("it shows its inventory", () => kinds.includes("inventory"));
      await driver.close();
    });
  });

  test("asks to wait: is asked later, and all the same done", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      const fault = { kind: "status", code: 429, retryAfterSeconds: 1 } as const;
      cluster.api.faults.next({ verb: "create", resource: "pods" }, fault, 2);
      const spec = sh("exit 0");
      const begun = performance.now();
      await session.driver.start(spec);
      assert.equal((await session.exited(spec.attemptId)).exitCode, 0);
      assert.ok(performance.now() - begun >= 1900);
      assert.equal(cluster.api.counts.get("create pods"), 3);
    });
  });

  for (const fault of [{ kind: "lostAnswer" }, { kind: "reset" }, { kind: "status", code: 503 }] as const) {
    test(`a request that fails (${JSON.stringify(fault)}) is made again, and the attempt runs once`, async () => {
      await withKubernetes(async ({ cluster, open, readLog }) => {
        const session = await open();
        for (const match of [
          { verb: "create", resource: "pods" },
          { verb: "patch", resource: "pods" },
          { verb: "delete", resource: "pods" },
          { verb: "get", resource: "pods", subresource: "log" },
        ] as const)
          cluster.api.faults.next(match, fault);
        const spec = sh("echo once; exit 2");
        await session.driver.start(spec);
        assert.equal((await session.exited(spec.attemptId)).exitCode, 2);
        await session.driver.forget(spec.attemptId);
        assert.deepEqual(readLog(spec.attemptId), ["once"]);
        assert.deepEqual(cluster.pods(), []);
      });
    });
  }

  test("a pod's life costs four requests", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open();
      await until("it sees the nodes", () => session.driver.machines!().length > 0);
      cluster.api.counts.clear();
      const spec = sh("echo hi");
      await session.driver.start(spec);
      await session.exited(spec.attemptId);
      await session.driver.forget(spec.attemptId);
      const { "watch pods": _pods, "watch nodes": _nodes, ...counts } = cluster.api.counts.all();
      assert.deepEqual(counts, { "create pods": 1, "get pods/log": 1, "delete pods": 1, "patch pods": 1 });
    });
  });
});

describe("the next leader", () => {
  test("adopts what waits, and says that it is made", async () => {
    await withKubernetes(async ({ open, cluster }) => {
      const session = await open();
      const spec = attempt({ image: "busybox", command: ["true"] }, { vcpuMilli: 9_000_000 });
      await session.driver.start(spec);
      await session.close();
      const next = await open();
      assert.deepEqual(next.events, [
        { kind: "inventory", attemptIds: [spec.attemptId] },
        { kind: "made", attemptId: spec.attemptId },
      ]);
      await next.driver.forget(spec.attemptId);
      assert.deepEqual(cluster.pods(), []);
    });
  });

  test("knows of what an earlier one stopped that it was stopped", async () => {
    await withKubernetes(async ({ open, readLog }) => {
      const session = await open();
      const spec = sh("trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done");
      await session.driver.start(spec);
      await until("it is ready", () => readLog(spec.attemptId).includes("ready"));
      await session.driver.stop(spec.attemptId, Date.now() + 30_000);
      await session.exited(spec.attemptId);
      await session.close();
      const next = await open();
      assert.equal((await next.exited(spec.attemptId)).exitCode, 9);
    });
  });

  test("is told of a pod that comes late, and removes it", async () => {
    await withKubernetes(async ({ open, cluster }) => {
      const late = await open();
      const session = await open();
      const spec = attempt({ image: "busybox", command: ["true"] }, { vcpuMilli: 9_000_000 });
      await late.driver.start(spec);
      await until("it is told", () => session.events.some(({ kind }) => kind === "made"));
      await session.driver.forget(spec.attemptId);
      assert.deepEqual(cluster.pods(), []);
    });
  });
});
