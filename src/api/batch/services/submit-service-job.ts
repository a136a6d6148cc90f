import type { ServiceJobRetryStrategy } from "@aws-sdk/client-batch";
import type { RetryStrategy, Scheduling } from "../../../core/job.ts";
import type { TrainingRequest } from "../../../core/submission/training-job.ts";
import {
  instancesOf,
  MalformedRequest,
  readTrainingRequest,
  TRAINING_LOG_GROUP,
  TRAINING_REQUIREMENTS,
  trainingRefusal,
  trainingTimeout,
} from "../../../core/submission/training-job.ts";
import { NO_IMAGE } from "../../../core/driver-name.ts";
import type { JobSpec, NewJob } from "../../../ports/store.ts";
import { validationException } from "../../wire/errors.ts";
import type { BatchHandlers, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { onceByToken } from "../client-token.ts";
import { JobRoom } from "../jobs/job-room.ts";
import { newJobId } from "../jobs/job-id.ts";
import { arnOf, scopeOf } from "../names.ts";
import { findQueue } from "../queues/queue-lookup.ts";
import { quotaShareArn } from "../sharing/quota-shares.ts";
import { check } from "../rules.ts";
import type { ServicePlacement, ServiceSubmission } from "./service-job-rules.ts";
import { SERVICE_JOB_RULES, SERVICE_PLACEMENT_RULES } from "./service-job-rules.ts";
import { askedByTags, validateOwnTags } from "../tags/own-tags.ts";
import { TEXTS } from "../texts.ts";

/** SubmitServiceJob (reference 3.7): the request for SageMaker becomes a job that runs as a container. With a token it is submitted once. */
export function submitServiceJobHandler(backend: Backend): Required<Pick<BatchHandlers, "SubmitServiceJob">> {
  const room = new JobRoom(backend);
  return {
    async SubmitServiceJob(submission, call) {
      check(SERVICE_JOB_RULES, submission);
      validateOwnTags(submission.tags, backend.limits);
      const { clientToken, ...input } = submission;
      const jobId = await onceByToken(backend, call, ["SubmitServiceJob", clientToken, input], async (token) => {
        const job = await newServiceJob(backend, call, input);
        await room.check(call);
        await backend.store.jobs.insert(job, token(job.id));
        void backend.scheduler.nudge();
        return job.id;
      });
      return { jobArn: arnOf(call, "service-job", jobId), jobName: input.jobName, jobId };
    },
  };
}

async function newServiceJob(backend: Backend, call: Call, input: ServiceSubmission): Promise<NewJob> {
  const request = checkedRequest(input.serviceRequestPayload);
  const placement = await findPlacement(backend, call, input);
  check(SERVICE_PLACEMENT_RULES, placement);
  const createdAt = backend.clock.now();
  const share = input.shareIdentifier ?? input.quotaShareName;
  return {
    id: newJobId(createdAt),
    scope: scopeOf(call),
    queueArn: placement.queue.arn,
    name: input.jobName,
    definitionArn: "",
    createdAt,
    ...(share !== undefined && { shareIdentifier: share }),
    scheduling: schedulingOf(
      input,
      request,
      placement,
      askedByTags(input.tags, undefined, backend.limits).expectedSeconds,
    ),
    spec: specOf(call, input),
  };
}

function checkedRequest(payload: string): TrainingRequest {
  try {
    const request = readTrainingRequest(payload);
    if (instancesOf(request).length > 0) return request;
  } catch (error) {
    if (!(error instanceof MalformedRequest)) throw error;
    throw validationException(TEXTS.requestMember(error.member, error.expected));
  }
  throw validationException(TEXTS.requestInstances);
}

async function findPlacement(backend: Backend, call: Call, input: ServiceSubmission): Promise<ServicePlacement> {
  const { schedulingPolicies, quotaShares } = backend.store;
  const queue = await findQueue(backend, call, input.jobQueue);
  const { schedulingPolicyArn } = queue.settings;
  const policy = schedulingPolicyArn === undefined ? undefined : await schedulingPolicies.get(schedulingPolicyArn);
  const { quotaShareName: share } = input;
  return {
    input,
    queue,
    policy: policy?.settings,
    share: share === undefined ? undefined : await quotaShares.get(quotaShareArn(queue.arn, share)),
  };
}

function schedulingOf(
  input: ServiceSubmission,
  request: TrainingRequest,
  { share, policy }: ServicePlacement,
  expected: number | undefined,
): Scheduling {
  const { TrainingJobName: trainingJobName = input.jobName, AlgorithmSpecification } = request;
  const refusal = trainingRefusal(request);
  const preemptionRetries = input.preemptionConfiguration?.preemptionRetriesBeforeTermination;
  return {
    requirements: TRAINING_REQUIREMENTS,
    instances: instancesOf(request),
    ...(input.shareIdentifier !== undefined && { share: input.shareIdentifier }),
    ...(policy !== undefined && { priority: input.schedulingPriority ?? 0 }),
    retry: retryOf(input.retryStrategy),
    dependsOn: [],
    timeoutSeconds: trainingTimeout(request, input.timeoutConfig?.attemptDurationSeconds),
    ...(expected !== undefined && { expectedSeconds: expected }),
    needsImage: AlgorithmSpecification?.TrainingImage !== NO_IMAGE,
    log: { group: TRAINING_LOG_GROUP, prefix: trainingJobName },
    service: {
      type: "SAGEMAKER_TRAINING",
      trainingJobName,
      ...(refusal !== undefined && { refusal }),
      ...(share !== undefined && { quotaShare: share.arn }),
      ...(preemptionRetries !== undefined && { preemptionRetries }),
    },
  };
}

function retryOf(strategy: ServiceJobRetryStrategy | undefined): RetryStrategy {
  const evaluateOnExit = (strategy?.evaluateOnExit ?? []).map(({ action, onStatusReason }) => ({
    action: action!.toLowerCase() as "retry" | "exit",
    onStatusReason: onStatusReason!,
  }));
  return { attempts: strategy?.attempts ?? 1, evaluateOnExit };
}

function specOf({ caller }: Call, input: ServiceSubmission): JobSpec {
  const { serviceRequestPayload, retryStrategy, timeoutConfig, preemptionConfiguration, quotaShareName } = input;
  return {
    parameters: {},
    dependsOn: [],
    retryStrategy: {},
    tags: input.tags ?? {},
    propagateTags: false,
    platformCapabilities: [],
    ...(input.schedulingPriority !== undefined && { schedulingPriority: input.schedulingPriority }),
    service: {
      serviceRequestPayload,
      retryStrategy: retryStrategy ?? { attempts: 1, evaluateOnExit: [] },
      ...(timeoutConfig !== undefined && { timeoutConfig }),
      ...(preemptionConfiguration !== undefined && { preemptionConfiguration }),
      ...(quotaShareName !== undefined && { quotaShareName }),
    },
    ...(caller.keyId !== undefined && { submittedBy: caller.keyId }),
  };
}
