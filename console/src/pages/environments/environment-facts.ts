import type * as Batch from "@aws-sdk/client-batch";

/** What a person calls the kind of an environment. */
export function kindOf({ type, computeResources }: Batch.ComputeEnvironmentDetail): string {
  return type === "UNMANAGED" ? "UNMANAGED" : (computeResources?.type ?? "MANAGED");
}

/** How far it may grow: "0 / 4 / 16", of least, wanted and most. */
export function boundsOf(environment: Batch.ComputeEnvironmentDetail): string {
  const { computeResources: resources, unmanagedvCpus } = environment;
  if (resources === undefined) return unmanagedvCpus === undefined ? "–" : `${unmanagedvCpus}`;
  const { minvCpus, desiredvCpus, maxvCpus } = resources;
  return `${minvCpus ?? "–"} / ${desiredvCpus ?? "–"} / ${maxvCpus ?? "–"}`;
}

export function isFargate(kind: string): boolean {
  return kind.startsWith("FARGATE");
}

/** Instances are launched for its jobs: EC2 and Spot. */
export function isOnEc2(kind: string): boolean {
  return kind === "EC2" || kind === "SPOT";
}
