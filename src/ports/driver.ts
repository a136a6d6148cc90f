import type { ContainerProperties, EksPodProperties } from "@aws-sdk/client-batch";
import type { MachineName } from "../core/clusters/machine-name.ts";
import type { DriverName } from "../core/driver-name.ts";
import type { MachineOfCluster } from "../core/clusters/machines.ts";
import type { Requirements } from "../core/job.ts";
import type { UnitDependency } from "../core/tasks/task.ts";
import type { Usage, UsedSoFar } from "../core/usage.ts";

/**
 * A driver runs attempts somewhere: as processes of this machine, in a container engine, in a cluster.
 *
 * The contract that keeps "an attempt runs at most once" and "jobs outlive the server":
 * - `start` and `stop` are idempotent by attempt id. A second `start` of an attempt that ran, runs, or was claimed does
 *   not run it again, not even in another process after a crash.
 * - What a driver started goes on when the server dies, and is found again by `open` of the next server.
 * - Events may be repeated, never invented. The engine ignores repetitions.
 * - The driver keeps what it knows of an ended attempt (its exit code above all) until `forget`.
 */
export interface Driver {
  readonly name: DriverName;
  /**
   * Finds the attempts that are already there and begins to report. Emits one `inventory` when it can see its attempts (at
   * once, or as soon as its engine answers; again after each time it lost sight of them), and after it the `started` and `exited` of
   * each attempt in it. Resolves without waiting for an engine that does not answer.
   */
  open(report: (event: DriverEvent) => void): Promise<void>;
  /**
   * Starts an attempt. Everything that goes wrong with the attempt itself is an event, not a rejection. May take long
   * (image pull); `started` or `exited` tells the outcome.
   */
  start(attempt: AttemptSpec): Promise<void>;
  /** What an attempt that is starting waits for now, for people: an image that is being pulled. Of drivers in which that can take long. */
  waitsFor?(attemptId: string): string | undefined;
  /** The machines that it runs attempts on, as it sees them now. Of drivers of clusters. */
  machines?(): readonly MachineOfCluster[];
  /**
   * What these attempts have used by now. Of what does not run, or cannot be measured, or was not seen in time, there is nothing; those who ask ask again. May
   * reject. Of drivers that can measure.
   */
  usedSoFar?(attemptIds: readonly string[]): Promise<ReadonlyMap<string, UsedSoFar>>;
  /**
   * Asks an attempt to end: SIGTERM now, SIGKILL at `killAt` (epoch ms). An attempt still starting (a pull, say) is abandoned and
   * reported as `exited` without an exit code. Unknown and ended attempts: nothing happens.
   */
  stop(attemptId: string, killAt: number): Promise<void>;
  /** The end of this attempt is committed: removes its container, directory, records. Its log stays. Unknown: nothing happens. */
  forget(attemptId: string): Promise<void>;
  /** Stops watching and releases handles. Attempts go on. No event is reported afterwards. */
  close(): Promise<void>;
  /** Closes it for ever: as far as it can, it removes what it holds. Of drivers that come and go while the server runs. */
  retire?(): Promise<void>;
}

export { NO_IMAGE } from "../core/driver-name.ts";
export type { DriverName } from "../core/driver-name.ts";

/** One attempt, complete: all that a driver needs to run it. */
export interface AttemptSpec {
  /** 32 hexadecimal digits, unique for ever; also the ECS task id that clients see. */
  readonly attemptId: string;
  readonly jobId: string;
  /** Where it is to run; absent in environments without instances of their own. */
  readonly instanceId?: string;
  /** The definition's container properties with all overrides merged and Ref:: replaced. */
  readonly container: ContainerProperties;
  /** Replaces the image's entrypoint; the container's command is then its arguments, and the image's own are not used. */
  readonly entrypoint?: readonly string[];
  /**
   * The complete environment that Batch gives: the container's entries and the AWS_BATCH_* variables. Beside it come the variables of the container's
   * `secrets`, whose values the driver reads; it has none of their names.
   */
  readonly environment: Readonly<Record<string, string>>;
  /** When its image is pulled; by default only when it is not there. */
  readonly pullPolicy?: "Always" | "IfNotPresent" | "Never";
  /** Secrets that may hold a login for the image's registry; the first one that does counts. */
  readonly pullSecrets?: readonly string[];
  readonly vcpuMilli: number;
  /**
   * All the processor time that it gets, whoever else wants some: on Fargate its own vCPUs, on an instance those of the instance. Without it, its vCPUs are
   * its share where others want some too (reference 4.4).
   */
  readonly vcpuCeilingMilli?: number;
  readonly memoryMiB: number;
  /** The GPUs of the machine that are its alone: what `nvidia-smi -L` numbers them. */
  readonly gpuIds?: readonly string[];
  /** Of one of several containers that run together. */
  readonly task?: SharedTask;
  /** Whose processes, and whose shared memory and queues, the container sees. Without it its own; `task`: those of all containers of its task. */
  readonly pidMode?: "host" | "task";
  readonly ipcMode?: "host" | "task" | "none";
  /** It has the machine's own network. Without it one of its own, or that of its task or node. */
  readonly networkMode?: "host";
  /** Its programs cannot become another user than they are. */
  readonly noNewPrivileges?: true;
  /** Of a container of a node of a multi-node parallel job. */
  readonly node?: SharedNetwork;
  /** Of a container that is to be (a part of) a pod of a cluster. */
  readonly pod?: PodPart;
}

/**
 * One container of a pod. The engine starts all containers of a pod in one tick, each as an attempt of its own; the driver makes the pod when it has them all, lets
 * the cluster order them, and reports how each begins and ends. What never began because of how another one ended is `exited` without `startedAt`.
 */
export interface PodPart {
  /** 32 hexadecimal digits: of the attempt, or of its node. The pod's name derives from it. */
  readonly id: string;
  readonly namespace: string;
  /** Unique in its pod. */
  readonly name: string;
  /** Its place among the containers of the pod, in the order of the job's definition with init containers first, and how many there are. */
  readonly index: number;
  readonly count: number;
  /** The others, by `index`, that it waits for. */
  readonly dependsOn: readonly UnitDependency[];
  /** Of a job with eksProperties: what it says of its pod, overrides merged and Ref:: replaced. */
  readonly properties?: EksPodProperties;
}

/** The nodes of one attempt of a multi-node parallel job have a network of their own, in which each has an address. */
export interface SharedNetwork {
  /** 32 hexadecimal digits: the attempt's own id. */
  readonly id: string;
  readonly index: number;
  readonly count: number;
  /** What any of the nodes needs. Who places them himself lets none begin before there is room for all. */
  readonly each?: Requirements;
}

/**
 * What several attempts share: they reach each other as `localhost`, and a volume without a place on the host is one volume for all of them. It is
 * there from the first one's start until the last one was forgotten; the engine forgets none before all are over.
 */
export interface SharedTask {
  /** 32 hexadecimal digits. */
  readonly id: string;
}

export type DriverEvent =
  /**
   * Every attempt that this driver holds now, running or ended and not forgotten. An active attempt not in it was never started, or is lost. `bootId`: names
   * the boot of the driver's machine, where it knows that; of what it held in an earlier one it may have forgotten some.
   */
  | { readonly kind: "inventory"; readonly attemptIds: readonly string[]; readonly bootId?: string | undefined }
  /** What it is to run in is there, and it has not begun. Told of attempts that the driver was not told to start: somebody may, or nobody wants it any more. */
  | { readonly kind: "made"; readonly attemptId: string }
  /**
   * The program runs, since `at` (epoch ms). `address`: an IPv4 address at which the driver's other attempts reach it; absent where they cannot, or
   * where the program is over by the time that this is told. `machine`: that of the cluster which it is on.
   */
  | {
      readonly kind: "started";
      readonly attemptId: string;
      readonly at: number;
      readonly address?: string;
      readonly machine?: MachineName;
    }
  /**
   * The attempt is over. `startedAt` is there if the program ever ran, `exitCode` if it ended by itself or by a signal (128 + n).
   * `reason` is what AWS shows as `container.reason`: `OutOfMemoryError: …`, `CannotPullContainerError: …`, `CannotStartContainerError: …`.
   * Without exit code and startedAt: it never ran. With startedAt but no exit code: the host lost it.
   */
  | {
      readonly kind: "exited";
      readonly attemptId: string;
      readonly at: number;
      readonly startedAt?: number;
      readonly exitCode?: number;
      readonly reason?: string;
      readonly usage?: Usage;
      readonly machine?: MachineName;
      /** It never ran because what it was to run on went away, or refused it: as with a lost host, nobody's program is to blame. */
      readonly isLost?: true;
    };

export type { MachineOfCluster } from "../core/clusters/machines.ts";

export type { MachineName } from "../core/clusters/machine-name.ts";

export { OUT_OF_MEMORY } from "../core/failure.ts";
