import type * as Batch from "@aws-sdk/client-batch";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useParams } from "wouter";
import { batch } from "../../api/batch.ts";
import { useLive } from "../../api/live.ts";
import { Duration } from "../../components/duration.tsx";
import { ErrorAlert } from "../../components/errors.tsx";
import { JobStatus } from "../../components/job-status.tsx";
import { Loading } from "../../components/loading.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { QueueLink } from "../../components/resources/page-link.tsx";
import type { Column } from "../../components/resources/resource-table.tsx";
import { ResourceTable } from "../../components/resources/resource-table.tsx";
import { TagList } from "../../components/resources/tag-list.tsx";
import { Time } from "../../components/time.tsx";
import { CodeBox } from "./code-box.tsx";
import LogsPanel from "./logs/logs-panel.tsx";
import { nameOfArn } from "./names.ts";

const DeleteModal = lazy(() => import("../../components/resources/delete-modal.tsx"));

/** A job of a queue for training: its attempts, its output, and how to end it. */
export default function ServiceJob() {
  const { jobId } = useParams<{ jobId: string }>();
  useLive([["job", jobId]], ({ detail }) => detail.jobId === jobId);
  const { data, error, refetch } = useQuery({
    queryKey: ["job", jobId, "service"],
    queryFn: () => batch("DescribeServiceJob", { jobId }),
  });
  if (data !== undefined) return <Shown job={data} />;
  if (error === null) return <Loading />;
  return (
    <SpaceBetween size="l">
      <PageTitle>{`Service job ${jobId}`}</PageTitle>
      <ErrorAlert what="The service job could not be read" error={error} onRetry={() => void refetch()} />
    </SpaceBetween>
  );
}

function Shown({ job }: { readonly job: Batch.DescribeServiceJobResponse }) {
  const { jobId = "", jobName = "", status = "" } = job;
  const [isEnding, setEnding] = useState(false);
  const queries = useQueryClient();
  const isOver = status === "SUCCEEDED" || status === "FAILED";
  return (
    <SpaceBetween size="l">
      <PageTitle
        actions={
          <Button disabled={isOver} onClick={() => setEnding(true)}>
            Terminate
          </Button>
        }
      >
        {jobName}
      </PageTitle>
      <Facts job={job} />
      <Attempts job={job} />
      <Container header={<Header variant="h2">Logs</Header>}>
        <LogsPanel job={job} />
      </Container>
      <Container header={<Header variant="h2">Request</Header>}>
        <CodeBox text={formatted(job.serviceRequestPayload)} what="the request to the service" />
      </Container>
      <Suspense>
        {isEnding && (
          <DeleteModal
            noun="service job"
            verb="Terminate"
            name={jobName}
            onDelete={() => batch("TerminateServiceJob", { jobId, reason: "Terminated in the console" })}
            onClose={() => setEnding(false)}
            onDone={() => {
              setEnding(false);
              void queries.invalidateQueries({ queryKey: ["job", jobId] });
            }}
          />
        )}
      </Suspense>
    </SpaceBetween>
  );
}

function Facts({ job }: { readonly job: Batch.DescribeServiceJobResponse }) {
  const { status = "", statusReason, jobId, jobQueue = "", quotaShareName, shareIdentifier, createdAt } = job;
  const takes = (job.capacityUsage ?? []).map(({ quantity, capacityUnit }) => `${quantity} ${capacityUnit}`).join(", ");
  return (
    <Container header={<Header variant="h2">Service job</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: "Status", value: <JobStatus status={status} /> },
          { label: "Reason", value: statusReason ?? "–" },
          { label: "Id", value: jobId },
          { label: "Queue", value: <QueueLink name={nameOfArn(jobQueue)} /> },
          { label: "Share", value: quotaShareName ?? shareIdentifier ?? "–" },
          { label: "Takes", value: takes === "" ? "–" : takes },
          { label: "Submitted", value: <Time at={createdAt} /> },
          { label: "Ran for", value: <Duration from={job.startedAt} to={job.stoppedAt} /> },
          { label: "Tags", value: <TagList tags={job.tags} /> },
        ]}
      />
    </Container>
  );
}

interface Attempt extends Batch.ServiceJobAttemptDetail {
  readonly number: number;
}

const COLUMNS: readonly Column<Attempt>[] = [
  { id: "number", header: "Attempt", cell: ({ number }) => number, width: 90 },
  { id: "started", header: "Started", cell: ({ startedAt }) => <Time at={startedAt} />, width: 140 },
  {
    id: "ran",
    header: "Ran for",
    cell: ({ startedAt, stoppedAt }) => <Duration from={startedAt} to={stoppedAt} />,
    width: 120,
  },
  { id: "reason", header: "Reason", cell: ({ statusReason }) => statusReason ?? "–", width: 260 },
];

function Attempts({ job }: { readonly job: Batch.DescribeServiceJobResponse }) {
  return (
    <ResourceTable
      title="Attempts"
      label="Attempts"
      prefix="attempts-"
      items={(job.attempts ?? []).map((attempt, at) => ({ ...attempt, number: at + 1 }))}
      columns={COLUMNS}
      idOf={({ number }) => String(number)}
      empty="It has not started yet."
    />
  );
}

/** The payload is JSON as a text. */
function formatted(payload: string | undefined): string {
  try {
    return JSON.stringify(JSON.parse(payload ?? "{}"), undefined, 2);
  } catch {
    return payload ?? "";
  }
}
