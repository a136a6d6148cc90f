import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { tagTexts } from "../../components/resources/names.ts";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { useViewState } from "../../components/view-state.ts";
import { commandText, containersOf } from "./definition-query.ts";

export interface RevisionsTableProps {
  readonly revisions: readonly Batch.JobDefinition[];
  readonly shown: Batch.JobDefinition;
}

const imageOf = (definition: Batch.JobDefinition): string => containersOf(definition)[0]?.image ?? "";

export function RevisionsTable({ revisions, shown }: RevisionsTableProps) {
  const view = useViewState();
  const columns: readonly Column<Batch.JobDefinition>[] = [
    {
      id: "revision",
      header: "Revision",
      cell: ({ revision }) =>
        revision === shown.revision ? (
          <b>{revision} (shown)</b>
        ) : (
          <Button
            variant="inline-link"
            ariaLabel={`Show revision ${revision}`}
            onClick={() => view.set({ revision: String(revision), with: "" })}
          >
            {revision}
          </Button>
        ),
      value: ({ revision }) => revision!,
      width: 120,
    },
    {
      id: "status",
      header: "Status",
      cell: ({ status }) => (
        <StatusIndicator type={status === "ACTIVE" ? "success" : "stopped"}>{status}</StatusIndicator>
      ),
      value: ({ status }) => status!,
      width: 110,
    },
    { id: "image", header: "Image", cell: imageOf, value: imageOf, width: 160 },
    {
      id: "command",
      header: "Command",
      cell: (definition) => shortened(commandText(containersOf(definition)[0]?.command ?? [])),
      width: 200,
    },
    { id: "size", header: "Asks for", cell: (definition) => containersOf(definition)[0]?.size ?? "", width: 150 },
    {
      id: "compare",
      header: "Difference",
      cell: ({ revision }) =>
        revision === shown.revision ? (
          "–"
        ) : (
          <Button
            variant="inline-link"
            ariaLabel={`Compare with revision ${revision}`}
            onClick={() => view.set({ with: String(revision), revision: String(shown.revision) })}
          >
            Compare
          </Button>
        ),
      width: 110,
    },
  ];
  return (
    <ResourceTable
      title="Revisions"
      label="Revisions"
      prefix="revisions-"
      pageSize={10}
      items={revisions}
      columns={columns}
      idOf={({ jobDefinitionArn }) => jobDefinitionArn!}
      textsOf={(definition) => [
        ...[String(definition.revision), definition.status, imageOf(definition)],
        ...tagTexts(definition.tags),
      ]}
      filterHint="Find by revision, status, image or tag (key=value)"
      empty="No revisions."
    />
  );
}

const LONGEST = 80;

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
