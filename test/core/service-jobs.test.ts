import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { waitingReason, waitingText } from "../../src/core/explain/waiting-reason.ts";
import type { InstanceNeed, Scheduling } from "../../src/core/job.ts";
import type { Environment } from "../../src/core/resources.ts";
import { shouldRetry } from "../../src/core/retry.ts";
import type { Plan } from "../../src/core/plan.ts";
import {
  instancesOf,
  readTrainingRequest,
  trainingContainer,
  trainingTimeout,
} from "../../src/core/submission/training-job.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

const SERVICE = { type: "SAGEMAKER_TRAINING", trainingJobName: "train" } as const;

function bench(maxInstances: Record<string, number>): WorldBench {
  const environment: Environment = {
    ...ENVIRONMENT,
    maxVcpuMilli: Infinity,
    maxInstances: new Map(Object.entries(maxInstances)),
  };
  return new WorldBench({ environments: [environment] });
}

function training(instances: readonly InstanceNeed[] = [{ type: "a", count: 1 }], more: Partial<Scheduling> = {}) {
  return { instances, service: SERVICE, ...more };
}

function placed(plan: Plan): string[] {
  return plan.changes.map(({ jobId }) => jobId);
}

function text(world: WorldBench, plan: Plan, id: string): string | undefined {
  const job = world.world.jobs.get(id)!;
  const reason = waitingReason(plan, job);
  return reason && waitingText(reason, job.scheduling.requirements);
}

describe("the states of a service job", () => {
  test("SCHEDULED is committed before anybody is told to run it", () => {
    const world = bench({ a: 1 });
    world.submit("job", training());
    world.tick();
    const { status, scheduledAt, attempts } = world.state("job");
    assert.deepEqual([status, scheduledAt, attempts.length], ["SCHEDULED", world.now, 1]);
    assert.ok(world.world.agenda.size > 0, "the next tick has something to do");
    world.now += 5;
    world.tick();
    assert.equal(world.status("job"), "STARTING");
    world.start("job");
    assert.deepEqual([world.status("job"), world.state("job").scheduledAt], ["RUNNING", scheduledAt]);
    world.end("job");
    assert.deepEqual(
      [world.status("job"), world.state("job").statusReason],
      ["SUCCEEDED", "Received status from SageMaker: Completed"],
    );
  });

  test("one that is terminated while SCHEDULED ends at once, and holds nothing any more", () => {
    const world = bench({ a: 1 });
    world.submit("job", training([{ type: "a", count: 1 }], { retry: { attempts: 3, evaluateOnExit: [] } }));
    world.submit("next", training());
    assert.deepEqual(placed(world.tick()), ["job"]);
    world.stop("job", "terminate", "enough");
    assert.deepEqual(placed(world.tick()), ["next"]);
    const { status, statusReason, attempts } = world.state("job");
    assert.deepEqual([status, statusReason, attempts[0]!.startedAt], ["FAILED", "enough", undefined]);
  });

  test("a cancel leaves one that is SCHEDULED alone", () => {
    const world = bench({ a: 1 });
    world.submit("job", training());
    world.tick();
    world.stop("job", "cancel");
    world.tick();
    assert.equal(world.status("job"), "STARTING");
  });

  test("what the service refuses fails, and is retried as often as it may be", () => {
    const world = bench({ a: 1 });
    const service = { ...SERVICE, refusal: "No." };
    world.submit("job", { ...training(), service, retry: { attempts: 2, evaluateOnExit: [] } });
    for (let ticks = 0; ticks < 4; ticks += 1) world.tick();
    const { status, statusReason, attempts } = world.state("job");
    assert.deepEqual([status, statusReason, attempts.length], ["FAILED", "No.", 2]);
  });

  test("a queue that is deleted ends what is SCHEDULED", () => {
    const world = bench({ a: 1 });
    world.submit("job", training());
    world.tick();
    world.world.apply({ kind: "queues", queues: [{ ...QUEUE, status: "DELETING" }] });
    world.tick();
    assert.deepEqual([world.status("job"), world.state("job").statusReason], ["FAILED", "JobQueue deleted"]);
  });

  for (const [how, reason] of [
    [{ exitCode: 2 }, "AlgorithmError:, exit code: 2"],
    [{ exitCode: 137, reason: "OutOfMemoryError" }, "AlgorithmError: OutOfMemoryError, exit code: 137"],
    [{ startedAt: 5 }, "InternalServerError: We encountered an internal error. Please try again."],
    [{ reason: "CannotPullContainerError: x" }, "ClientError: CannotPullContainerError: x"],
    [{}, "ClientError: The training container did not start."],
  ] as const) {
    test(`its end is told as SageMaker's: ${reason}`, () => {
      const world = bench({ a: 1 });
      world.submit("job", training());
      world.tick();
      world.tick();
      world.end("job", how);
      assert.equal(world.state("job").statusReason, `Received status from SageMaker: ${reason}`);
    });
  }
});

describe("the instances of a service environment", () => {
  test("by type: each has its limit, and a type without one has none to give", () => {
    const world = bench({ a: 3, b: 1 });
    world.submit(
      "mixed",
      training([
        { type: "a", count: 2 },
        { type: "b", count: 1 },
      ]),
    );
    world.submit("more", training([{ type: "a", count: 2 }]));
    world.submit("small", training([{ type: "a", count: 1 }]));
    const plan = world.tick();
    assert.deepEqual(placed(plan), ["mixed"]);
    assert.equal(text(world, plan, "more"), "Waiting for instances of the service environment: 1 of a are free.");
    assert.equal(
      text(world, plan, "small"),
      "Waiting for job more, which is before it in the queue and does not fit yet.",
    );
    world.tick();
    world.end("mixed");
    assert.deepEqual(placed(world.tick()), ["more", "small"]);
    world.submit("unknown", training([{ type: "c", count: 1 }]));
    assert.match(text(world, world.tick(), "unknown")!, /^MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE - /);
  });

  test("of all types together", () => {
    const world = bench({ NUM_INSTANCES: 3 });
    world.submit("one", training([{ type: "a", count: 2 }]));
    world.submit("two", training([{ type: "b", count: 2 }]));
    const plan = world.tick();
    assert.deepEqual(placed(plan), ["one"]);
    assert.equal(
      text(world, plan, "two"),
      "Waiting for instances of the service environment: 1 of NUM_INSTANCES are free.",
    );
    world.submit(
      "too many",
      training([
        { type: "a", count: 2 },
        { type: "b", count: 2 },
      ]),
    );
    world.stop("two", "terminate");
    assert.match(text(world, world.tick(), "too many")!, /^MISCONFIGURATION:SERVICE_ENVIRONMENT_MAX_RESOURCE - /);
  });

  test("a limit lowered below what is in use lets nobody in until enough has ended", () => {
    const world = bench({ a: 3 });
    for (const id of ["1", "2", "3"]) world.submit(id, training());
    world.tick();
    world.tick();
    world.world.apply({
      kind: "environments",
      environments: [{ ...ENVIRONMENT, maxVcpuMilli: Infinity, maxInstances: new Map([["a", 2]]) }],
    });
    world.submit("4", training());
    world.end("1");
    assert.deepEqual(placed(world.tick()), []);
    world.end("2");
    assert.deepEqual(placed(world.tick()), ["4"]);
  });
});

test("conditions may begin with an asterisk", () => {
  const retries = (pattern: string, statusReason: string) =>
    shouldRetry({ attempts: 2, evaluateOnExit: [{ action: "exit", onStatusReason: pattern }] }, 1, { statusReason });
  for (const pattern of ["*Capacity*", "*Error", "No*", "NoCapacityError", "*"]) {
    assert.equal(retries(pattern, "NoCapacityError"), false, pattern);
  }
  for (const pattern of ["*Capacity", "Capacity*", "Error", "*X*"]) {
    assert.equal(retries(pattern, "NoCapacityError"), true, pattern);
  }
});

test("what a request asks for", () => {
  const read = (request: object) => readTrainingRequest(JSON.stringify(request));
  const names = { name: "n", arn: "a" };
  const byImage = read({ AlgorithmSpecification: { TrainingImage: "busybox" }, Unknown: [1] });
  const ofJob = { TRAINING_JOB_NAME: "n", TRAINING_JOB_ARN: "a" };
  assert.deepEqual(trainingContainer(byImage, names), {
    image: "busybox",
    command: ["train"],
    environment: { SM_HPS: "{}", ...ofJob },
  });
  const full = read({
    AlgorithmSpecification: { TrainingImage: "i", ContainerEntrypoint: ["run"], ContainerArguments: ["a", "b"] },
    Environment: { TRAINING_JOB_NAME: "mine", X: "1" },
    HyperParameters: { lr: "0.1" },
    ResourceConfig: null,
  });
  assert.deepEqual(trainingContainer(full, names), {
    image: "i",
    entrypoint: ["run"],
    command: ["a", "b"],
    environment: { SM_HPS: '{"lr":"0.1"}', SM_HP_LR: "0.1", X: "1", ...ofJob },
  });
  assert.deepEqual(instancesOf(full), []);
  assert.deepEqual(
    trainingContainer(read({ AlgorithmSpecification: { ContainerEntrypoint: ["run"] } }), names).command,
    [],
  );
  assert.equal(trainingTimeout(full, undefined), 86_400);
  assert.equal(trainingTimeout(read({ StoppingCondition: { MaxRuntimeInSeconds: 70 } }), 100), 70);
  assert.equal(trainingTimeout(read({ StoppingCondition: { MaxRuntimeInSeconds: 700 } }), 100), 100);
});
