import type { InstanceType, Launching } from "../../../src/core/instances/instance.ts";
import type { Need } from "../../../src/core/scaling/need.ts";
import type { ScaledEnvironment } from "../../../src/core/scaling/draft.ts";
import { takeFrom } from "../../../src/core/scaling/need.ts";
import type { ScalingInput } from "../../../src/core/scaling/plan-scaling.ts";
import type { ScalingPlan } from "../../../src/core/scaling/scaling-plan.ts";
import { planScaling } from "../../../src/core/scaling/plan-scaling.ts";
import type { Rooms } from "../../../src/core/scaling/rooms.ts";

/** What AWS asks for them in us-east-1, in dollars an hour; the memory is what jobs can use of it. */
export const TYPES = {
  "m5.large": type("m5.large", 2, 7_680, 0.096),
  "m5.xlarge": type("m5.xlarge", 4, 15_616, 0.192),
  "m5.2xlarge": type("m5.2xlarge", 8, 31_488, 0.384),
  "c5.large": type("c5.large", 2, 3_712, 0.085),
  "r5.large": type("r5.large", 2, 15_616, 0.126),
  "g4dn.xlarge": { ...type("g4dn.xlarge", 4, 15_616, 0.526), gpus: 1 },
  "m6g.large": { ...type("m6g.large", 2, 7_680, 0.077), architecture: "ARM64" },
} as const satisfies Record<string, InstanceType>;

export type TypeName = keyof typeof TYPES;

function type(name: string, vcpus: number, memoryMiB: number, usdPerHour: number): InstanceType {
  const microUsdPerHour = Math.round(usdPerHour * 1e6);
  return { name, vcpuMilli: vcpus * 1000, memoryMiB, gpus: 0, architecture: "X86_64", microUsdPerHour };
}

export const ARN = "environment";

export interface Cluster extends Partial<Omit<Launching, "types">> {
  readonly arn?: string;
  readonly types: readonly TypeName[];
  readonly maxVcpus: number;
  readonly minVcpus?: number;
  readonly takesJobs?: boolean;
  /** Launching, in their order. */
  readonly launching?: readonly TypeName[];
  /** Idle, in the order of their launches. */
  readonly idle?: readonly { readonly id: string; readonly type: TypeName; readonly dueAt: number }[];
  /** vCPUs of instances that are full. */
  readonly busyVcpus?: number;
  /** Until when, by type. */
  readonly unavailable?: Partial<Record<TypeName, number>>;
}

export function environment({ types, idle = [], launching = [], ...more }: Cluster): ScaledEnvironment {
  const vcpuMilliOf = (name: TypeName): number => TYPES[name].vcpuMilli;
  const { minVcpus = 0, maxVcpus, busyVcpus = 0, unavailable = {}, arn = ARN, takesJobs = true, ...rest } = more;
  return {
    arn,
    launching: {
      types: types.map((name) => TYPES[name]),
      strategy: "BEST_FIT_PROGRESSIVE",
      isSpot: false,
      minVcpuMilli: minVcpus * 1000,
      desiredVcpuMilli: 0,
      scaleDownDelayMs: 0,
      ...rest,
    },
    maxVcpuMilli: maxVcpus * 1000,
    takesJobs,
    vcpuMilli: [...idle.map((one) => one.type), ...launching].reduce(
      (sum, name) => sum + vcpuMilliOf(name),
      busyVcpus * 1000,
    ),
    unavailable: new Map(Object.entries(unavailable)),
    idle: idle.map((one) => ({ ...one, type: TYPES[one.type] })),
  };
}

/** Of instances on which nothing runs. */
export function roomsOf({ arn = ARN, idle = [], launching = [] }: Cluster): Rooms[] {
  const all = [...idle, ...launching.map((name, index) => ({ id: `launching ${index}`, type: name }))];
  return all.map((one) => ({
    environmentArn: arn,
    type: TYPES[one.type],
    free: TYPES[one.type],
    count: 1,
    empty: { ids: [one.id] },
  }));
}

/** `count` jobs of so many vCPUs and MiB. */
export function jobs(
  count: number,
  vcpus: number,
  memoryMiB: number,
  more: Partial<Need> & { readonly gpus?: number } = {},
): Need {
  const { gpus = 0, ...rest } = more;
  const requirements = { vcpuMilli: vcpus * 1000, memoryMiB, gpus };
  const key = JSON.stringify([requirements, rest]);
  const given = { key, requirements, about: count, jobs: () => takeFrom(count) };
  return { ...given, environmentArns: [ARN], line: "queue", ...rest };
}

export function planFor(clusters: Cluster | readonly Cluster[], needs: readonly Need[], now = 0): ScalingPlan {
  return planScaling(inputFor(clusters, needs, now));
}

function inputFor(clusters: Cluster | readonly Cluster[], needs: readonly Need[], now: number): ScalingInput {
  const all = "types" in clusters ? [clusters] : clusters;
  return { environments: all.map(environment), rooms: all.flatMap(roomsOf), needs, now };
}

/** The plan that follows when what the first one launches is launching, and what it terminates is gone. */
export function planAfter(first: ScalingPlan, clusters: readonly Cluster[], needs: readonly Need[]): ScalingPlan {
  const gone = new Set(first.terminations.map(({ instanceId }) => instanceId));
  const input = inputFor(
    clusters.map((one) => ({ ...one, idle: one.idle?.filter(({ id }) => !gone.has(id)) ?? [] })),
    needs,
    0,
  );
  const environments = input.environments.map((one) => {
    const launched = first.launches.filter(({ environmentArn }) => environmentArn === one.arn);
    const vcpuMilli = launched.reduce((sum, { type, count }) => sum + count * type.vcpuMilli, one.vcpuMilli);
    return { ...one, vcpuMilli };
  });
  const launched = first.launches.map(({ environmentArn, type, count }, index): Rooms => {
    const ids = Array.from({ length: count }, (_, n) => `launched ${index} ${n}`);
    return { environmentArn, type, free: type, count, empty: { ids } };
  });
  return planScaling({ ...input, environments, rooms: [...input.rooms, ...launched] });
}

/** Such as `5 c5.large`, and where there are several environments `5 c5.large in ARN`. */
export function launches({ launches: all }: ScalingPlan): string[] {
  const counts = new Map<string, number>();
  for (const {
    environmentArn,
    type: { name },
    count,
  } of all) {
    const what = environmentArn === ARN ? name : `${name} in ${environmentArn}`;
    counts.set(what, (counts.get(what) ?? 0) + count);
  }
  return [...counts].map(([what, count]) => `${count} ${what}`);
}
