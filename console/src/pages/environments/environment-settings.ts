import type * as Batch from "@aws-sdk/client-batch";
import { batch } from "../../api/batch.ts";
import { changeTags } from "../../api/tags.ts";
import type { TagRow } from "../../components/form/tags-field.tsx";
import { rowsOf, tagsError, tagsOfRows } from "../../components/form/tags-field.tsx";
import type { FormErrors } from "../../components/form/use-form.ts";
import { foundErrors, nameError, wholeNumberError } from "../../components/form/use-form.ts";
import { isFargate, isOnEc2, kindOf } from "./environment-facts.ts";

/** An environment as it is written into the form. */
export interface EnvironmentValues {
  readonly computeEnvironmentName: string;
  /** EC2, SPOT, FARGATE, FARGATE_SPOT or UNMANAGED. */
  readonly kind: string;
  readonly state: string;
  readonly minvCpus: string;
  readonly desiredvCpus: string;
  readonly maxvCpus: string;
  readonly instanceTypes: string;
  readonly allocationStrategy: string;
  readonly bidPercentage: string;
  readonly terminateJobsOnUpdate: boolean;
  readonly jobExecutionTimeoutMinutes: string;
  readonly unmanagedvCpus: string;
  readonly subnets: string;
  readonly securityGroupIds: string;
  readonly instanceRole: string;
  readonly serviceRole: string;
  readonly tags: readonly TagRow[];
}

const STRATEGIES = ["BEST_FIT", "BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED"];
const SPOT_STRATEGIES = [
  ...["BEST_FIT", "BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED"],
  ...["SPOT_PRICE_CAPACITY_OPTIMIZED", "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED"],
];

/** Those that a kind of environment may have. Nothing is changed to BEST_FIT, as in AWS. */
export function strategiesOf(kind: string, before: string | undefined): string[] {
  const all = kind === "SPOT" ? SPOT_STRATEGIES : STRATEGIES;
  return all.filter((strategy) => strategy !== "BEST_FIT" || before === undefined || before === "BEST_FIT");
}

const listed = (texts: readonly string[] | undefined): string => (texts ?? []).join(", ");
const entries = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);
const written = (value: number | undefined): string => (value === undefined ? "" : String(value));

export function valuesOf(environment: Batch.ComputeEnvironmentDetail | undefined): EnvironmentValues {
  const resources = environment?.computeResources;
  const isNew = environment === undefined;
  return {
    computeEnvironmentName: environment?.computeEnvironmentName ?? "",
    kind: isNew ? "EC2" : kindOf(environment),
    state: environment?.state ?? "ENABLED",
    minvCpus: isNew ? "0" : written(resources?.minvCpus),
    desiredvCpus: written(resources?.desiredvCpus),
    maxvCpus: isNew ? "16" : written(resources?.maxvCpus),
    instanceTypes: isNew ? "optimal" : listed(resources?.instanceTypes),
    allocationStrategy: resources?.allocationStrategy ?? (isNew ? "BEST_FIT_PROGRESSIVE" : "BEST_FIT"),
    bidPercentage: written(resources?.bidPercentage),
    terminateJobsOnUpdate: environment?.updatePolicy?.terminateJobsOnUpdate ?? false,
    jobExecutionTimeoutMinutes: written(environment?.updatePolicy?.jobExecutionTimeoutMinutes ?? 30),
    unmanagedvCpus: written(environment?.unmanagedvCpus),
    subnets: isNew ? "subnet-local" : listed(resources?.subnets),
    securityGroupIds: isNew ? "sg-local" : listed(resources?.securityGroupIds),
    instanceRole: isNew ? "ecsInstanceRole" : (resources?.instanceRole ?? ""),
    serviceRole: environment?.serviceRole ?? "",
    tags: rowsOf(environment?.tags),
  };
}

export function checkEnvironment(values: EnvironmentValues, isNew: boolean): FormErrors<EnvironmentValues> {
  const { kind, minvCpus, maxvCpus, desiredvCpus, bidPercentage } = values;
  const onEc2 = isOnEc2(kind);
  const isManaged = kind !== "UNMANAGED";
  const outside = Number(desiredvCpus) < Number(minvCpus) || Number(desiredvCpus) > Number(maxvCpus);
  return foundErrors<EnvironmentValues>({
    computeEnvironmentName: isNew && nameError(values.computeEnvironmentName),
    minvCpus: onEc2 && wholeNumberError(minvCpus, {}),
    maxvCpus:
      isManaged &&
      (wholeNumberError(maxvCpus, { least: 1 }) ??
        (onEc2 && Number(maxvCpus) < Number(minvCpus) && "The most must not be less than the least.")),
    desiredvCpus:
      onEc2 &&
      (wholeNumberError(desiredvCpus, { optional: true }) ??
        (desiredvCpus !== "" && outside && "What is wanted lies between the least and the most.")),
    instanceTypes: onEc2 && entries(values.instanceTypes).length === 0 && "At least one, or optimal.",
    bidPercentage: kind === "SPOT" && wholeNumberError(bidPercentage, { least: 0, most: 100, optional: true }),
    jobExecutionTimeoutMinutes: onEc2 && wholeNumberError(values.jobExecutionTimeoutMinutes, { least: 1, most: 7200 }),
    unmanagedvCpus: !isManaged && wholeNumberError(values.unmanagedvCpus, { optional: true }),
    subnets: isNew && isManaged && entries(values.subnets).length === 0 && "At least one; here, any name does.",
    serviceRole: isNew && !isManaged && values.serviceRole === "" && "AWS asks for a role; here, any name does.",
    tags: tagsError(values.tags),
  });
}

/** What the server's refusals are about. */
export const ENVIRONMENT_PLACES: readonly (readonly [keyof EnvironmentValues, RegExp])[] = [
  ["computeEnvironmentName", /already exists|environment name/i],
  ["desiredvCpus", /desired ?v ?cpus/i],
  ["minvCpus", /\bmin(imum)? ?v ?cpus/i],
  ["maxvCpus", /max(imum)? ?v ?cpus/i],
  ["unmanagedvCpus", /unmanagedvCpus/i],
  ["allocationStrategy", /strategy|BEST_FIT|This change replaces instances/i],
  ["instanceTypes", /instance type|arm-based|bundle/i],
  ["bidPercentage", /bidPercentage/i],
  ["jobExecutionTimeoutMinutes", /jobExecutionTimeoutMinutes/],
  ["subnets", /subnet/i],
  ["securityGroupIds", /security ?group/i],
  ["instanceRole", /instanceRole|instance role/i],
  ["serviceRole", /service ?role/i],
  ["tags", /\btags?\b/i],
];

export async function createEnvironment(values: EnvironmentValues): Promise<void> {
  const { computeEnvironmentName, kind } = values;
  const common = { computeEnvironmentName, tags: tagsOfRows(values.tags) };
  if (kind === "UNMANAGED") {
    await batch("CreateComputeEnvironment", {
      ...{ ...common, type: "UNMANAGED", serviceRole: values.serviceRole },
      ...(values.unmanagedvCpus !== "" && { unmanagedvCpus: Number(values.unmanagedvCpus) }),
    });
    return;
  }
  await batch("CreateComputeEnvironment", {
    ...{ ...common, type: "MANAGED" },
    computeResources: {
      type: kind as Batch.CRType,
      maxvCpus: Number(values.maxvCpus),
      ...{ subnets: entries(values.subnets), securityGroupIds: entries(values.securityGroupIds) },
      ...(isOnEc2(kind) && {
        minvCpus: Number(values.minvCpus),
        ...(values.desiredvCpus !== "" && { desiredvCpus: Number(values.desiredvCpus) }),
        instanceTypes: entries(values.instanceTypes),
        allocationStrategy: values.allocationStrategy as Batch.CRAllocationStrategy,
        instanceRole: values.instanceRole,
        ...(kind === "SPOT" && values.bidPercentage !== "" && { bidPercentage: Number(values.bidPercentage) }),
      }),
    },
  });
  if (isOnEc2(kind) && hasOwnPolicy(values)) {
    await batch("UpdateComputeEnvironment", { computeEnvironment: computeEnvironmentName, ...policyOf(values) });
  }
}

const hasOwnPolicy = (values: EnvironmentValues): boolean =>
  values.terminateJobsOnUpdate || values.jobExecutionTimeoutMinutes !== "30";

const policyOf = (values: EnvironmentValues) => ({
  updatePolicy: {
    terminateJobsOnUpdate: values.terminateJobsOnUpdate,
    jobExecutionTimeoutMinutes: Number(values.jobExecutionTimeoutMinutes),
  },
});

/** Only what has changed is sent: AWS replaces instances for some of it. */
export async function updateEnvironment(
  environment: Batch.ComputeEnvironmentDetail,
  values: EnvironmentValues,
): Promise<void> {
  const before = valuesOf(environment);
  const { kind } = values;
  const isChanged = (member: keyof EnvironmentValues): boolean => values[member] !== before[member];
  const number = (member: "minvCpus" | "desiredvCpus" | "maxvCpus" | "bidPercentage") =>
    isChanged(member) && values[member] !== "" ? { [member]: Number(values[member]) } : {};
  const computeResources: Batch.ComputeResourceUpdate = {
    ...(kind !== "UNMANAGED" && number("maxvCpus")),
    ...(isOnEc2(kind) && {
      ...{ ...number("minvCpus"), ...number("desiredvCpus"), ...(kind === "SPOT" && number("bidPercentage")) },
      ...(isChanged("instanceTypes") && { instanceTypes: entries(values.instanceTypes) }),
      ...(isChanged("allocationStrategy") && {
        allocationStrategy: values.allocationStrategy as Batch.CRUpdateAllocationStrategy,
      }),
    }),
  };
  const isPolicyChanged = isChanged("terminateJobsOnUpdate") || isChanged("jobExecutionTimeoutMinutes");
  const input = {
    ...(isChanged("state") && { state: values.state as Batch.CEState }),
    ...(isChanged("unmanagedvCpus") &&
      values.unmanagedvCpus !== "" && { unmanagedvCpus: Number(values.unmanagedvCpus) }),
    ...(Object.keys(computeResources).length > 0 && { computeResources }),
    ...(isOnEc2(kind) && isPolicyChanged && policyOf(values)),
  };
  if (Object.keys(input).length > 0) {
    await batch("UpdateComputeEnvironment", { computeEnvironment: environment.computeEnvironmentArn!, ...input });
  }
  await changeTags(environment.computeEnvironmentArn!, environment.tags ?? {}, tagsOfRows(values.tags));
}

export function hasNetwork(kind: string): boolean {
  return isOnEc2(kind) || isFargate(kind);
}
