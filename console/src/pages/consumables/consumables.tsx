import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense } from "react";
import { useLive } from "../../api/live.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { ShareBar } from "../../components/resources/share-bar.tsx";
import { useViewState } from "../../components/view-state.ts";
import { ConsumableDetails } from "./consumable-details.tsx";
import { useConsumables } from "./consumable-query.ts";

const CreateForm = lazy(() => import("./create-form.tsx"));

type Row = Batch.ConsumableResourceSummary;

const totalOf = ({ totalQuantity = 0 }: Row): number => totalQuantity;
const inUseOf = ({ inUseQuantity = 0 }: Row): number => inUseQuantity;
const freeOf = (row: Row): number => Math.max(0, totalOf(row) - inUseOf(row));
const typeOf = ({ resourceType }: Row): string =>
  resourceType === "NON_REPLENISHABLE" ? "Used up by jobs" : "Given back by jobs";

export default function Consumables() {
  const { data, error, refetch } = useConsumables();
  useLive([["consumables"]]);
  const view = useViewState();
  const chosen = view.get("resource");
  const create = (): void => view.set({ action: "create" });
  const columns: readonly Column<Row>[] = [
    {
      id: "name",
      header: "Name",
      cell: ({ consumableResourceName: name }) => (
        <Button variant="inline-link" ariaExpanded={name === chosen} onClick={() => view.set({ resource: name! })}>
          {name}
        </Button>
      ),
      value: ({ consumableResourceName }) => consumableResourceName!,
      width: 160,
    },
    { id: "type", header: "Type", cell: typeOf, value: typeOf, width: 150 },
    { id: "total", header: "In all", cell: totalOf, value: totalOf, width: 90 },
    {
      id: "use",
      header: "In use",
      cell: (row) => (
        <ShareBar part={totalOf(row) === 0 ? 0 : inUseOf(row) / totalOf(row)} text={String(inUseOf(row))} />
      ),
      value: inUseOf,
      width: 130,
    },
    { id: "free", header: "Available", cell: freeOf, value: freeOf, width: 100 },
  ];
  return (
    <SpaceBetween size="l">
      <PageTitle
        description="What jobs need beside processors and memory: licences, tokens, places."
        actions={
          <Button variant="primary" onClick={create}>
            Create resource
          </Button>
        }
        {...(data !== undefined && { counter: `(${data.length})` })}
      >
        Consumable resources
      </PageTitle>
      <ResourceTable
        label="Consumable resources"
        items={data}
        error={error}
        onRetry={() => void refetch()}
        columns={columns}
        idOf={({ consumableResourceArn }) => consumableResourceArn!}
        textsOf={(row) => [row.consumableResourceName, typeOf(row)]}
        filterHint="Find by name or type"
        empty={
          <EmptyState title="No consumable resources" action={<Button onClick={create}>Create resource</Button>}>
            Jobs that need one wait until there is enough of it.
          </EmptyState>
        }
      />
      {chosen !== "" && <ConsumableDetails key={chosen} name={chosen} />}
      <Suspense>{view.get("action") === "create" && <CreateForm onClose={() => view.set({ action: "" })} />}</Suspense>
    </SpaceBetween>
  );
}
