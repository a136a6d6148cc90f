import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { RegisterJobDefinitionCommandInput } from "@aws-sdk/client-batch";
import {
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  TerminateJobsCommand,
  UpdateJobQueueCommand,
} from "@aws-sdk/client-batch";
import { until } from "../support/until.ts";
import { describeJob, ended, submit, untilStatus } from "../support/jobs.ts";
import {
  apiServer,
  CONTAINER,
  EC2,
  EKS,
  environmentRequest,
  FARGATE,
  MANAGED_INSTANCES,
  ON_EKS,
  refused,
  UNMANAGED,
  untilEnvironment,
} from "./server.ts";

const { batch } = await apiServer({ after });

async function createQueue(name: string, resources: object, more: object = {}): Promise<void> {
  await batch.send(new CreateComputeEnvironmentCommand(environmentRequest(name, resources, more)));
  await untilEnvironment(batch, name, "VALID");
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: name }];
  await batch.send(new CreateJobQueueCommand({ jobQueueName: name, priority: 1, computeEnvironmentOrder }));
}

const requirements = (vcpus: string, memory: string) => ({
  resourceRequirements: [
    { type: "VCPU" as const, value: vcpus },
    { type: "MEMORY" as const, value: memory },
  ],
});
const executionRoleArn = "arn:aws:iam::123456789012:role/execution";

/** For each kind of environment, how it is made, and a definition for it. */
const KINDS: Record<
  string,
  readonly [resources: object, more: object, definition: Partial<RegisterJobDefinitionCommandInput>]
> = {
  ec2: [EC2, {}, { containerProperties: CONTAINER }],
  spot: [
    { ...EC2, type: "SPOT", allocationStrategy: "SPOT_PRICE_CAPACITY_OPTIMIZED" },
    {},
    { containerProperties: CONTAINER },
  ],
  fargate: [
    FARGATE,
    {},
    {
      platformCapabilities: ["FARGATE"],
      containerProperties: { ...CONTAINER, ...requirements("0.25", "512"), executionRoleArn },
    },
  ],
  "managed-instances": [
    MANAGED_INSTANCES,
    {},
    {
      platformCapabilities: ["MANAGED_INSTANCES"],
      ecsProperties: {
        taskProperties: [
          { containers: [{ name: "only", image: "scratch", command: ["true"], ...requirements("1", "64") }] },
        ],
      },
    },
  ],
  eks: [
    ON_EKS,
    EKS,
    {
      eksProperties: {
        podProperties: {
          containers: [{ image: "scratch", command: ["true"], resources: { limits: { cpu: "1", memory: "64Mi" } } }],
        },
      },
    },
  ],
};
for (const [name, [resources, more, definition]] of Object.entries(KINDS)) {
  await createQueue(name, resources, more);
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: name, type: "container", ...definition }));
}

for (const kind of Object.keys(KINDS)) {
  test(`a queue of ${kind} runs jobs of its kind, and takes no others`, async () => {
    const to = (jobDefinition: string) =>
      batch.send(new SubmitJobCommand({ jobName: "test", jobQueue: kind, jobDefinition }));
    const { jobId } = await to(kind);
    assert.equal((await ended(batch, jobId!)).status, "SUCCEEDED");
    const sameKind = new Set(["ec2", "spot"]);
    for (const other of Object.keys(KINDS)) {
      if (other === kind || (sameKind.has(other) && sameKind.has(kind))) continue;
      const message = /^Job Queue is attached to Compute Environment that can not run Jobs with capability /;
      await assert.rejects(to(other), refused(message), other);
    }
  });
}

test("jobs that wait go where their queue sends them after an update", async () => {
  await createQueue("own-machines", EC2, UNMANAGED);
  const waiting = await submit(batch, ["true"], { jobQueue: "own-machines" });
  await untilStatus(batch, waiting, "RUNNABLE");
  const computeEnvironmentOrder = [{ order: 1, computeEnvironment: "ec2" }];
  await batch.send(new UpdateJobQueueCommand({ jobQueue: "own-machines", computeEnvironmentOrder }));
  const job = await ended(batch, waiting);
  assert.equal(job.status, "SUCCEEDED");
  assert.match(job.container?.taskArn ?? "", /\/ec2_Batch_/);
});

test("nodes run on demand in managed environments only: elsewhere they wait, and say why", async () => {
  const container = { ...CONTAINER, command: ["true"] };
  const nodeProperties = { numNodes: 2, mainNode: 0, nodeRangeProperties: [{ targetNodes: "0:1", container }] };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: "gang", type: "multinode", nodeProperties }));
  const request = { jobName: "gang", jobQueue: "spot", jobDefinition: "gang" };
  const { jobId } = await batch.send(new SubmitJobCommand(request));
  const reason =
    /^MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - .* A multi-node parallel job runs in managed environments of type EC2 only\.$/;
  await until("it says why it waits", async () => reason.test((await describeJob(batch, jobId!)).statusReason ?? ""));
  const computeEnvironmentOrder = ["spot", "ec2"].map((computeEnvironment, order) => ({ order, computeEnvironment }));
  await batch.send(new UpdateJobQueueCommand({ jobQueue: "spot", computeEnvironmentOrder }));
  const job = await ended(batch, jobId!);
  assert.equal(job.status, "SUCCEEDED");
});

test("TerminateJobs ends a node alone, and with the main node the whole job", async () => {
  const container = { ...CONTAINER, command: ["sleep", "60"] };
  const nodeProperties = { numNodes: 3, mainNode: 0, nodeRangeProperties: [{ targetNodes: "0:2", container }] };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: "nodes", type: "multinode", nodeProperties }));
  const { jobId } = await batch.send(
    new SubmitJobCommand({ jobName: "nodes", jobQueue: "ec2", jobDefinition: "nodes" }),
  );
  const node = (index: number) => `${jobId}#${index}`;
  await Promise.all([0, 1, 2].map((index) => untilStatus(batch, node(index), "RUNNING")));
  const terminate = (...jobs: string[]) => batch.send(new TerminateJobsCommand({ jobs, reason: "enough" }));
  const one = await terminate(node(2), node(7));
  assert.deepEqual([one.successful, one.errors], [[node(2), node(7)], []]);
  assert.equal((await ended(batch, node(2))).statusReason, "enough");
  assert.equal((await describeJob(batch, jobId!)).status, "RUNNING");
  await terminate(node(0));
  const whole = await ended(batch, jobId!);
  assert.deepEqual([whole.status, whole.statusReason, whole.isTerminated], ["FAILED", "enough", true]);
});
