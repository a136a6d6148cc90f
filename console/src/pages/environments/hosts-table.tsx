import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { HostAnswer, HostReport } from "../../../../src/ports/host-reports.ts";
import { call } from "../../api/call.ts";
import { useHosts } from "../../api/resources.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { ShareBar } from "../../components/resources/share-bar.tsx";
import { Time } from "../../components/time.tsx";
import { useViewState } from "../../components/view-state.ts";
import { useNotices } from "../../shell/notices.tsx";
import { useJobNames } from "./instances-table.tsx";
import { JobsOnIt } from "./jobs-on-it.tsx";

const HostForm = lazy(() => import("./host-form.tsx"));
const DeleteModal = lazy(() => import("../../components/resources/delete-modal.tsx"));

const SIGHTS: Readonly<Record<HostReport["sight"], readonly [StatusIndicatorProps.Type, string]>> = {
  connecting: ["pending", "Connecting"],
  "in-sight": ["success", "Answers"],
  "out-of-sight": ["warning", "Silent"],
  lost: ["error", "Lost"],
};

/** The machines that a person has registered with an unmanaged environment. */
export function HostsTable({ environment }: { readonly environment: Batch.ComputeEnvironmentDetail }) {
  const name = environment.computeEnvironmentName!;
  const { data, error, refetch } = useHosts();
  const view = useViewState();
  const notices = useNotices();
  const queries = useQueryClient();
  const [going, setGoing] = useState<HostReport>();
  const own = data?.filter((host) => host.computeEnvironmentArn === environment.computeEnvironmentArn);
  const names = useJobNames(own?.flatMap(({ jobs }) => jobs) ?? []);
  const pathOf = (host: HostReport): string =>
    `/longshore/environments/${encodeURIComponent(name)}/hosts/${encodeURIComponent(host.name)}`;
  const changed = (): void => void queries.invalidateQueries({ queryKey: ["hosts"] });
  const drain = (host: HostReport): void => {
    void call<HostAnswer>(`${pathOf(host)}/drain`, "longshore", { method: "POST", body: {} })
      .then(
        () => notices.success(`The host ${host.name} takes no more jobs.`),
        (failure: unknown) => notices.error(`The host ${host.name} was not changed`, failure),
      )
      .finally(changed);
  };
  const columns: readonly Column<HostReport>[] = [
    { id: "name", header: "Host", cell: (host) => host.name, value: (host) => host.name, width: 120 },
    { id: "endpoint", header: "Engine", cell: ({ endpoint }) => endpoint, width: 190 },
    { id: "state", header: "State", cell: ({ state }) => state, value: ({ state }) => state, width: 100 },
    { id: "sight", header: "Sight", cell: (host) => <Sight host={host} />, width: 150 },
    {
      id: "vcpus",
      header: "vCPUs",
      cell: ({ total, inUse }) => (
        <ShareBar part={inUse.vcpus / total.vcpus} text={`${inUse.vcpus} of ${total.vcpus}`} />
      ),
      width: 110,
    },
    {
      id: "memory",
      header: "Memory",
      cell: ({ total, inUse }) => (
        <ShareBar part={inUse.memoryMiB / total.memoryMiB} text={`${inUse.memoryMiB} of ${total.memoryMiB} MiB`} />
      ),
      width: 150,
    },
    { id: "jobs", header: "Runs", cell: ({ jobs }) => <JobsOnIt ids={jobs} names={names} />, width: 150 },
    { id: "registered", header: "Registered", cell: ({ registeredAt }) => <Time at={registeredAt} />, width: 120 },
    {
      id: "actions",
      header: "Actions",
      cell: (host) => (
        <SpaceBetween direction="horizontal" size="xs">
          <Button
            variant="inline-link"
            ariaLabel={`Drain host ${host.name}`}
            disabled={host.state !== "active"}
            onClick={() => drain(host)}
          >
            Drain
          </Button>
          <Button
            variant="inline-link"
            ariaLabel={`Remove host ${host.name}`}
            disabled={host.state === "removing"}
            onClick={() => setGoing(host)}
          >
            Remove
          </Button>
        </SpaceBetween>
      ),
      width: 150,
    },
  ];
  return (
    <>
      <ResourceTable
        title="Hosts"
        label="Hosts"
        prefix="hosts-"
        items={own}
        error={error}
        onRetry={() => void refetch()}
        columns={columns}
        idOf={(host) => host.name}
        actions={<Button onClick={() => view.set({ action: "add-host" })}>Add host</Button>}
        empty={
          <EmptyState
            title="No hosts"
            action={<Button onClick={() => view.set({ action: "add-host" })}>Add host</Button>}
          >
            Jobs run on machines with a container engine that you register here.
          </EmptyState>
        }
      />
      <Suspense>
        {view.get("action") === "add-host" && (
          <HostForm environment={name} onClose={() => view.set({ action: "" })} onDone={changed} />
        )}
        {going !== undefined && (
          <DeleteModal
            noun="host"
            verb="Remove"
            name={going.name}
            onDelete={() => call(`${pathOf(going)}?force=true`, "longshore", { method: "DELETE" })}
            onClose={() => setGoing(undefined)}
            onDone={() => {
              setGoing(undefined);
              changed();
            }}
          >
            {going.jobs.length === 0 ? (
              "Nothing runs on it."
            ) : (
              <div>
                These end with it: <JobsOnIt ids={going.jobs} names={names} />
                Drain it instead to let them finish.
              </div>
            )}
          </DeleteModal>
        )}
      </Suspense>
    </>
  );
}

function Sight({ host: { sight, unseenSince, problem } }: { readonly host: HostReport }) {
  const [type, words] = SIGHTS[sight];
  return (
    <StatusIndicator type={type} wrapText>
      {words}
      {unseenSince !== undefined && (
        <>
          {" since "}
          <Time at={unseenSince} />
        </>
      )}
      {problem !== undefined && <span style={{ overflowWrap: "anywhere" }}>: {problem}</span>}
    </StatusIndicator>
  );
}
