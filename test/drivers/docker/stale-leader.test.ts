import assert from "node:assert/strict";
import { test } from "node:test";
import { containerName } from "../../../src/core/driver-name.ts";
import { StaleEpoch } from "../../../src/ports/store.ts";
import { until } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { dockerUnavailable } from "../../support/docker.ts";
import { withBench } from "../../support/docker-bench.ts";
import { endingTerm } from "../../support/ending-term.ts";

const skip = (await dockerUnavailable()) ?? false;

test(
  "a server that ceases to lead between the making of a container and its start does not start it",
  { skip },
  async () => {
    await withBench(async ({ open, sh, docker, containers }) => {
      const spec = attempt(sh("exit 5"));
      let refused = 0;
      let isBack = false;
      const term = {
        async confirm() {
          if (isBack || (await containers()).length === 0) return;
          refused += 1;
          throw new StaleEpoch("another server leads");
        },
      };
      const stale = await open({ term });
      void stale.driver.start(spec);
      await until("the start is refused", () => refused > 0);
      const { State } = await docker.getContainer(containerName(spec.attemptId)).inspect();
      assert.equal(State.Status, "created");
      const next = await open();
      await next.driver.start(spec);
      assert.equal((await next.exited(spec.attemptId)).exitCode, 5);
      isBack = true;
    });
  },
);

test("a server that does not lead any more stops and removes no container", { skip }, async () => {
  await withBench(async ({ open, sh, docker }) => {
    const term = endingTerm();
    const stale = await open({ term });
    const [running, over] = [attempt(sh("exec sleep 600")), attempt(sh("exit 3"))];
    for (const spec of [running, over]) await stale.driver.start(spec);
    await stale.started(running.attemptId);
    await stale.exited(over.attemptId);
    term.end();
    await stale.driver.stop(running.attemptId, Date.now());
    await stale.driver.forget(over.attemptId);
    assert.ok(term.refused > 0);
    const statusOf = async (attemptId: string) =>
      (await docker.getContainer(containerName(attemptId)).inspect()).State.Status;
    assert.deepEqual([await statusOf(running.attemptId), await statusOf(over.attemptId)], ["running", "exited"]);
    const next = await open();
    await next.started(running.attemptId);
    await next.driver.stop(running.attemptId, Date.now());
    await next.exited(running.attemptId);
  });
});
