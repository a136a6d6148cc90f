import assert from "node:assert/strict";
import { test } from "node:test";
import { environmentProblem } from "../../src/core/environment-problem.ts";
import { waitingReason } from "../../src/core/explain/waiting-reason.ts";
import type { Environment } from "../../src/core/resources.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

const TWICE = { retry: { attempts: 2, evaluateOnExit: [] } };
const LOST = /^Host EC2 \(instance i-[0-9a-f]{17}\) terminated\.$/;

/** Why job a waits after a tick. */
function reason(bench: WorldBench): string | undefined {
  const plan = bench.tick();
  return waitingReason(plan, bench.world.jobs.get("a")!)?.kind;
}

/** Two environments in one queue; what runs in the first one when its instance is replaced. */
function replaced(): WorldBench {
  const environments = ["environment", "other"].map((arn): Environment => ({
    ...ENVIRONMENT,
    arn,
    maxVcpuMilli: 2000,
  }));
  const bench = new WorldBench({ environments, queues: [{ ...QUEUE, environmentArns: ["environment", "other"] }] });
  for (const id of ["once", "twice"]) bench.submit(id, id === "twice" ? TWICE : {});
  bench.submit("elsewhere");
  bench.tick();
  for (const id of ["once", "twice", "elsewhere"]) bench.start(id);
  bench.now += 1000;
  const update: Environment = {
    ...environments[0]!,
    version: 2,
    status: "UPDATING",
    replacement: { at: 0, jobsEndAt: 0 },
  };
  bench.world.apply({ kind: "environments", environments: [update, environments[1]!] });
  return bench;
}

test("the attempts on an instance that is replaced are told to end, once; those elsewhere go on", () => {
  const bench = replaced();
  const changes = bench.reconcile();
  assert.deepEqual(
    changes.map((change) => (change.kind === "job-changed" ? change.jobId : change.kind)),
    ["once", "twice", "environment-status"],
  );
  assert.match(bench.state("once").attempts[0]!.stopping!.reason, LOST);
  assert.equal(bench.world.environments.get("environment")?.status, "VALID");
  assert.deepEqual(bench.reconcile(), []);
});

test("an attempt that lost its instance may be retried, whatever it did in the end", () => {
  const bench = replaced();
  bench.tick();
  bench.end("once", { exitCode: 0 });
  bench.end("twice", { exitCode: 143 });
  assert.deepEqual([bench.status("once"), bench.status("twice")], ["FAILED", "RUNNABLE"]);
  assert.match(bench.state("once").statusReason!, LOST);
  assert.match(bench.state("twice").attempts[0]!.statusReason!, LOST);
});

test("who terminates a job that loses its instance does not get it back; a cancel and the time change nothing", () => {
  const bench = replaced();
  bench.tick();
  bench.stop("twice", "cancel");
  assert.deepEqual(bench.tick().changes, []);
  bench.now += 1000;
  bench.stop("twice", "terminate", "enough");
  bench.tick();
  assert.deepEqual(bench.state("twice").attempts[0]?.stopping, { reason: "enough", at: bench.now });
  bench.end("twice", { exitCode: 143 });
  assert.deepEqual(
    [bench.status("twice"), bench.state("twice").statusReason, bench.state("twice").isTerminated],
    ["FAILED", "enough", true],
  );
});

test("a definition with a problem becomes INVALID, with the problem as its reason", () => {
  for (const status of ["CREATING", "UPDATING"] as const) {
    const bench = new WorldBench({ environments: [{ ...ENVIRONMENT, status, problem: "CLIENT_ERROR - no" }] });
    bench.submit("a");
    const [change] = bench.reconcile();
    assert.deepEqual(change, {
      kind: "environment-status",
      arn: "environment",
      version: 1,
      status: "INVALID",
      statusReason: "CLIENT_ERROR - no",
    });
    assert.equal(reason(bench), "no-valid-environment");
  }
});

test("unmanaged environments have no instances; a managed one of the same queue does", () => {
  const unmanaged: Environment = { ...ENVIRONMENT, arn: "unmanaged", isUnmanaged: true };
  const queues = [{ ...QUEUE, environmentArns: ["unmanaged", "environment"] }];
  const alone = new WorldBench({ environments: [unmanaged], queues });
  alone.submit("a");
  assert.equal(reason(alone), "no-instances");
  const beside = new WorldBench({ environments: [unmanaged, ENVIRONMENT], queues });
  beside.submit("a");
  beside.tick();
  assert.equal(beside.state("a").attempts[0]?.environmentArn, "environment");
});

test("names that roles and profiles can have", () => {
  const arn = (what: string) => `arn:aws:iam::123456789012:${what}`;
  for (const serviceRole of ["batch", "/a/b/batch", arn("role/r"), arn("role/service-role/r"), "a+b=c,d.e@f-g_h"]) {
    assert.equal(environmentProblem({ serviceRole }), undefined, serviceRole);
  }
  for (const serviceRole of [
    "",
    "no role",
    "a//b",
    arn("user/u"),
    arn("role/"),
    "arn:aws:iam::1:role/r",
    "x".repeat(129),
  ]) {
    assert.match(
      environmentProblem({ serviceRole }) ?? "",
      /^CLIENT_ERROR - Not authorized to perform sts:AssumeRole /,
    );
  }
  const resources = (more: object) => ({ computeResources: { type: "EC2" as const, maxvCpus: 1, ...more } });
  assert.equal(environmentProblem(resources({ instanceRole: arn("instance-profile/p") })), undefined);
  assert.equal(environmentProblem(resources({ instanceRole: "ecsInstanceRole" })), undefined);
  assert.equal(
    environmentProblem(resources({ instanceRole: arn("role/r") })),
    `CLIENT_ERROR - Instance profile ${arn("role/r")} does not exist`,
  );
  assert.match(environmentProblem(resources({ spotIamFleetRole: "?" })) ?? "", /^CLIENT_ERROR - Parameter: Spot/);
  const provider = (infrastructureRoleArn: string, ec2InstanceProfileArn: string) =>
    resources({
      managedInstancesProvider: { infrastructureRoleArn, instanceLaunchTemplate: { ec2InstanceProfileArn } },
    });
  assert.equal(environmentProblem(provider(arn("role/r"), arn("instance-profile/p"))), undefined);
  assert.match(environmentProblem(provider("?", "p")) ?? "", /^CLIENT_ERROR - infrastructureRoleArn \? /);
  assert.match(environmentProblem(provider("r", arn("role/p"))) ?? "", /^CLIENT_ERROR - Instance profile /);
});

test("ids that subnets, groups, images and launch templates cannot have, in AWS's words", () => {
  const problem = (more: object, type: "MANAGED" | "UNMANAGED" = "MANAGED") =>
    environmentProblem({ type, computeResources: { type: "EC2", maxvCpus: 1, ...more } });
  const fine = {
    ...{ subnets: ["subnet-0a1b2c3d", "subnet-mine"], securityGroupIds: ["sg-1"], imageId: "ami-0123456789abcdef0" },
    launchTemplate: { launchTemplateName: "any name", overrides: [{ launchTemplateId: "lt-2" }] },
    ec2Configuration: [{ imageType: "ECS_AL2023", imageIdOverride: "ami-2" }],
  };
  assert.equal(problem(fine), undefined);
  const image = (id: string) =>
    `CLIENT_ERROR - You must use a valid fully-formed launch template. The image id '[${id}]' does not exist`;
  const template = (id: string) =>
    `CLIENT_ERROR - The specified launch template, with template ID ${id}, does not exist.`;
  const cases: readonly [object, string][] = [
    [{ subnets: ["subnet-1", "vpc-1"] }, "CLIENT_ERROR - The subnet ID 'vpc-1' does not exist"],
    [{ securityGroupIds: ["default"] }, "CLIENT_ERROR - The security group 'default' does not exist"],
    [{ imageId: "amzn2" }, image("amzn2")],
    [{ ec2Configuration: [{ imageType: "ECS_AL2023", imageIdOverride: "ami_2" }] }, image("ami_2")],
    [{ launchTemplate: { launchTemplateId: "mine" } }, template("mine")],
    [{ launchTemplate: { overrides: [{ launchTemplateId: "sg-1" }] } }, template("sg-1")],
  ];
  for (const [more, text] of cases) {
    assert.equal(problem({ ...fine, ...more }), text);
    assert.equal(problem({ ...fine, ...more }, "UNMANAGED"), undefined);
  }
  const networkConfiguration = { subnets: ["subnet-1"], securityGroups: ["x"] };
  const provider = { infrastructureRoleArn: "r", instanceLaunchTemplate: { networkConfiguration } };
  assert.match(problem({ managedInstancesProvider: provider }) ?? "", /The security group 'x' does not exist$/);
});
