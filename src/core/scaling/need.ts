import type { Architecture, InstanceType } from "../instances/instance.ts";
import type { Requirements } from "../job.ts";

/** Gives out up to so many jobs, and says how many. */
export type Take = (most: number) => number;

/** Jobs of one shape that wait. */
export interface Need {
  /** Names the shape, and who may use what. */
  readonly key: string;
  /** Of one job; of a job of several nodes, what each node's instance must have. */
  readonly requirements: Requirements;
  /** Of a job of several nodes: how many instances of one type it takes, each whole. */
  readonly nodes?: number;
  /** Without it, any. */
  readonly instanceType?: string;
  /** Without it, any. */
  readonly architecture?: Architecture;
  /** What one job takes of the machine, where an environment of its queue that is a share of the machine would take it if there were room. */
  readonly share?: Requirements;
  /** Whose jobs they are; absent: nobody's. */
  readonly queueArn?: string;
  /** ARNs of environments with instances, in the order in which they are tried. */
  readonly environmentArns: readonly string[];
  /** About how many such jobs there are. */
  readonly about: number;
  /** Gives them out, from the first one on: counting them costs only as far as they are of use. */
  jobs(): Take;
  /** Jobs of one line wait for those before them. */
  readonly line?: string;
}

/** Gives out so many jobs. */
export function takeFrom(jobs: number): Take {
  let left = jobs;
  return (most) => {
    const taken = Math.min(left, most);
    left -= taken;
    return taken;
  };
}

/** What an instance of a type, or what is left of one, has to give. */
export type Room = Requirements;

/** How many jobs of a need find room beside each other. */
export function jobsThatFit({ requirements }: Pick<Need, "requirements">, room: Room): number {
  let fit = Infinity;
  for (const kind of KINDS) {
    if (requirements[kind] > 0) fit = Math.min(fit, Math.floor(room[kind] / requirements[kind]));
  }
  return fit;
}

export function without(room: Room, { requirements }: Pick<Need, "requirements">, jobs: number): Room {
  return {
    vcpuMilli: room.vcpuMilli - jobs * requirements.vcpuMilli,
    memoryMiB: room.memoryMiB - jobs * requirements.memoryMiB,
    gpus: room.gpus - jobs * requirements.gpus,
  };
}

const KINDS = ["vcpuMilli", "memoryMiB", "gpus"] as const;

/**
 * The types that are launched for a need, of those that are allowed. Those with GPUs are for jobs that ask for GPUs, and for others only where no
 * other type is large enough.
 */
export function typesToLaunch(need: Need, allowed: readonly InstanceType[]): readonly InstanceType[] {
  const able = allowed.filter(
    (type) =>
      (need.architecture ?? type.architecture) === type.architecture &&
      (need.instanceType ?? type.name) === type.name &&
      jobsThatFit(need, type) >= 1,
  );
  if (need.requirements.gpus > 0) return able;
  const plain = able.filter(({ gpus }) => gpus === 0);
  return plain.length > 0 ? plain : able;
}
