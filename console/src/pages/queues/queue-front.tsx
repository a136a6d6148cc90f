import type * as Batch from "@aws-sdk/client-batch";
import Alert from "@cloudscape-design/components/alert";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Explanation } from "../../../../src/core/explain/explanation.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { nameOfArn } from "../../components/resources/names.ts";
import { EnvironmentLink, JobLink, PageLink, ServiceJobLink } from "../../components/resources/page-link.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { Time } from "../../components/time.tsx";
import { frontIds, useExplanation, useFrontJobs, useSnapshot } from "./front-query.ts";

interface Entry {
  readonly place: number;
  readonly id: string;
  readonly since: number | undefined;
  readonly job: Batch.JobDetail | undefined;
  readonly isService: boolean;
}

const COLUMNS: readonly Column<Entry>[] = [
  { id: "place", header: "Place", cell: ({ place }) => place, width: 70 },
  {
    id: "job",
    header: "Job",
    cell: ({ id, job, isService }) => {
      if (isService) return <ServiceJobLink id={id} />;
      const index = job?.arrayProperties?.index;
      const name = job === undefined ? id : index === undefined ? job.jobName : `${job.jobName} [${index}]`;
      return <JobLink id={id} name={name} />;
    },
    width: 180,
  },
  { id: "share", header: "Share", cell: ({ job }) => job?.shareIdentifier ?? "–", width: 100 },
  { id: "asks", header: "Asks for", cell: ({ job }) => requestOf(job), width: 150 },
  { id: "priority", header: "Priority", cell: ({ job }) => job?.schedulingPriority ?? "–", width: 90 },
  { id: "created", header: "Submitted", cell: ({ job }) => <Time at={job?.createdAt} />, width: 130 },
  { id: "since", header: "In this place", cell: ({ since }) => <Time at={since} />, width: 130 },
];

function requestOf(job: Batch.JobDetail | undefined): string {
  const container = job?.container ?? job?.nodeProperties?.nodeRangeProperties?.[0]?.container;
  const asked = (type: string) => container?.resourceRequirements?.find((one) => one.type === type)?.value;
  const [vcpus, memory, gpus] = [asked("VCPU") ?? container?.vcpus, asked("MEMORY") ?? container?.memory, asked("GPU")];
  const parts = [
    vcpus !== undefined && `${vcpus} vCPU`,
    memory !== undefined && `${memory} MiB`,
    gpus !== undefined && `${gpus} GPU`,
    job?.nodeProperties !== undefined && `× ${job.nodeProperties.numNodes} nodes`,
  ];
  return parts.filter(Boolean).join(", ") || "–";
}

/** The jobs that are next. */
export function QueueFront({ queue }: { readonly queue: Batch.JobQueueDetail }) {
  const { data: snapshot, error, refetch } = useSnapshot(queue);
  const ids = frontIds(snapshot);
  const { data: jobs } = useFrontJobs(queue, ids);
  const entries = snapshot?.frontOfQueue?.jobs?.map(({ earliestTimeAtPosition }, at): Entry => ({
    place: at + 1,
    id: ids[at]!,
    since: earliestTimeAtPosition,
    job: jobs?.get(ids[at]!),
    isService: queue.jobQueueType === "SAGEMAKER_TRAINING",
  }));
  const isFull = ids.length >= 100;
  return (
    <ResourceTable
      title="Front of the queue"
      label="Front of the queue"
      prefix="front-"
      pageSize={10}
      items={error === null ? (entries ?? (snapshot === undefined ? undefined : [])) : entries}
      error={error}
      onRetry={() => void refetch()}
      columns={COLUMNS}
      idOf={({ id }) => id}
      description={
        isFull
          ? "The first 100 jobs that are ready to run, in the order in which they are to start."
          : "The jobs that are ready to run, in the order in which they are to start."
      }
      actions={
        <PageLink to={`/jobs?queue=${encodeURIComponent(queue.jobQueueName!)}`}>All jobs of this queue</PageLink>
      }
      empty={
        <EmptyState title="No job waits for its turn">
          Jobs that wait for others, and those that run, are in the list of all jobs.
        </EmptyState>
      }
    />
  );
}

type Blocker = Explanation["blockers"][number];

/** What is in the way and what to do about it; of environments, in each of them. */
function BlockerText({ blocker }: { readonly blocker: Blocker }) {
  const environments = "environments" in blocker ? blocker.environments : [];
  return (
    <div style={{ overflowWrap: "anywhere" }}>
      <div>
        <b>{blocker.text}</b> {blocker.fix}
      </div>
      {environments.length > 0 && (
        <ul style={{ margin: 0 }}>
          {environments.map(({ environmentArn, obstacles }) => (
            <li key={environmentArn}>
              <EnvironmentLink name={nameOfArn(environmentArn)} />:{" "}
              {obstacles.map(({ text, fix }) => `${text} ${fix}`).join(" ")}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Why the first job waits. */
export function HeadOfQueue({ queue }: { readonly queue: Batch.JobQueueDetail }) {
  const { data: snapshot } = useSnapshot(queue);
  const ids = frontIds(snapshot);
  const { data: jobs } = useFrontJobs(queue, ids);
  const [id] = ids;
  const isService = queue.jobQueueType === "SAGEMAKER_TRAINING";
  const { data } = useExplanation(id, queue.jobQueueName!);
  const name = id === undefined ? undefined : jobs?.get(id)?.jobName;
  if (id === undefined || data === undefined) return null;
  const { answer, blockers, estimate } = data;
  return (
    <Alert
      type={blockers.length > 0 ? "warning" : "info"}
      statusIconAriaLabel={blockers.length > 0 ? "Warning" : "Info"}
      header={blockers.length > 0 ? "Why the first job waits" : "The first job starts next"}
    >
      <SpaceBetween size="xs">
        <div style={{ overflowWrap: "anywhere" }}>
          {isService ? <ServiceJobLink id={id} /> : <JobLink id={id} name={name} />}: {blockers.length === 0 && answer}
        </div>
        {blockers.map((blocker) => (
          <BlockerText key={blocker.text} blocker={blocker} />
        ))}
        {estimate !== undefined && (
          <div>
            {"at" in estimate ? (
              <>
                It is expected to start <Time at={estimate.at} />.
              </>
            ) : (
              <>When it starts nobody can know: {estimate.unknown}</>
            )}
          </div>
        )}
      </SpaceBetween>
    </Alert>
  );
}
