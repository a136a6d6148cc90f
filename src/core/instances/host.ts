import type { Architecture, InstanceType, Launching } from "./instance.ts";

/** A machine that a user has registered with an unmanaged environment, as the scheduler sees it. */
export interface Host {
  /** Given once: a machine that is registered again is another host. */
  readonly id: string;
  /** Only an active one takes jobs. One that is being removed is forgotten when its last job has ended; `ending`: they are told to end. */
  readonly state: "active" | "draining" | "removing" | "ending";
  /** What it holds, as its engine told last. */
  readonly type: InstanceType;
}

export interface HostCapacity {
  readonly vcpuMilli: number;
  readonly memoryMiB: number;
  readonly gpus: number;
  readonly architecture: Architecture;
}

/** Name and number of a registration, such as `gpu1#7`. */
export function hostId(name: string, number: number): string {
  return `${name}#${number}`;
}

/** The name in a host's id. */
export function hostName(id: string): string {
  return id.slice(0, id.lastIndexOf("#"));
}

/** The number in a host's id. */
export function hostNumber(id: string): number {
  return Number(id.slice(id.lastIndexOf("#") + 1));
}

/** Hosts that hold the same are of one type. */
export function hostType({ vcpuMilli, memoryMiB, gpus, architecture }: HostCapacity): InstanceType {
  const parts = [`${vcpuMilli / 1000}vcpu`, `${memoryMiB}mib`, ...(gpus > 0 ? [`${gpus}gpu`] : [])];
  const name = ["host", ...parts, ...(architecture === "ARM64" ? ["arm64"] : [])].join("-");
  return { name, vcpuMilli, memoryMiB, gpus, architecture, microUsdPerHour: 0 };
}

/** What jobs can be on in an unmanaged environment. Nothing is ever launched there. */
export function launchingOfHosts(hosts: readonly Host[]): Launching {
  const types = new Map(hosts.flatMap(({ state, type }) => (state === "active" ? [[type.name, type] as const] : [])));
  return {
    types: [...types.values()],
    strategy: "BEST_FIT_PROGRESSIVE",
    isSpot: false,
    minVcpuMilli: 0,
    desiredVcpuMilli: 0,
    scaleDownDelayMs: 0,
  };
}
