import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { batch } from "../../api/batch.ts";
import { changeTags } from "../../api/tags.ts";
import { ErrorAlert } from "../../components/errors.tsx";
import { JobStatus } from "../../components/job-status.tsx";
import { Loading } from "../../components/loading.tsx";
import { nameOfArn } from "../../components/resources/names.ts";
import { JobLink, QueueLink } from "../../components/resources/page-link.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { TagList } from "../../components/resources/tag-list.tsx";
import { Time } from "../../components/time.tsx";
import { useViewState } from "../../components/view-state.ts";
import { useConsumable, useConsumers } from "./consumable-query.ts";

const QuantityForm = lazy(() => import("./quantity-form.tsx"));
const TagsModal = lazy(() => import("../../components/resources/tags-modal.tsx"));
const DeleteModal = lazy(() => import("../../components/resources/delete-modal.tsx"));

type Consumer = Batch.ListJobsByConsumableResourceSummary;

const COLUMNS: readonly Column<Consumer>[] = [
  {
    id: "job",
    header: "Job",
    cell: ({ jobArn, jobName }) => <JobLink id={nameOfArn(jobArn!)} name={jobName} />,
    value: ({ jobName }) => jobName!,
    width: 160,
  },
  {
    id: "status",
    header: "Status",
    cell: ({ jobStatus }) => <JobStatus status={jobStatus} />,
    value: ({ jobStatus }) => jobStatus!,
    width: 150,
  },
  { id: "quantity", header: "Needs", cell: ({ quantity }) => quantity, value: ({ quantity }) => quantity!, width: 90 },
  {
    id: "queue",
    header: "Queue",
    cell: ({ jobQueueArn }) => <QueueLink name={nameOfArn(jobQueueArn!)} />,
    width: 130,
  },
  { id: "why", header: "Why", cell: ({ statusReason }) => statusReason ?? "–", width: 220 },
  { id: "created", header: "Submitted", cell: ({ createdAt }) => <Time at={createdAt} />, width: 130 },
];

/** The resource that was chosen: how much there is, and who holds it or waits for it. */
export function ConsumableDetails({ name }: { readonly name: string }) {
  const { data, error, refetch } = useConsumable(name);
  const consumers = useConsumers(name);
  const view = useViewState();
  const queries = useQueryClient();
  const action = view.get("action");
  const close = (): void => view.set({ action: "" });
  const changed = (): void => void queries.invalidateQueries({ queryKey: ["consumables"] });
  if (data === undefined) {
    return error === null ? (
      <Loading />
    ) : (
      <ErrorAlert what={`${name} could not be read`} error={error} onRetry={() => void refetch()} />
    );
  }
  const { totalQuantity = 0, inUseQuantity = 0, availableQuantity = 0, tags = {} } = data;
  const waiting = consumers.data?.filter(({ jobStatus }) => jobStatus === "RUNNABLE").length ?? 0;
  return (
    <SpaceBetween size="l">
      <Container
        header={
          <Header
            variant="h2"
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Button onClick={() => view.set({ action: "quantity" })}>Change quantity</Button>
                <Button onClick={() => view.set({ action: "tags" })}>Edit tags</Button>
                <Button onClick={() => view.set({ action: "delete" })}>Delete</Button>
              </SpaceBetween>
            }
          >
            {name}
          </Header>
        }
      >
        <KeyValuePairs
          columns={4}
          items={[
            { label: "In all", value: totalQuantity },
            { label: "In use", value: inUseQuantity },
            { label: "Available", value: availableQuantity },
            { label: "Type", value: data.resourceType },
            { label: "Created", value: <Time at={data.createdAt} /> },
            { label: "Tags", value: <TagList tags={tags} /> },
          ]}
        />
      </Container>
      <ResourceTable
        title="Jobs that hold it or wait for it"
        label={`Jobs that hold ${name} or wait for it`}
        prefix="jobs-"
        pageSize={20}
        items={consumers.data}
        error={consumers.error}
        columns={COLUMNS}
        idOf={({ jobArn }) => jobArn!}
        description={waiting === 0 ? undefined : `${waiting} of them ${waiting === 1 ? "is" : "are"} ready to run.`}
        empty="No job that is not over needs it."
      />
      <Suspense>
        {action === "quantity" && <QuantityForm name={name} total={totalQuantity} onClose={close} />}
        {action === "tags" && (
          <TagsModal
            what={name}
            tags={tags}
            onSave={(after) => changeTags(data.consumableResourceArn!, tags, after)}
            onDone={changed}
            onClose={close}
          />
        )}
        {action === "delete" && (
          <DeleteModal
            noun="consumable resource"
            name={name}
            onDelete={() => batch("DeleteConsumableResource", { consumableResource: name })}
            onClose={close}
            onDone={() => {
              view.set({ action: "", resource: "" });
              // Only the list: of the resource itself there is nothing left to ask.
              void queries.invalidateQueries({ queryKey: ["consumables"], exact: true });
            }}
          >
            Jobs that need it, and were not started, can never start then.
          </DeleteModal>
        )}
      </Suspense>
    </SpaceBetween>
  );
}
