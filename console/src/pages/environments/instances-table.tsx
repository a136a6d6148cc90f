import type * as Batch from "@aws-sdk/client-batch";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { InstanceReport } from "../../../../src/ports/capacity-reports.ts";
import { batch } from "../../api/batch.ts";
import { call } from "../../api/call.ts";
import { useInstances } from "../../api/resources.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { ShareBar } from "../../components/resources/share-bar.tsx";
import { Time } from "../../components/time.tsx";
import { JobsOnIt } from "./jobs-on-it.tsx";

const DeleteModal = lazy(() => import("../../components/resources/delete-modal.tsx"));

/** Names are looked up for so many jobs: as many as one request describes. */
const MOST_NAMED = 100;

export interface InstancesTableProps {
  readonly environment: Batch.ComputeEnvironmentDetail;
  /** Of an unmanaged environment: its instances are the hosts, which have their own table. */
  readonly launches: boolean;
}

/** The instances of an environment, how full each is, and what runs on it. */
export function InstancesTable({ environment, launches }: InstancesTableProps) {
  const { data, error, refetch } = useInstances();
  const queries = useQueryClient();
  const [going, setGoing] = useState<InstanceReport>();
  const own = data?.filter(
    ({ computeEnvironmentArn, state }) =>
      computeEnvironmentArn === environment.computeEnvironmentArn && state !== "terminated",
  );
  const names = useJobNames(own?.flatMap(({ jobs }) => jobs) ?? []);
  const columns: readonly Column<InstanceReport>[] = [
    {
      id: "id",
      header: "Instance",
      cell: ({ instanceId }) => instanceId,
      value: ({ instanceId }) => instanceId,
      width: 190,
    },
    {
      id: "type",
      header: "Type",
      cell: ({ instanceType, isSpot }) => `${instanceType}${isSpot ? ", Spot" : ""}`,
      value: ({ instanceType }) => instanceType,
      width: 110,
    },
    { id: "state", header: "State", cell: (instance) => <InstanceState instance={instance} />, width: 130 },
    {
      id: "vcpus",
      header: "vCPUs",
      cell: ({ total, free }) => (
        <ShareBar
          part={(total.vcpus - free.vcpus) / total.vcpus}
          text={`${rounded(total.vcpus - free.vcpus)} of ${rounded(total.vcpus)}`}
        />
      ),
      value: ({ total, free }) => total.vcpus - free.vcpus,
      width: 120,
    },
    {
      id: "memory",
      header: "Memory",
      cell: ({ total, free }) => (
        <ShareBar
          part={(total.memoryMiB - free.memoryMiB) / total.memoryMiB}
          text={`${total.memoryMiB - free.memoryMiB} of ${total.memoryMiB} MiB`}
        />
      ),
      value: ({ total, free }) => total.memoryMiB - free.memoryMiB,
      width: 150,
    },
    {
      id: "price",
      header: "Price per hour",
      cell: ({ usdPerHour }) => (usdPerHour === undefined ? "Unknown" : usdText(usdPerHour)),
      value: ({ usdPerHour = -1 }) => usdPerHour,
      width: 110,
    },
    { id: "jobs", header: "Runs", cell: ({ jobs }) => <JobsOnIt ids={jobs} names={names} />, width: 160 },
    {
      id: "launched",
      header: "Launched",
      cell: ({ launchedAt }) => <Time at={launchedAt} />,
      value: ({ launchedAt }) => launchedAt,
      width: 120,
    },
    {
      id: "actions",
      header: "Action",
      cell: (instance) => (
        <Button
          variant="inline-link"
          ariaLabel={`Terminate instance ${instance.instanceId}`}
          disabled={instance.state === "shutting-down"}
          onClick={() => setGoing(instance)}
        >
          Terminate
        </Button>
      ),
      width: 110,
    },
  ];
  return (
    <>
      <ResourceTable
        title="Instances"
        label="Instances"
        prefix="instances-"
        pageSize={20}
        items={own}
        error={error}
        onRetry={() => void refetch()}
        columns={launches ? columns : columns.filter(({ id }) => id !== "actions")}
        idOf={({ instanceId }) => instanceId}
        textsOf={({ instanceId, instanceType, state, jobs }) => [
          ...[instanceId, instanceType, state],
          ...jobs.map((job) => names.get(job) ?? job),
        ]}
        filterHint="Find by id, type, state or job"
        description={own === undefined ? undefined : sumText(own)}
        empty={
          <EmptyState title="No instances">
            {launches
              ? "Instances are launched for jobs that wait, and terminated when they have nothing to do."
              : "It has no instances of its own: its jobs take their shares of this machine."}
          </EmptyState>
        }
      />
      <Suspense>
        {going !== undefined && (
          <DeleteModal
            noun="instance"
            verb="Terminate"
            name={going.instanceId}
            onDelete={() =>
              call(`/longshore/instances/${encodeURIComponent(going.instanceId)}`, "longshore", { method: "DELETE" })
            }
            onClose={() => setGoing(undefined)}
            onDone={() => {
              setGoing(undefined);
              void queries.invalidateQueries({ queryKey: ["instances"] });
            }}
          >
            {going.jobs.length === 0 ? (
              <Box>Nothing runs on it. Another may be launched when jobs need it.</Box>
            ) : (
              <Box>
                These end with it, as though the host were lost: <JobsOnIt ids={going.jobs} names={names} />
              </Box>
            )}
          </DeleteModal>
        )}
      </Suspense>
    </>
  );
}

const usdText = (usd: number): string => `$${usd.toLocaleString("en", { maximumSignificantDigits: 3 })}`;

/** What all of them cost together, as far as it is known. */
function sumText(instances: readonly InstanceReport[]): string | undefined {
  const known = instances.flatMap(({ usdPerHour }) => usdPerHour ?? []);
  if (known.length === 0) return undefined;
  const sum = usdText(known.reduce((total, one) => total + one, 0));
  const others = instances.length - known.length;
  return `Together ${sum} per hour${others === 0 ? "" : `, and ${others} of which the price is not known`}.`;
}

const rounded = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 2 });

function InstanceState({ instance: { state, isDraining } }: { readonly instance: InstanceReport }) {
  if (state === "pending") return <StatusIndicator type="pending">On its way</StatusIndicator>;
  if (state !== "running") return <StatusIndicator type="in-progress">Going</StatusIndicator>;
  if (isDraining) return <StatusIndicator type="warning">Draining</StatusIndicator>;
  return <StatusIndicator type="success">Running</StatusIndicator>;
}

/** What jobs are called; nodes of a job are called as it is. */
export function useJobNames(ids: readonly string[]): ReadonlyMap<string, string> {
  const asked = [...new Set(ids)].sort().slice(0, MOST_NAMED);
  const { data } = useQuery({
    queryKey: ["job-names", asked],
    queryFn: async () => {
      const { jobs = [] } = await batch("DescribeJobs", { jobs: asked });
      return new Map(jobs.map(({ jobId, jobName }) => [jobId!, jobName!]));
    },
    enabled: asked.length > 0,
    staleTime: Infinity,
    placeholderData: (before) => before,
  });
  return data ?? NO_NAMES;
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();
