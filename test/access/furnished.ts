import * as batch from "@aws-sdk/client-batch";
import { createQueue, register } from "../api/server.ts";
import { submitScript, untilStatus } from "../support/jobs.ts";
import { createServiceQueue, submitService, trainingRequest, untilServiceStatus } from "../support/service-jobs.ts";
import { until } from "../support/until.ts";
import type { OwnedBelow } from "./foreign-lookups.ts";
import type { Ask } from "./raw-client.ts";
import { askJson } from "./raw-client.ts";

export const OWNER = "111111111111";
/** What the names of all that it has begin with. */
export const PREFIX = "owners";
/** In what only its owner may read. */
export const SECRET = "s3cr3t-5f1e";

const TAGS = { note: SECRET };
const LIMITS = [{ capacityUnit: "ml.g6.xlarge", maxCapacity: 4 }];
const arn = (resource: string): string => `arn:aws:batch:us-east-1:${OWNER}:${resource}`;

/** One of everything, and jobs that run as long as the script does. */
export async function furnish(
  owner: batch.BatchClient,
  ask: Ask,
  accessKeyId: string,
  script: string,
): Promise<OwnedBelow> {
  const send = (command: { readonly input: object }): Promise<unknown> => owner.send(command as never);
  const logs = (operation: string, input: object) => askJson(ask, "logs", `Logs_20140328.${operation}`, input);
  const name = (short: string): string => `${PREFIX}-${short}`;
  await createQueue(owner, name("q"));
  await register(owner, name("d"), { command: ["echo", SECRET] }, { tags: TAGS });
  await send(
    new batch.CreateConsumableResourceCommand({ consumableResourceName: name("c"), totalQuantity: 3, tags: TAGS }),
  );
  const quotaSharePolicy = { idleResourceAssignmentStrategy: "FIFO" as const };
  await send(new batch.CreateSchedulingPolicyCommand({ name: name("p"), quotaSharePolicy, tags: TAGS }));
  await send(
    new batch.CreateServiceEnvironmentCommand({
      serviceEnvironmentName: name("s"),
      serviceEnvironmentType: "SAGEMAKER_TRAINING",
      capacityLimits: LIMITS,
      tags: TAGS,
    }),
  );
  await send(
    new batch.CreateJobQueueCommand({
      jobQueueName: name("sq"),
      priority: 1,
      serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: name("s") }],
      schedulingPolicyArn: arn(`scheduling-policy/${name("p")}`),
      tags: TAGS,
    }),
  );
  await until("the service queue is VALID", async () => {
    const { jobQueues } = await owner.send(new batch.DescribeJobQueuesCommand({ jobQueues: [name("sq")] }));
    return jobQueues?.[0]?.status === "VALID";
  });
  await send(
    new batch.CreateQuotaShareCommand({
      quotaShareName: name("x"),
      jobQueue: name("sq"),
      capacityLimits: LIMITS,
      resourceSharingConfiguration: { strategy: "RESERVE" },
      preemptionConfiguration: { inSharePreemption: "DISABLED" },
      tags: TAGS,
    }),
  );
  await logs("CreateLogGroup", { logGroupName: name("g"), tags: TAGS });
  await logs("CreateLogStream", { logGroupName: name("g"), logStreamName: name("stream") });
  const logEvents = [{ timestamp: Date.now(), message: SECRET }];
  await logs("PutLogEvents", { logGroupName: name("g"), logStreamName: name("stream"), logEvents });
  const telling = `echo ${SECRET}; ${script}`;
  const where = { jobQueue: name("q"), jobDefinition: name("d") };
  const jobId = await submitScript(owner, telling, { jobName: name("j"), tags: TAGS, ...where });
  const arrayId = await submitScript(owner, telling, { jobName: name("a"), arrayProperties: { size: 2 }, ...where });
  const training = trainingRequest(telling);
  await createServiceQueue(owner, name("t"));
  const serviceJobId = await submitService(owner, training, { jobName: name("t"), jobQueue: name("t"), tags: TAGS });
  await untilServiceStatus(owner, serviceJobId, "RUNNING");
  const { container } = await untilStatus(owner, jobId, "RUNNING");
  await untilStatus(owner, `${arrayId}:1`, "RUNNING");
  const { computeEnvironments } = await owner.send(
    new batch.DescribeComputeEnvironmentsCommand({ computeEnvironments: [name("q")] }),
  );
  const { json } = await ask("longshore", { method: "GET", path: "/longshore/instances" });
  const { instances } = json as unknown as { instances: { instanceId: string; jobs: string[] }[] };
  return {
    ...{ account: OWNER, region: "us-east-1", prefix: PREFIX, jobId, arrayId, serviceJobId },
    stream: container!.logStreamName!,
    cluster: computeEnvironments![0]!.ecsClusterArn!,
    task: container!.taskArn!,
    containerInstance: container!.containerInstanceArn!,
    instanceId: instances.find(({ jobs }) => jobs.includes(jobId))!.instanceId,
    containerId: container!.taskArn!.split("/").at(-1)!,
    accessKeyId: accessKeyId,
    proof: "A".repeat(40),
  };
}
