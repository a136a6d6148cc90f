import type { TableProps } from "@cloudscape-design/components/table";
import type { FoundJob } from "../../../api/job-search.ts";
import { Duration } from "../../../components/duration.tsx";
import { JobStatus } from "../../../components/job-status.tsx";
import { PageLink } from "../../../components/resources/page-link.tsx";
import { Time } from "../../../components/time.tsx";
import { ArrayProgress } from "./array-progress.tsx";

/** The last part of an ARN. */
function nameOfArn(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}

const jobPath = (id: string): string => `/jobs/${encodeURIComponent(id).replaceAll("%3A", ":")}`;

type Column = TableProps.ColumnDefinition<FoundJob> & { readonly label: string };

/** All columns; the first is always there. */
export const COLUMNS: readonly Column[] = [
  {
    ...{ id: "name", label: "Name", header: "Name", width: 220, isRowHeader: true },
    cell: ({ jobId, jobName }) => <PageLink to={jobPath(jobId)}>{jobName}</PageLink>,
  },
  {
    ...{ id: "status", label: "Status", header: "Status", width: 150 },
    cell: ({ status }) => <JobStatus status={status} />,
  },
  {
    ...{ id: "reason", label: "Reason", header: "Reason", width: 260 },
    cell: ({ statusReason, reason, isTerminated, isCancelled }) => {
      const text = statusReason ?? reason ?? (isTerminated ? "It was told to end." : isCancelled ? "Cancelled." : "–");
      return <span title={text}>{text}</span>;
    },
  },
  {
    ...{ id: "queue", label: "Queue", header: "Queue", width: 130 },
    cell: ({ jobQueue }) => (
      <PageLink to={`/queues/${encodeURIComponent(nameOfArn(jobQueue))}`}>{nameOfArn(jobQueue)}</PageLink>
    ),
  },
  {
    ...{ id: "created", label: "Created", header: "Created", width: 140 },
    cell: ({ createdAt }) => <Time at={createdAt} />,
  },
  {
    ...{ id: "duration", label: "Duration", header: "Duration", width: 110 },
    cell: ({ startedAt, stoppedAt }) => (startedAt === undefined ? "–" : <Duration from={startedAt} to={stoppedAt} />),
  },
  {
    ...{ id: "array", label: "Array", header: "Array", width: 150 },
    cell: (job) => <ArrayProgress job={job} />,
  },
  {
    ...{ id: "attempts", label: "Attempts", header: "Attempts", width: 100 },
    cell: ({ attempts }) => attempts,
  },
  {
    ...{ id: "exit", label: "Exit code", header: "Exit code", width: 100 },
    cell: ({ exitCode }) => exitCode ?? "–",
  },
  {
    ...{ id: "id", label: "Job id", header: "Job id", width: 320 },
    cell: ({ jobId }) => <code>{jobId}</code>,
  },
  {
    ...{ id: "definition", label: "Definition", header: "Definition", width: 170 },
    cell: ({ jobDefinition }) => {
      const text = nameOfArn(jobDefinition);
      return <PageLink to={`/definitions/${encodeURIComponent(text.replace(/:\d+$/, ""))}`}>{text}</PageLink>;
    },
  },
  {
    ...{ id: "started", label: "Started", header: "Started", width: 140 },
    cell: ({ startedAt }) => <Time at={startedAt} />,
  },
  {
    ...{ id: "stopped", label: "Stopped", header: "Stopped", width: 140 },
    cell: ({ stoppedAt }) => <Time at={stoppedAt} />,
  },
  {
    ...{ id: "resources", label: "Asked for", header: "Asked for", width: 190 },
    cell: ({ resources: { vcpus, memoryMiB, gpus } }) =>
      `${vcpus} vCPU, ${memoryMiB} MiB${gpus > 0 ? `, ${gpus} GPU` : ""}`,
  },
  {
    ...{ id: "cost", label: "Cost", header: "Cost", width: 110 },
    cell: ({ costUsd }) => (costUsd === undefined ? "–" : `$${costUsd.toFixed(costUsd < 1 ? 4 : 2)}`),
  },
  {
    ...{ id: "share", label: "Share", header: "Share", width: 110 },
    cell: ({ shareIdentifier }) => shareIdentifier ?? "–",
  },
  {
    ...{ id: "tags", label: "Tags", header: "Tags", width: 220 },
    cell: ({ tags }) => {
      const text = Object.entries(tags)
        .map(([key, value]) => (value === "" ? key : `${key}=${value}`))
        .join(", ");
      return text === "" ? "–" : <span title={text}>{text}</span>;
    },
  },
];

export const USUAL_COLUMNS = ["name", "status", "reason", "queue", "created", "duration", "array", "attempts", "exit"];
