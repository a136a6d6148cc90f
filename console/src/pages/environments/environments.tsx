import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense } from "react";
import type { EnvironmentReport } from "../../../../src/ports/capacity-reports.ts";
import { useLive } from "../../api/live.ts";
import { useEnvironments, useEnvironmentUses } from "../../api/resources.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { tagTexts } from "../../components/resources/names.ts";
import { EnvironmentLink } from "../../components/resources/page-link.tsx";
import { ResourceState, ResourceStatus } from "../../components/resources/resource-status.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { ShareBar } from "../../components/resources/share-bar.tsx";
import { useViewState } from "../../components/view-state.ts";
import { ServiceEnvironments } from "./service-environments.tsx";
import { boundsOf, kindOf } from "./environment-facts.ts";

const EnvironmentForm = lazy(() => import("./environment-form.tsx"));

interface Row extends Batch.ComputeEnvironmentDetail {
  readonly use: EnvironmentReport | undefined;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "name",
    header: "Name",
    cell: ({ computeEnvironmentName }) => <EnvironmentLink name={computeEnvironmentName!} />,
    value: ({ computeEnvironmentName }) => computeEnvironmentName!,
    width: 140,
  },
  { id: "type", header: "Type", cell: kindOf, value: kindOf, width: 120 },
  {
    id: "state",
    header: "State",
    cell: ({ state }) => <ResourceState state={state} />,
    value: ({ state }) => state!,
    width: 120,
  },
  {
    id: "status",
    header: "Status",
    cell: ({ status, statusReason }) => <ResourceStatus status={status} reason={statusReason} />,
    value: ({ status }) => status!,
    width: 120,
  },
  { id: "bounds", header: "vCPUs: least / wanted / most", cell: boundsOf, width: 130 },
  {
    id: "use",
    header: "vCPUs in use",
    cell: ({ use, computeResources }) => {
      if (use === undefined) return "–";
      const most = computeResources?.maxvCpus;
      return most === undefined ? use.vcpusInUse : <ShareBar part={use.vcpusInUse / most} text={`${use.vcpusInUse}`} />;
    },
    value: ({ use }) => use?.vcpusInUse ?? 0,
    width: 130,
  },
  {
    id: "instances",
    header: "Instances",
    cell: ({ use }) => use?.instances ?? "Part of this machine",
    value: ({ use }) => use?.instances ?? -1,
    width: 110,
  },
];

export default function Environments() {
  const { data, error, refetch } = useEnvironments();
  const { data: uses } = useEnvironmentUses();
  useLive([["environment-uses"]]);
  const view = useViewState();
  const rows = data?.map((environment): Row => ({
    ...environment,
    use: uses?.find(({ computeEnvironmentArn }) => computeEnvironmentArn === environment.computeEnvironmentArn),
  }));
  return (
    <SpaceBetween size="l">
      <PageTitle
        description="Where jobs run, and how much of it there is."
        actions={
          <Button variant="primary" onClick={() => view.set({ create: "1" })}>
            Create environment
          </Button>
        }
        {...(data !== undefined && { counter: `(${data.length})` })}
      >
        Compute environments
      </PageTitle>
      <ResourceTable
        label="Compute environments"
        items={rows}
        error={error}
        onRetry={() => void refetch()}
        columns={COLUMNS}
        idOf={({ computeEnvironmentArn }) => computeEnvironmentArn!}
        textsOf={(row) => [...[row.computeEnvironmentName, row.state, row.status, kindOf(row)], ...tagTexts(row.tags)]}
        empty={
          <EmptyState
            title="No compute environments"
            action={<Button onClick={() => view.set({ create: "1" })}>Create environment</Button>}
          >
            Create one, and a queue for it.
          </EmptyState>
        }
      />
      <ServiceEnvironments />
      <Suspense>{view.get("create") === "1" && <EnvironmentForm onClose={() => view.set({ create: "" })} />}</Suspense>
    </SpaceBetween>
  );
}
