import type { JobDetail } from "@aws-sdk/client-batch";
import type { JobShape } from "./job-shape.ts";
import type { Entry } from "./ledger-file.ts";

/** What a client wanted, and what it was told. */
export interface Intent {
  readonly shape: JobShape;
  readonly dependsOn: readonly DependsOn[];
  /** How often it was sent: as many jobs of its name may be there. */
  sent: number;
  /** Ids that it was given. */
  readonly acknowledged: string[];
}

export interface DependsOn {
  readonly jobId: string;
  readonly isNToN: boolean;
}

/** A stop that was asked for. */
export interface StopNote {
  readonly kind: "cancel" | "terminate";
  /** Of a job, an array, or a child of one. */
  readonly jobId: string;
  /** How many entries the ledger had when the answer came; undefined when none came. */
  acknowledgedAt?: number;
}

/** What the API says of a job in the end. */
export interface FinalJob {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly statusReason?: string;
  readonly isTerminated: boolean;
  readonly isCancelled: boolean;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  readonly attempts: readonly FinalAttempt[];
  readonly arraySize?: number;
}

export interface FinalAttempt {
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  readonly statusReason?: string;
  /** By name of the unit; of a job of one container, `main`. */
  readonly exitCodes: Readonly<Record<string, number | undefined>>;
  /** What is said of its containers. */
  readonly reasons: readonly string[];
}

/** All that was seen in a run. */
export interface Evidence {
  readonly intents: readonly Intent[];
  readonly stops: readonly StopNote[];
  readonly entries: readonly Entry[];
  /** Every job that the API has, and every child. */
  readonly jobs: readonly FinalJob[];
  /** How many attempts can run at a time. */
  readonly room: number;
}

/** An engine that dies in the middle of a container's start leaves nobody who knows whether its program has run: it is over with its host. */
export function isLost(shape: JobShape, { statusReason, exitCodes }: FinalAttempt): boolean {
  const hasNoCode = Object.values(exitCodes).every((code) => code === undefined);
  return shape.runs !== "process" && hasNoCode && /^Host EC2 .* terminated\.$/.test(statusReason ?? "");
}

export function isOver({ status }: { readonly status?: string | undefined }): boolean {
  return status === "SUCCEEDED" || status === "FAILED";
}

export function toFinalJob(job: JobDetail): FinalJob {
  const { jobId, jobName, status, statusReason, isTerminated, isCancelled, startedAt, stoppedAt } = job;
  return {
    ...{ id: jobId!, name: jobName!, status: status!, createdAt: job.createdAt! },
    ...{ isTerminated: isTerminated === true, isCancelled: isCancelled === true },
    ...(statusReason !== undefined && { statusReason }),
    ...(startedAt !== undefined && { startedAt }),
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...(job.arrayProperties?.size !== undefined && { arraySize: job.arrayProperties.size }),
    attempts: (job.attempts ?? []).map((attempt) => ({
      ...(attempt.startedAt !== undefined && { startedAt: attempt.startedAt }),
      ...(attempt.stoppedAt !== undefined && { stoppedAt: attempt.stoppedAt }),
      ...(attempt.statusReason !== undefined && { statusReason: attempt.statusReason }),
      exitCodes: exitCodesOf(attempt),
      reasons: containersOf(attempt).flatMap(({ reason }) => reason ?? []),
    })),
  };
}

type Attempt = NonNullable<JobDetail["attempts"]>[number];

function exitCodesOf(attempt: Attempt): FinalAttempt["exitCodes"] {
  return Object.fromEntries(containersOf(attempt).map(({ name, exitCode }) => [name, exitCode]));
}

function containersOf({ container, taskProperties }: Attempt) {
  const ofTask = taskProperties?.[0]?.containers;
  return ofTask?.map((one) => ({ ...one, name: one.name! })) ?? [{ ...container, name: "main" }];
}
