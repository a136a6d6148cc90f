import type * as Batch from "@aws-sdk/client-batch";
import type { ShareReport } from "../../../../src/ports/share-report.ts";
import { durationText } from "../../components/duration.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { ShareBar } from "../../components/resources/share-bar.tsx";
import { JobLink, PageLink } from "../../components/resources/page-link.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { useShares } from "./front-query.ts";
import { QuotaShares } from "./quota-shares.tsx";

interface ShareRow extends ShareReport {
  /** From 1; 0 where no job of it waits. */
  readonly turn: number;
  /** Of what all shares used, by their weights: 0 to 1. */
  readonly part: number;
}

const COLUMNS: readonly Column<ShareRow>[] = [
  {
    id: "turn",
    header: "Turn",
    cell: ({ turn }) => (turn === 0 ? "Nothing waits" : turn === 1 ? "1: next" : turn),
    value: ({ turn }) => (turn === 0 ? Infinity : turn),
    width: 110,
  },
  { id: "share", header: "Share", cell: ({ share }) => share, value: ({ share }) => share, width: 110 },
  { id: "weight", header: "Weight", cell: ({ weight }) => weight, value: ({ weight }) => weight, width: 90 },
  {
    id: "now",
    header: "vCPUs in use",
    cell: ({ vcpusInUse }) => vcpusInUse,
    value: ({ vcpusInUse }) => vcpusInUse,
    width: 110,
  },
  {
    id: "used",
    header: "Used in the window",
    cell: ({ usedVcpuSeconds }) => vcpuTime(usedVcpuSeconds),
    value: ({ usedVcpuSeconds }) => usedVcpuSeconds,
    width: 150,
  },
  {
    id: "standing",
    header: "Used × weight",
    cell: ({ standing, part }) => <ShareBar part={part} text={vcpuTime(standing)} />,
    value: ({ standing }) => standing,
    width: 170,
  },
  {
    id: "jobs",
    header: "Jobs not over",
    cell: ({ openJobs }) => openJobs,
    value: ({ openJobs }) => openJobs,
    width: 110,
  },
  {
    id: "next",
    header: "Its next job",
    cell: ({ nextJob }) => (nextJob === undefined ? "–" : <JobLink id={nextJob} name={`${nextJob.slice(0, 8)}…`} />),
    width: 120,
  },
];

export function vcpuTime(vcpuSeconds: number): string {
  if (vcpuSeconds < 3_600) return `${Math.round(vcpuSeconds).toLocaleString("en")} vCPU s`;
  return `${(vcpuSeconds / 3_600).toLocaleString("en", { maximumFractionDigits: 1 })} vCPU h`;
}

/** Who shares the queue, what each has had of it, and whose turn it is. */
export function QueueShares({ queue }: { readonly queue: Batch.JobQueueDetail }) {
  const { data, error, refetch } = useShares(queue);
  if (queue.jobQueueType === "SAGEMAKER_TRAINING") return <QuotaShares queue={queue} />;
  const fairShare = data?.fairShare;
  const all = fairShare?.shares.reduce((sum, { standing }) => sum + standing, 0) ?? 0;
  const rows = fairShare?.shares.map((share, at): ShareRow => ({
    ...share,
    turn: share.nextJob === undefined ? 0 : at + 1,
    part: all === 0 ? 0 : share.standing / all,
  }));
  return (
    <ResourceTable
      title="Shares"
      label="Shares of this queue"
      prefix="shares-"
      items={rows ?? (data === undefined ? undefined : [])}
      error={error}
      onRetry={() => void refetch()}
      columns={COLUMNS}
      idOf={({ share }) => share}
      filterHint="Find a share"
      {...((rows?.length ?? 0) > 10 && { textsOf: ({ share }: ShareRow) => [share] })}
      description={
        fairShare === undefined
          ? undefined
          : `The share that used least, times its weight, is served next. What was used counts for ${durationText(fairShare.windowSeconds * 1000)}; an attempt counts from its start as at least a tenth of that.`
      }
      actions={<PageLink to={`/policies?policy=${encodeURIComponent(policyName(queue))}`}>Scheduling policy</PageLink>}
      empty={
        <EmptyState title="No share is active">
          A share appears here when a job is submitted with its shareIdentifier.
        </EmptyState>
      }
    />
  );
}

const policyName = ({ schedulingPolicyArn = "" }: Batch.JobQueueDetail): string =>
  schedulingPolicyArn.slice(schedulingPolicyArn.lastIndexOf("/") + 1);
