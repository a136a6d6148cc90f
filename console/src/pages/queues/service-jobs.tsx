import type * as Batch from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { allPages } from "../../api/all-pages.ts";
import { batch } from "../../api/batch.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { ChoiceSelect } from "../../components/form/fields.tsx";
import { JobStatus } from "../../components/job-status.tsx";
import { ServiceJobLink } from "../../components/resources/page-link.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { Time } from "../../components/time.tsx";
import { useViewState } from "../../components/view-state.ts";

const STATUSES: readonly Batch.ServiceJobStatus[] = [
  ...(["SUBMITTED", "PENDING", "RUNNABLE", "SCHEDULED", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"] as const),
];
const CHOICES = STATUSES.map((value) => ({ value, label: value }));

const COLUMNS: readonly Column<Batch.ServiceJobSummary>[] = [
  {
    id: "name",
    header: "Name",
    cell: ({ jobId, jobName }) => <ServiceJobLink id={jobId!} name={jobName} />,
    value: ({ jobName }) => jobName!,
    width: 170,
  },
  { id: "status", header: "Status", cell: ({ status = "" }) => <JobStatus status={status} />, width: 130 },
  {
    id: "share",
    header: "Share",
    cell: ({ quotaShareName, shareIdentifier }) => quotaShareName ?? shareIdentifier ?? "–",
    value: ({ quotaShareName, shareIdentifier }) => quotaShareName ?? shareIdentifier ?? "",
    width: 120,
  },
  {
    id: "takes",
    header: "Takes",
    cell: ({ capacityUsage = [] }) =>
      capacityUsage.map(({ quantity, capacityUnit }) => `${quantity} ${capacityUnit}`).join(", "),
    width: 150,
  },
  {
    id: "created",
    header: "Submitted",
    cell: ({ createdAt }) => <Time at={createdAt} />,
    value: ({ createdAt }) => Number(createdAt),
    width: 130,
  },
  { id: "reason", header: "Reason", cell: ({ statusReason }) => statusReason ?? "–", width: 220 },
];

/** The jobs of a queue for training, by their status. Below the queue's own key: they are read again when something happens in it. */
export function ServiceJobs({ queue }: { readonly queue: Batch.JobQueueDetail }) {
  const view = useViewState();
  const name = queue.jobQueueName!;
  const status = STATUSES.find((one) => one === view.get("jobs-status")) ?? "RUNNING";
  const { data, error, refetch } = useQuery({
    queryKey: ["queue", name, "service-jobs", status],
    queryFn: () =>
      allPages(
        (nextToken) =>
          batch("ListServiceJobs", {
            ...{ jobQueue: name, jobStatus: status },
            ...(nextToken !== undefined && { nextToken }),
          }),
        ({ jobSummaryList }) => jobSummaryList,
      ),
  });
  return (
    <ResourceTable
      title="Service jobs"
      label="Service jobs"
      prefix="jobs-"
      pageSize={20}
      items={data}
      error={error}
      onRetry={() => void refetch()}
      columns={COLUMNS}
      idOf={({ jobId }) => jobId!}
      textsOf={({ jobId, jobName, quotaShareName, shareIdentifier }) => [
        ...[jobId, jobName, quotaShareName, shareIdentifier],
      ]}
      actions={
        <ChoiceSelect
          label="Status"
          choices={CHOICES}
          value={status}
          onChange={(value) => view.set({ "jobs-status": value })}
        />
      }
      empty={<EmptyState title={`No service job is ${status}`}>Choose another status, or submit one.</EmptyState>}
    />
  );
}
