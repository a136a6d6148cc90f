import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { batch } from "../../api/batch.ts";
import { usePolicies, useQueues } from "../../api/resources.ts";
import { durationText } from "../../components/duration.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { tagTexts } from "../../components/resources/names.ts";
import { QueueLink } from "../../components/resources/page-link.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { useViewState } from "../../components/view-state.ts";
import { PolicyDetails } from "./policy-details.tsx";

const PolicyForm = lazy(() => import("./policy-form.tsx"));
const DeleteModal = lazy(() => import("../../components/resources/delete-modal.tsx"));

interface Row extends Batch.SchedulingPolicyDetail {
  readonly queues: readonly string[];
}

const kindOf = ({ quotaSharePolicy }: Row): string => (quotaSharePolicy === undefined ? "Fair share" : "Quota shares");

export default function Policies() {
  const { data, error, refetch } = usePolicies();
  const { data: queues = [] } = useQueues();
  const queries = useQueryClient();
  const view = useViewState();
  const rows = data?.map((policy): Row => ({
    ...policy,
    queues: queues
      .filter(({ schedulingPolicyArn }) => schedulingPolicyArn === policy.arn)
      .map(({ jobQueueName }) => jobQueueName!),
  }));
  const chosen = rows?.find(({ name }) => name === view.get("policy"));
  const action = view.get("action");
  const close = (): void => view.set({ action: "", weights: "" });
  const create = (): void => view.set({ action: "create" });
  const columns: readonly Column<Row>[] = [
    {
      id: "name",
      header: "Name",
      cell: ({ name }) => (
        <Button variant="inline-link" ariaExpanded={name === chosen?.name} onClick={() => view.set({ policy: name! })}>
          {name}
        </Button>
      ),
      value: ({ name }) => name!,
      width: 140,
    },
    { id: "kind", header: "Kind", cell: kindOf, value: kindOf, width: 110 },
    {
      id: "decay",
      header: "Share decay",
      cell: ({ fairsharePolicy }) =>
        fairsharePolicy === undefined ? "–" : durationText((fairsharePolicy.shareDecaySeconds ?? 0) * 1000),
      value: ({ fairsharePolicy }) => fairsharePolicy?.shareDecaySeconds ?? -1,
      width: 110,
    },
    {
      id: "reservation",
      header: "Reservation",
      cell: ({ fairsharePolicy }) =>
        fairsharePolicy === undefined ? "–" : `${fairsharePolicy.computeReservation ?? 0} %`,
      value: ({ fairsharePolicy }) => fairsharePolicy?.computeReservation ?? -1,
      width: 110,
    },
    {
      id: "weights",
      header: "Weights",
      cell: ({ fairsharePolicy }) => fairsharePolicy?.shareDistribution?.length ?? "–",
      value: ({ fairsharePolicy }) => fairsharePolicy?.shareDistribution?.length ?? -1,
      width: 90,
    },
    {
      id: "queues",
      header: "Queues that use it",
      cell: (row) =>
        row.queues.length === 0 ? (
          "None"
        ) : (
          <SpaceBetween direction="horizontal" size="xs">
            {row.queues.map((name) => (
              <QueueLink key={name} name={name} />
            ))}
          </SpaceBetween>
        ),
      width: 160,
    },
  ];
  return (
    <SpaceBetween size="l">
      <PageTitle
        description="How the shares of a queue take turns."
        actions={
          <Button variant="primary" onClick={create}>
            Create policy
          </Button>
        }
        {...(rows !== undefined && { counter: `(${rows.length})` })}
      >
        Scheduling policies
      </PageTitle>
      <ResourceTable
        label="Scheduling policies"
        items={rows}
        error={error}
        onRetry={() => void refetch()}
        columns={columns}
        idOf={({ arn }) => arn!}
        textsOf={(row) => [row.name, kindOf(row), ...row.queues, ...tagTexts(row.tags)]}
        filterHint="Find by name, queue or tag (key=value)"
        empty={
          <EmptyState title="No scheduling policies" action={<Button onClick={create}>Create policy</Button>}>
            Without one a queue is first in, first out.
          </EmptyState>
        }
      />
      {chosen !== undefined && <PolicyDetails policy={chosen} queues={chosen.queues} />}
      <Suspense>
        {action === "create" && <PolicyForm queues={[]} onClose={close} />}
        {action === "edit" && chosen !== undefined && (
          <PolicyForm
            key={chosen.arn}
            policy={chosen}
            proposedWeights={view.get("weights")}
            queues={chosen.queues}
            onClose={close}
          />
        )}
        {action === "delete" && chosen !== undefined && (
          <DeleteModal
            noun="scheduling policy"
            name={chosen.name!}
            obstacles={chosen.queues.map((queue) => ({
              id: queue,
              text: (
                <>
                  The job queue <QueueLink name={queue} /> uses it: give that another policy, or delete the queue.
                </>
              ),
            }))}
            onDelete={() => batch("DeleteSchedulingPolicy", { arn: chosen.arn! })}
            onClose={close}
            onDone={() => {
              void queries.invalidateQueries({ queryKey: ["policies"] });
              view.set({ action: "", policy: "" });
            }}
          />
        )}
      </Suspense>
    </SpaceBetween>
  );
}
