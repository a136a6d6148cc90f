import type * as Batch from "@aws-sdk/client-batch";
import Box from "@cloudscape-design/components/box";
import type { ShareReport } from "../../../../src/ports/share-report.ts";
import { durationText } from "../../components/duration.tsx";
import { EmptyState } from "../../components/empty-state.tsx";
import { ShareBar } from "../../components/resources/share-bar.tsx";
import { JobLink, PageLink } from "../../components/resources/page-link.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { useQuotaShares, useShares, useSnapshot } from "./front-query.ts";

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
      return id === undefined ? "–" : <JobLink id={id} name={`${id.slice(0, 8)}…`} />;
    },
    width: 120,
  },
];

function QuotaShares({ queue }: { readonly queue: Batch.JobQueueDetail }) {
  const { data, error, refetch } = useQuotaShares(queue);
  const { data: snapshot } = useSnapshot(queue);
  const used = snapshot?.queueUtilization?.quotaShareUtilization?.topCapacityUtilization ?? [];
  const firsts = snapshot?.frontOfQuotaShares?.quotaShares ?? {};
  const rows = data?.map((share): QuotaRow => ({
    ...share,
    inUse: used.find(({ quotaShareName }) => quotaShareName === share.quotaShareName)?.capacityUsage ?? [],
    nextJobArn: firsts[share.quotaShareName!]?.[0]?.jobArn,
  }));
  return (
    <ResourceTable
      title="Quota shares"
      label="Quota shares of this queue"
      prefix="shares-"
      items={rows}
      error={error}
      onRetry={() => void refetch()}
      columns={QUOTA_COLUMNS}
      idOf={({ quotaShareArn }) => quotaShareArn!}
      description="Each share has capacity of its own; what it does not use it may lend to others."
      empty={
        <EmptyState title="No quota shares">
          Create one with <Box variant="code">aws batch create-quota-share</Box>.
        </EmptyState>
      }
    />
  );
}
