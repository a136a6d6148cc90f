import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podName } from "../../../src/drivers/kubernetes/names.ts";
import { until } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { withKubernetes } from "./bench.ts";

function sh(script: string) {
  return attempt({ image: "busybox", command: ["sh", "-c", script] });
}

const HOUR = 3_600_000;

describe("pods of failed jobs", () => {
  test("stay for people to look at, and are nobody's any more; others go at once", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open({ keepFailedMs: HOUR });
      const [bad, good] = [sh("exit 3"), sh("exit 0")];
      for (const spec of [bad, good]) {
        await session.driver.start(spec);
        await session.exited(spec.attemptId);
        await session.driver.forget(spec.attemptId);
      }
      await until("only the failed one is left", async () => cluster.pods().length === 1);
      const [{ metadata, status }] = cluster.pods() as [ReturnType<typeof cluster.pods>[number]];
      assert.deepEqual(
        [metadata.name, metadata.finalizers ?? [], metadata.labels?.["longshore.dev/kept"], status.phase],
        [podName(bad.attemptId), [], "true", "Failed"],
      );
      const left = Date.parse(metadata.annotations!["longshore.dev/kept-until"]!) - Date.now();
      assert.ok(left > HOUR - 60_000 && left <= HOUR, `${left} ms`);
      await session.close();
      const next = await open({ keepFailedMs: HOUR });
      assert.deepEqual(
        next.events.filter(({ kind }) => kind === "exited" || kind === "made"),
        [],
      );
    });
  });

  test("go when their time is over, whoever leads then", async () => {
    await withKubernetes(async ({ cluster, open }) => {
      const session = await open({ keepFailedMs: 1_500 });
      const specs = [sh("exit 3"), sh("exit 4")];
      const forgotten = specs.map(async (spec) => {
        await session.driver.start(spec);
        await session.exited(spec.attemptId);
        await session.driver.forget(spec.attemptId);
      });
      await Promise.all(forgotten);
      assert.equal(cluster.pods().length, 2);
      await session.close();
      await open();
      await until("they are gone", async () => cluster.pods().length === 0);
    });
  });
});
