import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, Suspense } from "react";
import type { QueueSummary } from "../../../../src/ports/summary-report.ts";
import { useLive } from "../../api/live.ts";
import { useQueues, useSummary } from "../../api/resources.ts";
import { Duration } from "../../components/duration.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { nameOfArn, tagTexts } from "../../components/resources/names.ts";
import { EnvironmentLink, PageLink, QueueLink } from "../../components/resources/page-link.tsx";
import { ResourceState, ResourceStatus } from "../../components/resources/resource-status.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { useViewState } from "../../components/view-state.ts";

const QueueForm = lazy(() => import("./queue-form.tsx"));

interface Row extends Batch.JobQueueDetail {
  readonly summary: QueueSummary | undefined;
}

const environmentsOf = ({ computeEnvironmentOrder, serviceEnvironmentOrder }: Batch.JobQueueDetail): string[] => [
  ...(computeEnvironmentOrder ?? [])
    .toSorted((a, b) => a.order! - b.order!)
    .map(({ computeEnvironment }) => nameOfArn(computeEnvironment!)),
  ...(serviceEnvironmentOrder ?? []).map(({ serviceEnvironment }) => nameOfArn(serviceEnvironment!)),
];

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "name",
    header: "Name",
    cell: ({ jobQueueName }) => <QueueLink name={jobQueueName!} />,
    value: ({ jobQueueName }) => jobQueueName!,
    width: 140,
  },
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
  {
    id: "priority",
    header: "Priority",
    cell: ({ priority }) => priority,
    value: ({ priority }) => priority!,
    width: 90,
  },
  {
    id: "waiting",
    header: "Waiting",
    cell: ({ summary }) => <Depth summary={summary} statuses={WAITING} />,
    value: ({ summary }) => summary?.waiting ?? -1,
    width: 130,
  },
  {
    id: "oldest",
    header: "Oldest wait",
    cell: ({ summary }) => <OldestWait since={summary?.oldestWaitSince} />,
    // The longest wait first when the newest numbers are.
    value: ({ summary }) => -(summary?.oldestWaitSince ?? Infinity),
    width: 110,
  },
  {
    id: "running",
    header: "Running",
    cell: ({ summary }) => <Depth summary={summary} statuses={RUNNING} />,
    value: ({ summary }) => summary?.running ?? -1,
    width: 130,
  },
  {
    id: "environments",
    header: "Environments, in order",
    cell: (queue) =>
      queue.jobQueueType === "SAGEMAKER_TRAINING" ? (
        environmentsOf(queue).join(", ")
      ) : (
        <SpaceBetween size="xxs" direction="horizontal">
          {environmentsOf(queue).map((name) => (
            <EnvironmentLink key={name} name={name} />
          ))}
        </SpaceBetween>
      ),
    value: (queue) => environmentsOf(queue).join(" "),
    width: 160,
  },
  {
    id: "policy",
    header: "Scheduling policy",
    cell: ({ schedulingPolicyArn }) =>
      schedulingPolicyArn === undefined ? (
        "First in, first out"
      ) : (
        <PageLink to={`/policies?policy=${encodeURIComponent(nameOfArn(schedulingPolicyArn))}`}>
          {nameOfArn(schedulingPolicyArn)}
        </PageLink>
      ),
    value: ({ schedulingPolicyArn = "" }) => nameOfArn(schedulingPolicyArn),
    width: 140,
  },
];

const WAITING = ["RUNNABLE", "PENDING", "SUBMITTED"];
const RUNNING = ["RUNNING", "STARTING"];

/** How many jobs are in each of some statuses; the children of arrays count one by one. */
function Depth({ summary, statuses }: { readonly summary: QueueSummary | undefined; readonly statuses: string[] }) {
  if (summary === undefined) return "–";
  const counted = statuses.filter((status) => (summary.byStatus[status] ?? 0) > 0);
  if (counted.length === 0) return 0;
  return counted.map((status) => (
    <div key={status} style={{ whiteSpace: "nowrap" }}>
      {summary.byStatus[status]!.toLocaleString("en")} {status}
    </div>
  ));
}

/** Since the submission of the oldest job that is ready to start. */
function OldestWait({ since }: { readonly since: number | undefined }) {
  return since === undefined ? "–" : <Duration from={since} />;
}

export default function Queues() {
  const { data, error, refetch } = useQueues();
  const { data: summary } = useSummary();
  useLive([["summary"]]);
  const rows = data?.map((queue): Row => ({
    ...queue,
    summary: summary?.queues.find(({ jobQueueArn }) => jobQueueArn === queue.jobQueueArn),
  }));
  const view = useViewState();
  const create = <Button onClick={() => view.set({ create: "1" })}>Create queue</Button>;
  return (
    <SpaceBetween size="l">
      <PageTitle
        description="Jobs wait in queues for their turn. Queues of higher priority are served first."
        actions={
          <Button variant="primary" onClick={() => view.set({ create: "1" })}>
            Create queue
          </Button>
        }
        {...(data !== undefined && { counter: `(${data.length})` })}
      >
        Job queues
      </PageTitle>
      <ResourceTable
        label="Job queues"
        items={rows}
        error={error}
        onRetry={() => void refetch()}
        columns={COLUMNS}
        idOf={({ jobQueueArn }) => jobQueueArn!}
        textsOf={(queue) => [
          ...[queue.jobQueueName, queue.state, queue.status, ...environmentsOf(queue), ...tagTexts(queue.tags)],
        ]}
        empty={
          <EmptyState title="No job queues" action={create}>
            Create one, with an environment in which its jobs run.
          </EmptyState>
        }
      />
      <Suspense>{view.get("create") === "1" && <QueueForm onClose={() => view.set({ create: "" })} />}</Suspense>
    </SpaceBetween>
  );
}
