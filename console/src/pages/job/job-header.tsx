import "./job.css";
import type { JobDetail } from "@aws-sdk/client-batch";
import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import type { KeyValuePairsProps } from "@cloudscape-design/components/key-value-pairs";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { PageLink } from "../../components/resources/page-link.tsx";
import { useQueryClient } from "@tanstack/react-query";
import { CopyButton } from "../../components/copy-button.tsx";
import { actionJob, JobActions } from "../../components/job-actions.tsx";
import { JobStatus } from "../../components/job-status.tsx";
import { PageTitle } from "../../components/page-title.tsx";
import { jobPath, ownerOf } from "./job-id.ts";
import { definitionPath, nameOfArn, queuePath } from "./names.ts";

export function JobHeader({ job }: { readonly job: JobDetail }) {
  const queries = useQueryClient();
  return (
    <SpaceBetween size="m">
      <PageTitle
        actions={
          <JobActions
            jobs={[actionJob(job)]}
            onDone={() => void queries.invalidateQueries({ queryKey: ["job", job.jobId] })}
          />
        }
      >
        {job.jobName!}
      </PageTitle>
      <KeyValuePairs columns={4} items={itemsOf(job)} />
      <Tags tags={job.tags ?? {}} />
    </SpaceBetween>
  );
}

function itemsOf(job: JobDetail): KeyValuePairsProps.Item[] {
  const { jobId, jobQueue, jobDefinition, shareIdentifier, schedulingPriority } = job;
  const owner = ownerOf(jobId!);
  return [
    { label: "Status", value: <StatusOf job={job} /> },
    {
      label: "Job id",
      value: (
        <span className="job-id">
          {jobId} <CopyButton text={jobId!} label="Copy the job id" />
        </span>
      ),
    },
    { label: "Queue", value: <PageLink to={queuePath(jobQueue!)}>{nameOfArn(jobQueue!)}</PageLink> },
    {
      label: "Job definition",
      value: <PageLink to={definitionPath(jobDefinition!)}>{nameOfArn(jobDefinition!)}</PageLink>,
    },
    ...(owner === undefined
      ? []
      : [
          {
            label: jobId!.includes("#") ? "Node of" : "Child of",
            value: <PageLink to={jobPath(owner)}>{owner}</PageLink>,
          },
        ]),
    ...(shareIdentifier === undefined ? [] : [{ label: "Share", value: shareIdentifier }]),
    ...(schedulingPriority === undefined ? [] : [{ label: "Priority", value: String(schedulingPriority) }]),
  ];
}

/** While it waits it says why; when it is over, how. */
function StatusOf({ job: { status, statusReason } }: { readonly job: JobDetail }) {
  return (
    <>
      <JobStatus status={status} />
      {statusReason !== undefined && (
        <Box variant="small" display="block">
          <span className="job-reason">{statusReason}</span>
        </Box>
      )}
    </>
  );
}

function Tags({ tags }: { readonly tags: Readonly<Record<string, string>> }) {
  const entries = Object.entries(tags);
  if (entries.length === 0) return null;
  return (
    <ul className="job-tags" aria-label="Tags">
      {entries.map(([key, value]) => (
        <li key={key}>
          <Badge>{value === "" ? key : `${key}: ${value}`}</Badge>
        </li>
      ))}
    </ul>
  );
}
