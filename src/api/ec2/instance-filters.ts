import { matchesWildcard } from "../../core/wildcard.ts";
import { ApiError } from "../wire/errors.ts";
import type { Ec2Instance } from "./ec2-instance.ts";
import { EC2_TEXTS } from "./texts.ts";

export interface InstanceFilter {
  readonly name: string;
  readonly values: readonly string[];
}

/** What a filter looks at. An instance that lacks it passes no filter of that name. */
const FACTS: Readonly<Record<string, (instance: Ec2Instance) => string | undefined>> = {
  architecture: ({ architecture }) => architecture,
  "availability-zone": ({ placement }) => placement.availabilityZone,
  "instance-id": ({ instanceId }) => instanceId,
  "instance-lifecycle": ({ instanceLifecycle }) => instanceLifecycle,
  "instance-state-code": ({ instanceState }) => String(instanceState.code),
  "instance-state-name": ({ instanceState }) => instanceState.name,
  "instance-type": ({ instanceType }) => instanceType,
  "launch-time": ({ launchTime }) => launchTime,
  "placement-group-name": ({ placement }) => placement.groupName || undefined,
  "private-dns-name": ({ privateDnsName }) => privateDnsName,
  "private-ip-address": ({ privateIpAddress }) => privateIpAddress,
};

/** All filters must pass, each by one of its values, in which `*` stands for any characters and `?` for any one. */
export function passes(instance: Ec2Instance, filters: readonly InstanceFilter[]): boolean {
  return filters.every(({ name, values }) => {
    const facts = factsOf(instance, name);
    return facts.some((fact) => values.some((value) => matchesWildcard(value, fact)));
  });
}

/** @throws InvalidParameterValue for a filter that is not known here. */
export function checkFilters(filters: readonly InstanceFilter[]): void {
  const unknown = filters.find(({ name }) => !isKnown(name));
  if (unknown !== undefined) throw new ApiError("InvalidParameterValue", 400, EC2_TEXTS.filter(unknown.name));
}

function isKnown(name: string): boolean {
  return name === "tag-key" || name.startsWith("tag:") || Object.hasOwn(FACTS, name);
}

function factsOf(instance: Ec2Instance, name: string): readonly string[] {
  if (name === "tag-key") return instance.tagSet.map(({ key }) => key);
  if (name.startsWith("tag:")) return instance.tagSet.flatMap(({ key, value }) => (name === `tag:${key}` ? value : []));
  const fact = FACTS[name]!(instance);
  return fact === undefined ? [] : [fact];
}
