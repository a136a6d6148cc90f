import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Toggle from "@cloudscape-design/components/toggle";
import { lazy, Suspense } from "react";
import { useLocation } from "wouter";
import { EmptyState } from "../../components/empty-state.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { tagTexts } from "../../components/resources/names.ts";
import { PageLink } from "../../components/resources/page-link.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { useViewState } from "../../components/view-state.ts";
import { containersOf, useDefinitions } from "./definition-query.ts";

const RevisionForm = lazy(() => import("./revision-form.tsx"));

interface Row {
  readonly name: string;
  /** The newest active revision, else the newest. */
  readonly latest: Batch.JobDefinition;
  readonly active: number;
  readonly all: number;
}

function rowsOf(definitions: readonly Batch.JobDefinition[]): Row[] {
  return [...Map.groupBy(definitions, ({ jobDefinitionName }) => jobDefinitionName!)]
    .map(([name, revisions]): Row => {
      const newest = revisions.toSorted((a, b) => b.revision! - a.revision!);
      const active = newest.filter(({ status }) => status === "ACTIVE");
      return { name, latest: active[0] ?? newest[0]!, active: active.length, all: newest.length };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const imagesOf = ({ latest }: Row): string =>
  [...new Set(containersOf(latest).map(({ image }) => image))].filter(Boolean).join(", ");
const sizeOf = ({ latest }: Row): string => containersOf(latest)[0]?.size ?? "";

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "name",
    header: "Name",
    cell: ({ name }) => <PageLink to={`/definitions/${encodeURIComponent(name)}`}>{name}</PageLink>,
    value: ({ name }) => name,
    width: 160,
  },
  {
    id: "revision",
    header: "Latest revision",
    cell: ({ latest }) => latest.revision,
    value: ({ latest }) => latest.revision!,
    width: 130,
  },
  {
    id: "status",
    header: "Status",
    cell: ({ active }) =>
      active > 0 ? (
        <StatusIndicator type="success">ACTIVE</StatusIndicator>
      ) : (
        <StatusIndicator type="stopped">INACTIVE</StatusIndicator>
      ),
    value: ({ active }) => (active > 0 ? 0 : 1),
    width: 110,
  },
  { id: "type", header: "Type", cell: ({ latest }) => latest.type, value: ({ latest }) => latest.type!, width: 100 },
  { id: "image", header: "Image", cell: imagesOf, value: imagesOf, width: 180 },
  { id: "size", header: "Asks for", cell: sizeOf, width: 150 },
  { id: "count", header: "Active revisions", cell: ({ active }) => active, value: ({ active }) => active, width: 120 },
];

export default function Definitions() {
  const view = useViewState();
  const [, navigate] = useLocation();
  const showsInactive = view.get("inactive") === "1";
  const { data, error, refetch } = useDefinitions(showsInactive ? undefined : "ACTIVE");
  const rows = data && rowsOf(data);
  const create = (): void => view.set({ create: "1" });
  return (
    <SpaceBetween size="l">
      <PageTitle
        description="What jobs are made of: image, command and size. Each change is a revision of its own."
        actions={
          <Button variant="primary" onClick={create}>
            Create definition
          </Button>
        }
        {...(rows !== undefined && { counter: `(${rows.length})` })}
      >
        Job definitions
      </PageTitle>
      <Toggle checked={showsInactive} onChange={({ detail }) => view.set({ inactive: detail.checked ? "1" : "" })}>
        Show those that are inactive, too
      </Toggle>
      <ResourceTable
        label="Job definitions"
        items={rows}
        error={error}
        onRetry={() => void refetch()}
        columns={COLUMNS}
        idOf={({ name }) => name}
        textsOf={(row) => [row.name, row.latest.type, imagesOf(row), ...tagTexts(row.latest.tags)]}
        filterHint="Find by name, type, image or tag (key=value)"
        empty={
          <EmptyState title="No job definitions" action={<Button onClick={create}>Create definition</Button>}>
            Create one, and submit jobs from it.
          </EmptyState>
        }
      />
      <Suspense>
        {view.get("create") === "1" && (
          <RevisionForm
            onClose={() => view.set({ create: "" })}
            onDone={(name) => navigate(`/definitions/${encodeURIComponent(name)}`)}
          />
        )}
      </Suspense>
    </SpaceBetween>
  );
}
