import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { batch } from "../../api/batch.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { ServiceJobLink } from "../../components/resources/page-link.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { untilSettled } from "../../components/resources/settled.ts";
import { useQuotaShares, useSnapshot } from "./front-query.ts";

const QuotaShareForm = lazy(() => import("./quota-share-form.tsx"));
const DeleteModal = lazy(() => import("../../components/resources/delete-modal.tsx"));

interface QuotaRow extends Batch.QuotaShareDetail {
  readonly inUse: readonly Batch.QueueSnapshotCapacityUsage[];
  readonly nextJobArn: string | undefined;
}

const limitsOf = ({ capacityLimits }: Batch.QuotaShareDetail): string =>
  (capacityLimits ?? []).map(({ maxCapacity, capacityUnit }) => `${maxCapacity} ${capacityUnit}`).join(", ") || "–";

const QUOTA_COLUMNS: readonly Column<QuotaRow>[] = [
  {
    id: "share",
    header: "Quota share",
    cell: ({ quotaShareName }) => quotaShareName,
    value: ({ quotaShareName }) => quotaShareName!,
    width: 130,
  },
  { id: "state", header: "State", cell: ({ state, status }) => `${state}, ${status}`, width: 130 },
  { id: "limits", header: "Its own", cell: limitsOf, width: 140 },
  {
    id: "used",
    header: "In use",
    cell: ({ inUse }) =>
      inUse.map(({ quantity, capacityUnit }) => `${quantity} ${capacityUnit}`).join(", ") || "Nothing",
    width: 140,
  },
  {
    id: "strategy",
    header: "Lends and borrows",
    cell: ({ resourceSharingConfiguration }) => {
      const { strategy = "–", borrowLimit } = resourceSharingConfiguration ?? {};
      return borrowLimit === undefined ? strategy : `${strategy}, up to ${borrowLimit} %`;
    },
    width: 150,
  },
  {
    id: "next",
    header: "Its next job",
    cell: ({ nextJobArn }) => {
      const id = nextJobArn?.slice(nextJobArn.lastIndexOf("/") + 1);
      return id === undefined ? "–" : <ServiceJobLink id={id} name={`${id.slice(0, 8)}…`} />;
    },
    width: 120,
  },
];

/** Who has what of a queue for training, with what may be done about it. */
export function QuotaShares({ queue }: { readonly queue: Batch.JobQueueDetail }) {
  const { data, error, refetch } = useQuotaShares(queue);
  const { data: snapshot } = useSnapshot(queue);
  const used = snapshot?.queueUtilization?.quotaShareUtilization?.topCapacityUtilization ?? [];
  const firsts = snapshot?.frontOfQuotaShares?.quotaShares ?? {};
  const queries = useQueryClient();
  const [editing, setEditing] = useState<Batch.QuotaShareDetail | "new">();
  const [going, setGoing] = useState<Batch.QuotaShareDetail>();
  const create = <Button onClick={() => setEditing("new")}>Create quota share</Button>;
  const columns: readonly Column<QuotaRow>[] = [
    ...QUOTA_COLUMNS,
    {
      id: "actions",
      header: "Actions",
      cell: (share) => (
        <SpaceBetween size="s" direction="horizontal">
          <Button
            variant="inline-link"
            ariaLabel={`Edit quota share ${share.quotaShareName}`}
            onClick={() => setEditing(share)}
          >
            Edit
          </Button>
          <Button
            variant="inline-link"
            ariaLabel={`Delete quota share ${share.quotaShareName}`}
            disabled={share.status === "DELETING"}
            onClick={() => setGoing(share)}
          >
            Delete
          </Button>
        </SpaceBetween>
      ),
      width: 130,
    },
  ];
  const rows = data?.map((share): QuotaRow => ({
    ...share,
    inUse: used.find(({ quotaShareName }) => quotaShareName === share.quotaShareName)?.capacityUsage ?? [],
    nextJobArn: firsts[share.quotaShareName!]?.[0]?.jobArn,
  }));
  return (
    <>
      <ResourceTable
        title="Quota shares"
        label="Quota shares of this queue"
        prefix="shares-"
        items={rows}
        error={error}
        onRetry={() => void refetch()}
        columns={columns}
        idOf={({ quotaShareArn }) => quotaShareArn!}
        description="Each share has capacity of its own; what it does not use it may lend to others."
        actions={create}
        empty={<EmptyState title="No quota shares">Jobs of this queue are submitted to a share.</EmptyState>}
      />
      <Suspense>
        {editing !== undefined && (
          <QuotaShareForm
            queueName={queue.jobQueueName!}
            share={editing === "new" ? undefined : editing}
            onClose={() => setEditing(undefined)}
          />
        )}
        {going !== undefined && (
          <DeleteModal
            noun="quota share"
            name={going.quotaShareName!}
            disables={going.state === "ENABLED"}
            onDelete={() => remove(going)}
            onClose={() => setGoing(undefined)}
            onDone={() => {
              setGoing(undefined);
              void queries.invalidateQueries({ queryKey: ["queue", queue.jobQueueName] });
            }}
          />
        )}
      </Suspense>
    </>
  );
}

/** What is enabled has to be disabled first. */
async function remove({ quotaShareArn = "", quotaShareName, state }: Batch.QuotaShareDetail): Promise<void> {
  if (state === "ENABLED") await batch("UpdateQuotaShare", { quotaShareArn, state: "DISABLED" });
  await untilSettled(async () => {
    const { quotaShares = [] } = await batch("ListQuotaShares", { jobQueue: queueOf(quotaShareArn) });
    return quotaShares.find((share) => share.quotaShareName === quotaShareName)?.status;
  });
  await batch("DeleteQuotaShare", { quotaShareArn });
}

/** `arn:…:job-queue/QUEUE/quota-share/NAME` */
const queueOf = (quotaShareArn: string): string => quotaShareArn.split("/")[1]!;
