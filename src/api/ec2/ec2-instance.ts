import { uuidFrom } from "../../core/ids.ts";
import type { Machine } from "../../ports/machine.ts";
import type { FoundInstance } from "./instance-lookup.ts";
import type { EnvironmentRecord } from "../ecs/clusters.ts";
import type { ShownInstance } from "./shown-instances.ts";
import { availabilityZone } from "./shown-instances.ts";

/** An instance as EC2's XML names its members. */
export type Ec2Instance = {
  readonly instanceId: string;
  readonly instanceState: InstanceState;
  readonly privateDnsName: string;
  /** The public name: there is none. */
  readonly dnsName: "";
  readonly amiLaunchIndex: number;
  readonly instanceType: string;
  readonly launchTime: string;
  readonly placement: { readonly availabilityZone: string; readonly groupName: string; readonly tenancy: "default" };
  readonly monitoring: { readonly state: "disabled" };
  readonly privateIpAddress?: string;
  readonly architecture: string;
  readonly instanceLifecycle?: "spot";
  readonly tagSet: readonly { readonly key: string; readonly value: string }[];
};

type InstanceState = { readonly code: number; readonly name: ShownInstance["state"] };

const STATE_CODES: Readonly<Record<ShownInstance["state"], number>> = {
  ...{ pending: 0, running: 16, "shutting-down": 32, terminated: 48 },
};

export function instanceState(name: ShownInstance["state"]): InstanceState {
  return { code: STATE_CODES[name], name };
}

/** All but registered hosts are on this machine, whose address they have. */
export function toEc2Instance({ environment, instance }: FoundInstance, machine: Machine): Ec2Instance {
  const { type, placementGroup = "" } = environment.settings.computeResources ?? {};
  return {
    instanceId: instance.id,
    instanceState: instanceState(instance.state),
    privateDnsName: instance.hostName ?? machine.hostName,
    dnsName: "",
    amiLaunchIndex: 0,
    instanceType: instance.typeName,
    launchTime: new Date(instance.launchedAt).toISOString(),
    placement: {
      availabilityZone: availabilityZone(environment.arn),
      groupName: placementGroup,
      tenancy: "default",
    },
    monitoring: { state: "disabled" },
    ...(instance.hostName === undefined && { privateIpAddress: machine.address }),
    architecture: instance.architecture,
    ...(type === "SPOT" && { instanceLifecycle: "spot" as const }),
    tagSet: tagsOf(environment, instance),
  };
}

/** What the user wants, and what AWS Batch gives to all that it launches. */
function tagsOf(
  { name, arn, settings }: EnvironmentRecord,
  { isShare }: ShownInstance,
): { key: string; value: string }[] {
  const own = { "aws:autoscaling:groupName": `AWSBatch-${name}-asg-${uuidFrom(arn)}`, AWSBatchServiceTag: "batch" };
  const isLaunched = settings.type === "MANAGED" && isShare !== true;
  const tags = { ...settings.computeResources?.tags, ...(isLaunched && own) };
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
