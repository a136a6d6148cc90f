import type { Requirements } from "../../../core/job.ts";
import type { MachineOfCluster } from "../../../ports/driver.ts";
import type { Pod } from "../api/objects.ts";
import { requirementsIn } from "../nodes.ts";

/** What is free on one node. */
export interface FreeNode {
  readonly name: string;
  readonly free: Requirements;
}

/** What the ready nodes have beside what the pods on them have asked for. */
export function freeNodes(machines: readonly MachineOfCluster[], pods: readonly Pod[]): FreeNode[] {
  const used = new Map<string, Requirements>();
  for (const pod of pods) {
    const { nodeName } = pod.spec ?? {};
    if (!nodeName || pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") continue;
    used.set(nodeName, plus(used.get(nodeName) ?? NOTHING, requestsOf(pod)));
  }
  return machines
    .filter(({ takesPods }) => takesPods)
    .map(({ name, capacity }) => ({ name, free: minus(capacity, used.get(name) ?? NOTHING) }));
}

const NOTHING: Requirements = { vcpuMilli: 0, memoryMiB: 0, gpus: 0 };

/** As the scheduler counts: all containers together, or the largest init container where that is more. */
function requestsOf({ spec }: Pod): Requirements {
  const requests = (list: NonNullable<Pod["spec"]>["containers"] | undefined) =>
    (list ?? []).map(({ resources }) => requirementsIn({ ...resources?.limits, ...resources?.requests }));
  const together = requests(spec?.containers).reduce(plus, NOTHING);
  return requests(spec?.initContainers).reduce(most, together);
}

/** Whether so many of them fit at once, and what is left then: each node takes as many as it has room for. */
export function take(nodes: readonly FreeNode[], each: Requirements, count: number): FreeNode[] | undefined {
  let left = count;
  const after = nodes.map(({ name, free }) => {
    const here = Math.min(left, howMany(free, each));
    left -= here;
    return { name, free: minus(free, times(each, here)) };
  });
  return left === 0 ? after : undefined;
}

/** How many of them there is room for at once. */
export function roomFor(nodes: readonly FreeNode[], each: Requirements): number {
  return nodes.reduce((sum, { free }) => sum + howMany(free, each), 0);
}

function howMany(free: Requirements, each: Requirements): number {
  const fits = (have: number, need: number): number => (need <= 0 ? Infinity : Math.max(0, Math.floor(have / need)));
  const most = Math.min(
    fits(free.vcpuMilli, each.vcpuMilli),
    fits(free.memoryMiB, each.memoryMiB),
    fits(free.gpus, each.gpus),
  );
  // What needs nothing is not everywhere without end: nodes take about a hundred pods.
  return Math.min(most, 110);
}

function plus(a: Requirements, b: Requirements): Requirements {
  return { vcpuMilli: a.vcpuMilli + b.vcpuMilli, memoryMiB: a.memoryMiB + b.memoryMiB, gpus: a.gpus + b.gpus };
}

function minus(a: Requirements, b: Requirements): Requirements {
  return plus(a, times(b, -1));
}

function times({ vcpuMilli, memoryMiB, gpus }: Requirements, factor: number): Requirements {
  return { vcpuMilli: vcpuMilli * factor, memoryMiB: memoryMiB * factor, gpus: gpus * factor };
}

function most(a: Requirements, b: Requirements): Requirements {
  return {
    vcpuMilli: Math.max(a.vcpuMilli, b.vcpuMilli),
    memoryMiB: Math.max(a.memoryMiB, b.memoryMiB),
    gpus: Math.max(a.gpus, b.gpus),
  };
}
