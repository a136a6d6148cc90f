import assert from "node:assert/strict";
import type {
  BatchClient,
  CapacityLimit,
  CreateJobQueueCommandInput,
  DescribeServiceJobCommandOutput,
  SubmitServiceJobCommandInput,
} from "@aws-sdk/client-batch";
import {
  CreateJobQueueCommand,
  CreateServiceEnvironmentCommand,
  DescribeServiceEnvironmentsCommand,
  DescribeServiceJobCommand,
  SubmitServiceJobCommand,
} from "@aws-sdk/client-batch";
import { untilQueue } from "../api/server.ts";
import { until } from "./until.ts";

/** A service environment and a queue of that name, both VALID. */
export async function createServiceQueue(
  batch: BatchClient,
  name: string,
  capacityLimits: CapacityLimit[] = [{ capacityUnit: "NUM_INSTANCES", maxCapacity: 10 }],
  more: Partial<CreateJobQueueCommandInput> = {},
): Promise<void> {
  await batch.send(
    new CreateServiceEnvironmentCommand({
      serviceEnvironmentName: name,
      serviceEnvironmentType: "SAGEMAKER_TRAINING",
      capacityLimits,
    }),
  );
  await until(`service environment ${name} is VALID`, async () => {
    const { serviceEnvironments: [found] = [] } = await batch.send(
      new DescribeServiceEnvironmentsCommand({ serviceEnvironments: [name] }),
    );
    return found?.status === "VALID";
  });
  await batch.send(
    new CreateJobQueueCommand({
      jobQueueName: name,
      jobQueueType: "SAGEMAKER_TRAINING",
      priority: 1,
      serviceEnvironmentOrder: [{ order: 1, serviceEnvironment: name }],
      ...more,
    }),
  );
  await untilQueue(batch, name, "VALID");
}

/** A request for a training job that runs a shell script, with no image unless `more` names one. */
export function trainingRequest(script: string, more: Record<string, unknown> = {}) {
  return {
    TrainingJobName: "train",
    AlgorithmSpecification: {
      TrainingImage: "scratch",
      ContainerEntrypoint: ["sh", "-c"],
      ContainerArguments: [script],
    },
    ResourceConfig: { InstanceType: "ml.g6.xlarge", InstanceCount: 1, VolumeSizeInGB: 1 },
    StoppingCondition: { MaxRuntimeInSeconds: 3600 },
    ...more,
  };
}

/** SubmitServiceJob to the queue `training`, unless `job` says otherwise. Returns the job's id. */
export async function submitService(
  batch: BatchClient,
  request: object,
  job: Partial<SubmitServiceJobCommandInput> = {},
): Promise<string> {
  const { jobId } = await batch.send(
    new SubmitServiceJobCommand({
      jobName: "service",
      jobQueue: "training",
      serviceJobType: "SAGEMAKER_TRAINING",
      serviceRequestPayload: JSON.stringify(request),
      ...job,
    }),
  );
  return jobId!;
}

export async function describeService(batch: BatchClient, jobId: string): Promise<DescribeServiceJobCommandOutput> {
  return batch.send(new DescribeServiceJobCommand({ jobId }));
}

/** Waits until the service job's status is one of `statuses`; fails when it ends with another one. */
export function untilServiceStatus(
  batch: BatchClient,
  jobId: string,
  ...statuses: readonly string[]
): Promise<DescribeServiceJobCommandOutput> {
  return until(`service job ${jobId} is ${statuses.join(" or ")}`, async () => {
    const job = await describeService(batch, jobId);
    if (statuses.includes(job.status!)) return job;
    if (job.status !== "SUCCEEDED" && job.status !== "FAILED") return undefined;
    throw new Error(`Service job ${jobId} should be ${statuses.join(" or ")}: ${JSON.stringify(job)}`);
  });
}

/** Waits until a tick has seen the job, and says why it waits. */
export function whyServiceWaits(batch: BatchClient, jobId: string): Promise<string> {
  return until(`service job ${jobId} waits for a reason`, async () => {
    const { status, statusReason } = await describeService(batch, jobId);
    assert.equal(status, "RUNNABLE");
    return statusReason;
  });
}

export function serviceEnded(batch: BatchClient, jobId: string): Promise<DescribeServiceJobCommandOutput> {
  return untilServiceStatus(batch, jobId, "SUCCEEDED", "FAILED");
}
