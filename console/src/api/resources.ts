import type * as Batch from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import type { EnvironmentsAnswer, InstancesAnswer } from "../../../src/ports/capacity-reports.ts";
import type { HostsAnswer } from "../../../src/ports/host-reports.ts";
import type { SummaryReport } from "../../../src/ports/summary-report.ts";
import { allPages } from "./all-pages.ts";
import { batch } from "./batch.ts";
import { call } from "./call.ts";

/** Resources change without an event: they are asked for again, often while something is under way. */
const QUIET_MS = 10_000;
const CHANGING_MS = 1_000;

interface Changing {
  readonly status?: string | undefined;
}

const isChanging = ({ status }: Changing): boolean => status !== "VALID" && status !== "INVALID";

function pace(resources: readonly Changing[] | undefined): number {
  return resources?.some(isChanging) === true ? CHANGING_MS : QUIET_MS;
}

export function useQueues() {
  return useQuery({
    queryKey: ["queues"],
    queryFn: (): Promise<Batch.JobQueueDetail[]> =>
      allPages(
        (nextToken) => batch("DescribeJobQueues", { ...(nextToken !== undefined && { nextToken }) }),
        ({ jobQueues }) => jobQueues,
      ),
    refetchInterval: ({ state }) => pace(state.data),
  });
}

/** One queue by its name; null when there is none of that name. */
export function useQueue(name: string) {
  return useQuery({
    queryKey: ["queues", name],
    queryFn: async (): Promise<Batch.JobQueueDetail | null> =>
      (await batch("DescribeJobQueues", { jobQueues: [name] })).jobQueues?.[0] ?? null,
    refetchInterval: ({ state }) => pace(state.data ? [state.data] : []),
  });
}

/** How many jobs each queue has in which status, and what the environments hold. */
export function useSummary() {
  return useQuery({
    queryKey: ["summary"],
    queryFn: () => call<SummaryReport>("/longshore/summary", "longshore"),
    refetchInterval: QUIET_MS,
  });
}

export function useEnvironments() {
  return useQuery({
    queryKey: ["environments"],
    queryFn: (): Promise<Batch.ComputeEnvironmentDetail[]> =>
      allPages(
        (nextToken) => batch("DescribeComputeEnvironments", { ...(nextToken !== undefined && { nextToken }) }),
        ({ computeEnvironments }) => computeEnvironments,
      ),
    refetchInterval: ({ state }) => pace(state.data),
  });
}

/** One environment by its name; null when there is none of that name. */
export function useEnvironment(name: string) {
  return useQuery({
    queryKey: ["environments", name],
    queryFn: async (): Promise<Batch.ComputeEnvironmentDetail | null> =>
      (await batch("DescribeComputeEnvironments", { computeEnvironments: [name] })).computeEnvironments?.[0] ?? null,
    refetchInterval: ({ state }) => pace(state.data ? [state.data] : []),
  });
}

/** What the environments hold. */
export function useEnvironmentUses() {
  return useQuery({
    queryKey: ["environment-uses"],
    queryFn: async () => (await call<EnvironmentsAnswer>("/longshore/environments", "longshore")).environments,
    refetchInterval: QUIET_MS,
  });
}

/** All instances of all environments. */
export function useInstances() {
  return useQuery({
    queryKey: ["instances"],
    queryFn: async () => (await call<InstancesAnswer>("/longshore/instances", "longshore")).instances,
    refetchInterval: 5_000,
  });
}

export function useHosts() {
  return useQuery({
    queryKey: ["hosts"],
    queryFn: async () => (await call<HostsAnswer>("/longshore/hosts", "longshore")).hosts,
    refetchInterval: 5_000,
  });
}

/** The scheduling policies, whole. */
export function usePolicies() {
  return useQuery({
    queryKey: ["policies"],
    queryFn: async (): Promise<Batch.SchedulingPolicyDetail[]> => {
      const listed = await allPages(
        (nextToken) => batch("ListSchedulingPolicies", { ...(nextToken !== undefined && { nextToken }) }),
        ({ schedulingPolicies }) => schedulingPolicies,
      );
      const arns = listed.map(({ arn }) => arn!);
      const parts = Array.from({ length: Math.ceil(arns.length / 100) }, (_, at) =>
        arns.slice(at * 100, at * 100 + 100),
      );
      const details = await Promise.all(parts.map((part) => batch("DescribeSchedulingPolicies", { arns: part })));
      return details.flatMap(({ schedulingPolicies }) => schedulingPolicies ?? []);
    },
    refetchInterval: QUIET_MS,
  });
}
