import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { openSession } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { doubleCluster } from "../../support/kubernetes-cluster.ts";
import { makeKubernetesHarness } from "../../support/kubernetes-harness.ts";
import { until } from "../../support/until.ts";

test("an attempt that is stopped while its pod is being made does not run after its end was told", async (t) => {
  const cluster = await doubleCluster();
  const harness = makeKubernetesHarness(cluster);
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-stop-"));
  const session = await openSession(harness.createDriver());
  t.after(async () => {
    await session.close();
    await harness.dispose();
    await cluster.dispose();
    rmSync(directory, { recursive: true });
  });
  await session.inventory();
  const { double } = cluster;
  const ran = path.join(directory, "ran");
  const spec = attempt(harness.command(["sh", "-c", `echo > ${ran}; exec sleep 600`]));
  // The API server carries it out later than it answers other requests.
  double.api.faults.next({ verb: "create", resource: "pods" }, { kind: "slow", ms: 500 });
  void session.driver.start(spec);
  await until("the pod is asked for", () => double.api.counts.get("create pods") === 1);
  await session.driver.stop(spec.attemptId, Date.now() + 1000);
  const { startedAt } = await session.exited(spec.attemptId);
  const ranBefore = existsSync(ran);
  await until("the pod was deleted", () => double.api.counts.get("delete pods") > 0);
  await session.driver.forget(spec.attemptId);
  await until("the pod is gone", () => double.pods().length === 0);
  assert.equal(existsSync(ran), ranBefore);
  assert.ok(!ranBefore || startedAt !== undefined);
});
