import type { EksConfiguration } from "@aws-sdk/client-batch";
import { isFargate } from "../../../core/resources.ts";
import type { BatchInput } from "../../wire/operations.ts";
import type { ResourcesInUse } from "./compute-resource-rules.ts";
import { COMPUTE_RESOURCE_RULES, NETWORK_RULES } from "./compute-resource-rules.ts";
import { RESOURCE_NAME } from "../names.ts";
import type { Rule } from "../rules.ts";
import { quotingRule, rule, within } from "../rules.ts";
import { CAPACITY_TAG_RULES, DRIVER_TAG_RULES, TAG_RULES } from "../tags/tags.ts";
import { notOneOf } from "../value-sets.ts";

export type Creation = BatchInput<"CreateComputeEnvironment"> & { readonly region: string };

/** The role that AWS makes for Batch: by its ARN or by its name. */
export function isServiceLinkedRole(role: string): boolean {
  return role.includes("aws-service-role/batch.amazonaws.com") || role.endsWith("AWSServiceRoleForBatch");
}

export const CONTAINER_INSIGHTS_RULE = quotingRule(
  "notOneOf",
  ({ ecsSettings }: { readonly ecsSettings?: { readonly containerInsights?: string | undefined } | undefined }) =>
    notOneOf("containerInsights", ecsSettings?.containerInsights, ["ENABLED", "ENHANCED", "DISABLED"]),
);

export const UNMANAGED_VCPUS_RULE = rule(
  "unmanagedvCpusNegative",
  ({ unmanagedvCpus = 0 }: { readonly unmanagedvCpus?: number | undefined }) => unmanagedvCpus < 0,
);

/** The resources that a user has may be told, for clients that ask for them; Fargate's and ECS's own are never the user's. */
const UNMANAGED_RULES: readonly Rule<Creation>[] = [
  rule("serviceRoleRequired", ({ serviceRole }) => !serviceRole),
  rule("serviceLinkedRoleUnmanaged", ({ serviceRole = "" }) => isServiceLinkedRole(serviceRole)),
  rule("unmanagedFargate", ({ computeResources }) => isFargate(computeResources?.type)),
  rule("unmanagedManagedInstances", ({ computeResources }) => computeResources?.type === "ECS_MANAGED_INSTANCES"),
  UNMANAGED_VCPUS_RULE,
];

const MANAGED_RULES: readonly Rule<Creation>[] = [
  rule("unmanagedvCpus", ({ unmanagedvCpus }) => unmanagedvCpus !== undefined),
  rule("computeResourcesRequired", ({ computeResources }) => computeResources === undefined),
];

interface EksUse extends EksConfiguration {
  readonly region: string;
}

const EKS_CLUSTER = /^arn:aws[a-z-]*:eks:([a-z0-9-]+):\d{12}:cluster\/[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

const EKS_RULES: readonly Rule<EksUse>[] = [
  rule("eksCluster", ({ eksClusterArn = "" }) => !EKS_CLUSTER.test(eksClusterArn)),
  rule("eksRegion", ({ eksClusterArn = "", region }) => EKS_CLUSTER.exec(eksClusterArn)?.[1] !== region),
  rule("defaultNamespace", ({ kubernetesNamespace }) => kubernetesNamespace === "default"),
  rule("systemNamespace", ({ kubernetesNamespace = "" }) => kubernetesNamespace.startsWith("kube-")),
  rule("namespaceTooLong", ({ kubernetesNamespace = "" }) => kubernetesNamespace.length > 63),
  rule("namespaceForm", ({ kubernetesNamespace = "" }) => !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(kubernetesNamespace)),
];

/** AWS names no limit. It is far above what anybody needs, and below what would hold up others. */
const MAX_KIB = 64;

/** Reference 6.3. */
export const CREATE_COMPUTE_ENVIRONMENT_RULES: readonly Rule<Creation>[] = [
  rule("environmentName", ({ computeEnvironmentName }) => !RESOURCE_NAME.test(computeEnvironmentName)),
  quotingRule("environmentType", ({ type }) => (type === "MANAGED" || type === "UNMANAGED" ? undefined : [type])),
  rule("createdDisabled", ({ state = "ENABLED" }) => state !== "ENABLED"),
  within(({ tags }) => tags, TAG_RULES),
  within(({ tags }) => tags, [...DRIVER_TAG_RULES, ...CAPACITY_TAG_RULES]),
  quotingRule("tooLarge", (input) =>
    JSON.stringify(input).length > MAX_KIB * 1024 ? ["CreateComputeEnvironment request", MAX_KIB] : undefined,
  ),
  CONTAINER_INSIGHTS_RULE,
  within((input) => (input.type === "UNMANAGED" ? input : undefined), UNMANAGED_RULES),
  within((input) => (input.type === "MANAGED" ? input : undefined), MANAGED_RULES),
  within(({ eksConfiguration, region }) => eksConfiguration && { ...eksConfiguration, region }, EKS_RULES),
  within(managedResources, COMPUTE_RESOURCE_RULES),
  within((input) => managedResources(input)?.resources, NETWORK_RULES),
];

function managedResources({ type, computeResources, eksConfiguration }: Creation): ResourcesInUse | undefined {
  if (type !== "MANAGED" || computeResources === undefined) return undefined;
  return { resources: computeResources, isEks: eksConfiguration !== undefined };
}
