import type * as Batch from "@aws-sdk/client-batch";
import { batch } from "../../api/batch.ts";
import { changeTags } from "../../api/tags.ts";
import type { TagRow } from "../../components/form/tags-field.tsx";
import { rowsOf, tagsError, tagsOfRows } from "../../components/form/tags-field.tsx";
import type { FormErrors } from "../../components/form/use-form.ts";
import { foundErrors, nameError, wholeNumberError } from "../../components/form/use-form.ts";

/** Tags that mean something here: docs/beyond-aws.md. */
const BACKFILL_TAG = "longshore:backfill";
const MAX_RUNNING_TAG = "longshore:max-running-jobs";

/** A queue as it is written into the form. */
export interface QueueValues {
  readonly jobQueueName: string;
  readonly state: string;
  readonly priority: string;
  /** ARNs, in the order in which they are tried; three places, "" is none. */
  readonly environments: readonly string[];
  readonly schedulingPolicyArn: string;
  readonly timeLimits: readonly TimeLimitRow[];
  readonly backfill: boolean;
  readonly maxRunningJobs: string;
  readonly tags: readonly TagRow[];
}

export interface TimeLimitRow {
  readonly reason: string;
  readonly maxTimeSeconds: string;
}

/** What may keep the job at the head of its queue for long, as AWS names it. */
export const TIME_LIMIT_REASONS = [
  { value: "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", label: "No capacity", description: "The environments are full." },
  {
    value: "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    label: "Larger than an environment's maximum",
    description: "It asks for more than any environment may have.",
  },
  {
    value: "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    label: "No instance type is large enough",
    description: "It asks for more than any instance has.",
  },
  {
    value: "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
    label: "Instances cannot be launched",
    description: "What the environment is configured for is not supported.",
  },
];

export function valuesOf(queue: Batch.JobQueueDetail | undefined): QueueValues {
  const { [BACKFILL_TAG]: backfill, [MAX_RUNNING_TAG]: maxRunningJobs = "", ...tags } = queue?.tags ?? {};
  const order = (queue?.computeEnvironmentOrder ?? []).toSorted((a, b) => a.order! - b.order!);
  return {
    jobQueueName: queue?.jobQueueName ?? "",
    state: queue?.state ?? "ENABLED",
    priority: String(queue?.priority ?? 1),
    environments: [0, 1, 2].map((at) => order[at]?.computeEnvironment ?? ""),
    schedulingPolicyArn: queue?.schedulingPolicyArn ?? "",
    timeLimits: (queue?.jobStateTimeLimitActions ?? []).map(({ reason = "", maxTimeSeconds }) => ({
      reason,
      maxTimeSeconds: String(maxTimeSeconds ?? ""),
    })),
    backfill: backfill === "true",
    maxRunningJobs,
    tags: rowsOf(tags),
  };
}

/** What an address proposes; `environments`: names with commas between them. */
export function proposedOf(
  { jobQueueArn }: Batch.JobQueueDetail,
  { priority, environments }: { readonly priority: string; readonly environments: string },
): Partial<QueueValues> {
  const room = jobQueueArn!.replace(/:job-queue\/.*$/, ":compute-environment/");
  const arns = environments.split(",").map((name) => room + name);
  return {
    ...(priority !== "" && { priority }),
    ...(environments !== "" && { environments: [0, 1, 2].map((at) => arns[at] ?? "") }),
  };
}

/** @param isTraining its service environment is not changed here. */
export function checkQueue(
  values: QueueValues,
  { isNew, isTraining }: { readonly isNew: boolean; readonly isTraining: boolean },
): FormErrors<QueueValues> {
  const chosen = values.environments.filter((arn) => arn !== "");
  return foundErrors<QueueValues>({
    jobQueueName: isNew && nameError(values.jobQueueName),
    priority: wholeNumberError(values.priority, {}),
    environments:
      chosen.length === 0 && !isTraining
        ? "A queue needs at least one environment."
        : new Set(chosen).size < chosen.length && "An environment is there twice.",
    timeLimits: timeLimitsError(values.timeLimits),
    maxRunningJobs: wholeNumberError(values.maxRunningJobs, { least: 1, most: 1_000_000, optional: true }),
    tags: tagsError(values.tags),
  });
}

function timeLimitsError(rows: readonly TimeLimitRow[]): string | undefined {
  if (rows.some(({ reason }) => reason === "")) return "Choose for which reason each limit is.";
  if (new Set(rows.map(({ reason }) => reason)).size < rows.length) return "A reason is there twice.";
  const isWrong = ({ maxTimeSeconds }: TimeLimitRow) => wholeNumberError(maxTimeSeconds, { least: 600, most: 86_400 });
  return rows.some(isWrong) ? "A limit is a whole number of seconds from 600 to 86400." : undefined;
}

/** What the server's refusals are about. */
export const QUEUE_PLACES: readonly (readonly [keyof QueueValues, RegExp])[] = [
  ["jobQueueName", /Job Queue name|already exists|jobQueueName/i],
  ["maxRunningJobs", /longshore:max-running-jobs/],
  ["timeLimits", /maxTimeSeconds|job action|job state|job reason|state limit/i],
  ["priority", /\bpriority\b/i],
  ["schedulingPolicyArn", /polic/i],
  ["environments", /environment|architecture/i],
  ["tags", /\btags?\b/i],
];

function membersOf(values: QueueValues) {
  return {
    state: values.state as Batch.JQState,
    priority: Number(values.priority),
    computeEnvironmentOrder: values.environments
      .filter((arn) => arn !== "")
      .map((computeEnvironment, at) => ({ order: at + 1, computeEnvironment })),
    ...(values.schedulingPolicyArn !== "" && { schedulingPolicyArn: values.schedulingPolicyArn }),
    jobStateTimeLimitActions: values.timeLimits.map(({ reason, maxTimeSeconds }) => ({
      ...{ reason, maxTimeSeconds: Number(maxTimeSeconds) },
      ...{ state: "RUNNABLE" as const, action: "CANCEL" as const },
    })),
  };
}

function allTags({ tags, backfill, maxRunningJobs }: QueueValues): Record<string, string> {
  return {
    ...tagsOfRows(tags),
    ...(backfill && { [BACKFILL_TAG]: "true" }),
    ...(maxRunningJobs.trim() !== "" && { [MAX_RUNNING_TAG]: maxRunningJobs.trim() }),
  };
}

export async function createQueue(values: QueueValues): Promise<void> {
  const { jobQueueName } = values;
  await batch("CreateJobQueue", { jobQueueName, ...membersOf(values), tags: allTags(values) });
}

/** Its settings, then its tags: only what has changed is sent. */
export async function updateQueue(queue: Batch.JobQueueDetail, values: QueueValues): Promise<void> {
  const before = membersOf(valuesOf(queue));
  const after = membersOf(values);
  const changed = Object.entries(after).filter(
    ([member, value]) => JSON.stringify(value) !== JSON.stringify(before[member as keyof typeof before]),
  );
  if (changed.length > 0) {
    await batch("UpdateJobQueue", { jobQueue: queue.jobQueueArn!, ...Object.fromEntries(changed) });
  }
  await changeTags(queue.jobQueueArn!, queue.tags ?? {}, allTags(values));
}
