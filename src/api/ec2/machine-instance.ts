import { instanceTypeFor } from "./instance-type.ts";

import type { Occupancy } from "../../core/occupancy.ts";
import type { Machine } from "../../ports/machine.ts";
import type { EnvironmentSettings, ResourceRecord } from "../../ports/store.ts";

/** An environment's share of this machine, as an EC2 instance. */
export interface MachineInstance {
  readonly instanceType: string;
  readonly availabilityZone: string;
  readonly architecture: Machine["architecture"];
  /** Only of instances that EC2 may take back. */
  readonly lifecycle?: "spot";
}

/** The type is the smallest that has as much as the environment can use here. */
export function describeMachine(
  { architecture }: Machine,
  { arn, settings }: ResourceRecord<EnvironmentSettings>,
  occupancy: Occupancy | undefined,
): MachineInstance {
  const region = arn.split(":")[3]!;
  return {
    instanceType: instanceTypeFor(occupancy?.capacity ?? { vcpuMilli: 0, memoryMiB: 0 }, architecture),
    availabilityZone: `${region}a`,
    architecture,
    ...(settings.computeResources?.type === "SPOT" && { lifecycle: "spot" }),
  };
}
