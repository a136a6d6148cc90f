import type { Capacity } from "../../src/core/resources.ts";
import type { FaultRates } from "../../src/drivers/fake/behaviour.ts";
import type { Random } from "./random.ts";

/** How often each thing goes wrong, per call, at the middle rate. */
const FAULT_RATE = 0.015;

/** What one seed is about: no two are alike, so that rare things meet in some of them. */
export interface Mix {
  readonly capacity: Capacity;
  readonly environments: readonly EnvironmentDraw[];
  /** How often an instance is slow, cannot be launched, or is lost. */
  readonly cloudFaults: number;
  readonly queues: readonly QueueDraw[];
  /** How many quota shares the queue for training jobs has; without any it is served first in, first out. */
  readonly quotaShares: number;
  /** How often a call of the store or the driver goes wrong, 0 to 1. */
  readonly callFaults: number;
  /** How the programs behave, and the host that runs them. */
  readonly programs: FaultRates;
  /** How often, per step, the server crashes, and another one takes the lead while it lives. */
  readonly crashes: number;
  readonly depositions: number;
}

export interface EnvironmentDraw {
  readonly maxvCpus: number;
  /** Jobs run on instances that are launched for them; else on a share of the machine. */
  readonly hasInstances: boolean;
}

export interface QueueDraw {
  readonly priority: number;
  /** Who is served next: the first that came, or the share that has used least. */
  readonly order: "fifo" | "fair-share";
}

export function drawQueue(random: Random): QueueDraw {
  return { priority: random.int(1, 3), order: random.pick(["fifo", "fair-share"]) };
}

export function drawMix(random: Random): Mix {
  const some = <T>(low: number, high: number, draw: () => T): T[] =>
    Array.from({ length: random.int(low, high) }, () => draw());
  return {
    capacity: { vcpuMilli: random.pick([4000, 8000, 32_000]), memoryMiB: random.pick([4096, 16_384]) },
    environments: some(1, 3, () => ({ maxvCpus: random.pick([2, 4, 8, 64]), hasInstances: random.chance(0.3) })),
    cloudFaults: random.pick([0, 0.1, 0.3]),
    queues: some(1, 3, () => drawQueue(random)),
    quotaShares: random.pick([0, 2, 3]),
    callFaults: random.pick([0, 0.3, 1, 4]) * FAULT_RATE,
    programs: { failures: random.pick([0, 0.3]), faults: random.pick([0, 0.05, 0.2]) },
    crashes: random.pick([0, 0.15]),
    depositions: random.pick([0, 0, 0.1]),
  };
}

/** In words, a line each. */
export function describeMix({ capacity, environments, queues, callFaults, programs, ...mix }: Mix): string[] {
  const percent = (rate: number): string => `${Math.round(rate * 1000) / 10} %`;
  return [
    `machine: ${capacity.vcpuMilli / 1000} vCPU, ${capacity.memoryMiB} MiB`,
    `compute environments: ${environments.map(({ maxvCpus, hasInstances }, n) => `environment-${n + 1} up to ${maxvCpus} vCPU${hasInstances ? " of instances" : ""}`).join(", ")}`,
    `job queues: ${queues.map(({ priority, order }, n) => `queue-${n + 1} ${order}, priority ${priority}`).join(", ")}`,
    `quota shares: ${mix.quotaShares}`,
    `programs: ${percent(programs.failures)} fail; each other fault of theirs ${percent(programs.faults)}`,
    `instances: each fault of theirs ${percent(mix.cloudFaults)}`,
    `calls that go wrong: ${percent(callFaults)}; crashes a step: ${percent(mix.crashes)}; other leaders a step: ${percent(mix.depositions)}`,
  ];
}
