import assert from "node:assert/strict";
import { test } from "node:test";
import { schedulingOf } from "../../src/core/submission/submit.ts";

test("the scheduling: retries default to one attempt, actions are lower case, logs go where awslogs says", () => {
  const base = {
    definitionName: "work",
    timeoutSeconds: undefined,
    dependsOn: [],
    arraySize: undefined,
    consumables: [],
  };
  const plain = schedulingOf({ ...base, properties: { container: { image: "scratch" } }, retryStrategy: undefined });
  assert.deepEqual(plain.retry, { attempts: 1, evaluateOnExit: [] });
  assert.equal(plain.needsImage, false);
  assert.deepEqual(plain.log, { group: "/aws/batch/job", prefix: "work" });
  const rich = schedulingOf({
    ...base,
    properties: {
      container: { image: "busybox", logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "g" } } },
    },
    retryStrategy: { attempts: 4, evaluateOnExit: [{ action: "EXIT", onExitCode: "1" }] },
  });
  assert.deepEqual(rich.retry, { attempts: 4, evaluateOnExit: [{ action: "exit", onExitCode: "1" }] });
  assert.equal(rich.needsImage, true);
  assert.deepEqual(rich.log, { group: "g", prefix: "work" });
  const silent = schedulingOf({
    ...base,
    properties: { container: { logConfiguration: { logDriver: "none" as never } } },
    retryStrategy: undefined,
  });
  assert.equal(silent.log, undefined);
});

test("a job of several containers has a unit for each, and no log of its own", () => {
  const containers = [
    { name: "main", image: "busybox", dependsOn: [{ containerName: "setup", condition: "SUCCESS" }], stopTimeout: 5 },
    {
      name: "setup",
      image: "scratch",
      essential: false,
      startTimeout: 7,
      logConfiguration: { logDriver: "syslog" as const },
    },
  ];
  const scheduling = schedulingOf({
    properties: { ecsProperties: { taskProperties: [{ containers }] } },
    definitionName: "d",
    retryStrategy: undefined,
    timeoutSeconds: undefined,
    dependsOn: [],
    arraySize: undefined,
    consumables: [],
  });
  assert.equal(scheduling.needsImage, true);
  assert.equal(scheduling.log, undefined);
  assert.equal(scheduling.nodes, undefined);
  assert.deepEqual(scheduling.units, [
    {
      name: "main",
      essential: true,
      dependsOn: [{ unit: 1, condition: "SUCCESS" }],
      stopTimeoutMs: 5000,
      log: { group: "/aws/batch/job", prefix: "d" },
    },
    { name: "setup", essential: false, dependsOn: [], startTimeoutMs: 7000 },
  ]);
});
