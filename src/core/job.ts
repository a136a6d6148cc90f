import type { MachineName } from "./clusters/machine-name.ts";
import type { DriverName } from "./driver-name.ts";
import { childId } from "./ids.ts";
import type { Architecture } from "./instances/instance.ts";
import type { Nodes, Unit, UnitState } from "./tasks/task.ts";
import type { Usage } from "./usage.ts";

/** AWS Batch's job states (reference: ServiceJobStatus). SCHEDULED, only of service jobs: bound to an environment, and nobody is told to run it yet. */
export type JobStatus = (typeof SERVICE_JOB_STATUSES)[number];

export const SERVICE_JOB_STATUSES = [
  "SUBMITTED",
  "PENDING",
  "RUNNABLE",
  "SCHEDULED",
  "STARTING",
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
] as const;

/** Those of jobs that are no service jobs. */
export const JOB_STATUSES = SERVICE_JOB_STATUSES.filter((status) => status !== "SCHEDULED");

export type PlainJobStatus = (typeof JOB_STATUSES)[number];

/** What a job needs of an instance. Integers only. */
export interface Requirements {
  readonly vcpuMilli: number;
  readonly memoryMiB: number;
  readonly gpus: number;
}

/** How much of one consumable resource an attempt holds while it is active (reference 3.6). */
export interface ConsumableNeed {
  readonly arn: string;
  readonly quantity: number;
}

/**
 * One entry of SubmitJob's `dependsOn`. Without type: the whole job must have SUCCEEDED. AFTER_ANY: it must be over; AFTER_NOT_OK: it must
 * have FAILED. SEQUENTIAL has no job id.
 */
export type Dependency =
  | { readonly jobId: string; readonly type?: "N_TO_N" | "AFTER_ANY" | "AFTER_NOT_OK" }
  | { readonly type: "SEQUENTIAL"; readonly jobId?: undefined };

export interface ExitCondition {
  readonly action: "retry" | "exit";
  readonly onStatusReason?: string;
  readonly onReason?: string;
  readonly onExitCode?: string;
}

export interface RetryStrategy {
  /** How often the job may become RUNNABLE in all, 1 to 10. */
  readonly attempts: number;
  readonly evaluateOnExit: readonly ExitCondition[];
}

/** What the scheduler has to know of a job: fixed at submission, shared by equal jobs. What to run is in the job's spec, which only dispatch and Describe read. */
export interface Scheduling {
  readonly requirements: Requirements;
  /** The share identifier, in a queue with a fair-share policy (reference 7.3). */
  readonly share?: string;
  /** schedulingPriority, in a queue with a scheduling policy: higher first, within a share. */
  readonly priority?: number;
  /** All of them or none, whether the resources exist or not. In order of ARN, each resource once. */
  readonly consumables?: readonly ConsumableNeed[];
  readonly retry: RetryStrategy;
  /** How many attempts that the infrastructure lost do not count against the retry strategy. */
  readonly infrastructureRetries?: number;
  /** The memory, MiB, that is asked for after each attempt that ran out of it; rising, all above `requirements`. */
  readonly memoryLadder?: readonly number[];
  readonly dependsOn: readonly Dependency[];
  readonly timeoutSeconds?: number;
  /** For how long an attempt is expected to run. */
  readonly expectedSeconds?: number;
  /** Why the job can never start, however much is free. It fails with this as soon as nothing else keeps it waiting. */
  readonly refusal?: string;
  /** An array parent's number of children. */
  readonly arraySize?: number;
  /** Of an array: how many of its children may be STARTING or RUNNING at a time. */
  readonly maxActiveChildren?: number;
  /** Service jobs only: what the attempt takes of its service environment, each type once. */
  readonly instances?: readonly InstanceNeed[];
  /** Service jobs only. */
  readonly service?: Service;
  /** Whether the job names a real container image (any but NO_IMAGE). */
  readonly needsImage: boolean;
  /** Where the awslogs driver puts the output; absent with any other log driver. */
  readonly log?: { readonly group: string; readonly prefix: string };
  /** Of a job that runs several containers, or several nodes: all of them, in the order of nodes. `requirements` is their sum, `log` is absent. */
  readonly units?: readonly Unit[];
  /** Multi-node parallel jobs only. */
  readonly nodes?: Nodes;
  /** Multi-node parallel jobs only: what the instance of any node has to hold, all being of one type. Jobs that an older version stored lack it. */
  readonly eachNode?: Requirements;
  /** Multi-node parallel jobs only: the type that the instances of all nodes are to be of. */
  readonly instanceType?: string;
  /** runtimePlatform.cpuArchitecture: which instances can run it; without it those of X86_64. */
  readonly architecture?: Architecture;
  /** Its definition is for Fargate: it does not run on instances. */
  readonly needsFargate?: true;
}

/** A number of instances of one type, such as `ml.g6.xlarge`. */
export interface InstanceNeed {
  readonly type: string;
  readonly count: number;
}

/** A job that AWS Batch would hand to another service (reference 3.7). */
export interface Service {
  readonly type: "SAGEMAKER_TRAINING";
  /** What the training job is called, without what tells the attempts apart. */
  readonly trainingJobName: string;
  /** Why the service would refuse the request: the statusReason of each attempt. */
  readonly refusal?: string;
  /** ARN, where the job has one. */
  readonly quotaShare?: string;
  /** After how many preemptions it is tried again; without limit when absent (reference 3.9). */
  readonly preemptionRetries?: number;
}

/** What must be free for a job to start. Jobs of equal demand have the same shape. */
export type Demand = Pick<
  Scheduling,
  "requirements" | "consumables" | "instances" | "nodes" | "eachNode" | "instanceType" | "architecture" | "needsFargate"
>;

/** Why an attempt was told to end before it ended by itself. */
export interface Stopping {
  readonly reason: string;
  /** Epoch ms of the decision: SIGTERM then, SIGKILL 30 s later. */
  readonly at: number;
  /** Its instance is taken away: only such an attempt may be retried. */
  readonly hostLost?: true;
  /** Its capacity is wanted for another job. Such an attempt does not count, and the job is tried again. */
  readonly preempted?: true;
}

export interface Attempt {
  /** The ECS task id: 32 hexadecimal digits. */
  readonly id: string;
  readonly driver: DriverName;
  readonly environmentArn: string;
  /** Where it runs: one instance, or one for each node. Absent in environments without instances. */
  readonly instanceIds?: readonly string[];
  /** In a cluster: the machine that it is on, of several nodes the main one. Set when the program runs. */
  readonly machine?: MachineName;
  /** Set when the program runs. Epoch ms, as all times. */
  readonly startedAt?: number;
  /** By how much the machine's clock was set forward since then, ms; negative: back. What is measured from the start is so much later. */
  readonly clockSetMs?: number;
  /** Set when the attempt is over; an attempt without it is active. */
  readonly stoppedAt?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly statusReason?: string;
  readonly logStreamName?: string;
  /** Set with the end, where it was measured. */
  readonly usage?: Usage;
  /** The GPUs that it holds, by their numbers on the machine or the instance. */
  readonly gpuIds?: readonly string[];
  readonly stopping?: Stopping;
  /** It was active in the backup that the store was restored from: what no driver holds of it may have run, and is lost; it is never started. */
  readonly isRestored?: true;
  /**
   * In the order of the job's units, where it has some. The attempt's own `startedAt`, `stoppedAt`, `exitCode` and `reason` are then those of
   * the (main node's) essential containers; it has no log stream.
   */
  readonly units?: readonly UnitState[];
}

/** How far a job is: written by the engine alone. Values are replaced, never changed in place. */
export interface JobState {
  readonly status: JobStatus;
  readonly statusReason?: string;
  /** Service jobs: when the last attempt became SCHEDULED. */
  readonly scheduledAt?: number;
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  readonly attempts: readonly Attempt[];
  /** How many attempts were preempted, in all: only the last of those are kept in `attempts`. */
  readonly preemptions?: number;
  /** What the job asks for since an attempt ran out of memory, MiB: a rung of its memory ladder. */
  readonly memoryMiB?: number;
  readonly isCancelled?: boolean;
  readonly isTerminated?: boolean;
  /** Array parents only. */
  readonly rest?: ArrayRest;
  /** Array parents only: the statusReason that the job will end with, where it is not the children's failure. */
  readonly endReason?: string;
}

/** The state of every child of an array that has no record of its own: they are all alike. */
export interface ArrayRest {
  readonly status: "PENDING" | "RUNNABLE" | "FAILED";
  readonly statusReason?: string;
  readonly stoppedAt?: number;
  readonly isCancelled?: boolean;
  readonly isTerminated?: boolean;
}

/** A CancelJob or TerminateJob that was accepted and not yet honoured; `interrupt`: what the job runs on is to be taken away, for no reason of its own. */
export interface StopRequest {
  readonly kind: "cancel" | "terminate" | "interrupt";
  readonly reason: string;
}

/** A job as the scheduler sees it: a single job, an array parent, or one child of an array. */
export interface Job {
  readonly id: string;
  /** Submission order; a child has its parent's. */
  readonly seq: number;
  readonly queueArn: string;
  readonly createdAt: number;
  readonly scheduling: Scheduling;
  readonly parent?: { readonly id: string; readonly index: number };
  readonly state: JobState;
}

/**
 * The state in which a job is stored. What waits for nothing is RUNNABLE at once, and the engine need not write it again before it starts; what has dependencies or
 * children is SUBMITTED until a tick has looked at it.
 */
export function initialState({ dependsOn, arraySize, refusal }: Scheduling): JobState {
  const waitsForNothing = dependsOn.length === 0 && arraySize === undefined && refusal === undefined;
  return { status: waitsForNothing ? "RUNNABLE" : "SUBMITTED", attempts: [] };
}

/** A child of an array, before anything is known of it alone. */
export function newChild({ id, seq, queueArn, createdAt, scheduling }: Job, index: number): Job {
  const state: JobState = { status: "PENDING", attempts: [] };
  return { id: childId(id, index), seq, queueArn, createdAt, scheduling, parent: { id, index }, state };
}

export function isTerminal(status: JobStatus): boolean {
  return status === "SUCCEEDED" || status === "FAILED";
}

/** Not yet bound to a host: CancelJob still works on it. */
export function isWaiting(status: JobStatus): boolean {
  return status === "SUBMITTED" || status === "PENDING" || status === "RUNNABLE";
}

/** For nothing else: there is nothing to be settled of it, which matters where a million such jobs are read. */
export function waitsForRoom(job: Job): boolean {
  return job.state.status === "RUNNABLE" && !isArrayParent(job) && job.scheduling.service === undefined;
}

export function isArrayParent(job: Job): boolean {
  return job.scheduling.arraySize !== undefined && job.parent === undefined;
}

/** The attempt that holds capacity now, if any. */
export function activeAttempt(state: JobState): Attempt | undefined {
  const last = state.attempts.at(-1);
  return last !== undefined && last.stoppedAt === undefined ? last : undefined;
}

export function replaceLastAttempt(attempts: readonly Attempt[], last: Attempt): readonly Attempt[] {
  return [...attempts.slice(0, -1), last];
}

/** What the active attempt holds of an instance, or the next one will ask for. */
export function requirementsOf({ scheduling, state }: Pick<Job, "scheduling" | "state">): Requirements {
  const { memoryMiB } = state;
  return memoryMiB === undefined ? scheduling.requirements : { ...scheduling.requirements, memoryMiB };
}

/** What must be free for the job's next attempt. */
export function demandOf(job: Pick<Job, "scheduling" | "state">): Demand {
  const { consumables, instances, nodes, eachNode, instanceType, architecture, needsFargate } = job.scheduling;
  return {
    requirements: requirementsOf(job),
    ...(consumables !== undefined && { consumables }),
    ...(instances !== undefined && { instances }),
    ...(nodes !== undefined && { nodes }),
    ...(eachNode !== undefined && { eachNode }),
    ...(instanceType !== undefined && { instanceType }),
    ...(architecture !== undefined && { architecture }),
    ...(needsFargate !== undefined && { needsFargate }),
  };
}

/** Whose job it is in its queue: a share identifier, or the ARN of a quota share; "" in a queue without shares. */
export function shareOf({ share, service }: Scheduling): string {
  return share ?? service?.quotaShare ?? "";
}

export function shapeKey(demand: Demand): string {
  const {
    requirements,
    consumables = [],
    instances = [],
    nodes,
    eachNode = requirements,
    instanceType,
    architecture,
    needsFargate,
  } = demand;
  return [
    amountsKey(requirements),
    ...(nodes === undefined ? [] : [`${nodes.count} x ${amountsKey(eachNode)}`]),
    ...(instanceType === undefined ? [] : [instanceType]),
    ...(architecture === undefined ? [] : [architecture]),
    ...(needsFargate === undefined ? [] : ["Fargate"]),
    ...consumables.map(({ arn, quantity }) => `${quantity} ${arn}`),
    ...instances.map(({ type, count }) => `${count} ${type}`),
  ].join();
}

function amountsKey({ vcpuMilli, memoryMiB, gpus }: Requirements): string {
  return `${vcpuMilli}/${memoryMiB}/${gpus}`;
}
