import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttemptSpec, PodPart } from "../../../src/ports/driver.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { withKubernetes } from "./bench.ts";

/** The containers of one pod; each waits for the success of the one that `after` names. */
function pod(id: string, scripts: readonly { readonly script: string; readonly after?: number }[]): AttemptSpec[] {
  return scripts.map(({ script, after }, index) => {
    const dependsOn: PodPart["dependsOn"] = after === undefined ? [] : [{ unit: after, condition: "SUCCESS" }];
    const part = {
      id: id.repeat(32),
      namespace: "default",
      name: `c${index}`,
      index,
      count: scripts.length,
      dependsOn,
    };
    return attempt({ image: "busybox", command: ["sh", "-c", script] }, { pod: part });
  });
}

test("is made when all its containers are started, each ends by itself, and it goes when all are forgotten", async () => {
  await withKubernetes(async ({ cluster, open, readLog }) => {
    const session = await open();
    const [first, second, third] = pod("a", [
      { script: "echo first; exit 3", after: 1 },
      { script: "echo second" },
      { script: "echo third; exit 5", after: 1 },
    ]) as [AttemptSpec, AttemptSpec, AttemptSpec];
    await session.driver.start(first);
    await session.driver.start(second);
    assert.deepEqual(cluster.pods(), []);
    await session.driver.start(third);
    const codes = [];
    for (const { attemptId } of [first, second, third]) codes.push((await session.exited(attemptId)).exitCode);
    assert.deepEqual(codes, [3, 0, 5]);
    assert.deepEqual(
      [first, second, third].map(({ attemptId }) => readLog(attemptId)),
      [["first"], ["second"], ["third"]],
    );
    assert.equal(cluster.pods().length, 1);
    await session.driver.forget(first.attemptId);
    await session.driver.forget(second.attemptId);
    assert.equal(cluster.pods().length, 1);
    await session.driver.forget(third.attemptId);
    assert.deepEqual(cluster.pods(), []);
  });
});

test("where an init container fails, the others never begin", async () => {
  await withKubernetes(async ({ open }) => {
    const session = await open();
    const [main, init] = pod("b", [{ script: "true", after: 1 }, { script: "exit 4" }]) as [AttemptSpec, AttemptSpec];
    await session.driver.start(main);
    await session.driver.start(init);
    assert.equal((await session.exited(init.attemptId)).exitCode, 4);
    const { startedAt, exitCode } = await session.exited(main.attemptId);
    assert.deepEqual([startedAt, exitCode], [undefined, undefined]);
  });
});

test("a stop of one of its containers stops all of it, also before all are started", async () => {
  await withKubernetes(async ({ cluster, open }) => {
    const session = await open();
    const [one, other] = pod("c", [{ script: "sleep 60" }, { script: "sleep 60" }]) as [AttemptSpec, AttemptSpec];
    for (const spec of [one, other]) await session.driver.start(spec);
    for (const { attemptId } of [one, other]) await session.started(attemptId);
    await session.driver.stop(one.attemptId, Date.now());
    // As process 1 of a container it is killed, as any other it dies of the SIGTERM.
    for (const { attemptId } of [one, other])
      assert.ok([137, 143].includes((await session.exited(attemptId)).exitCode ?? -1));
    const [half] = pod("d", [{ script: "true" }, { script: "true" }]) as [AttemptSpec];
    await session.driver.start(half);
    await session.driver.stop(half.attemptId, Date.now());
    assert.equal((await session.exited(half.attemptId)).startedAt, undefined);
    assert.equal(cluster.pods().length, 1);
  });
});

test("one whose containers are not all started does not wait for ever", async () => {
  await withKubernetes(async ({ open }) => {
    const session = await open({ patience: { takeMs: 50 } });
    const [half] = pod("e", [{ script: "true" }, { script: "true" }]) as [AttemptSpec];
    await session.driver.start(half);
    assert.match((await session.exited(half.attemptId)).reason!, /other containers of its pod were not started/);
  });
});
