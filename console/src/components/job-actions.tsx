import type { JobDetail } from "@aws-sdk/client-batch";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { lazy, Suspense, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { FoundJob } from "../api/job-search.ts";
import { resubmit } from "../api/resubmit.ts";
import { useNotices } from "../shell/notices.tsx";

const StopModal = lazy(() => import("./job-actions/stop-modal.tsx"));

/** What the actions have to know of a job. */
export interface ActionJob {
  readonly jobId: string;
  readonly jobName: string;
  readonly status: string;
  /** Of an array: how many of its children have failed. */
  readonly failedChildren?: number;
}

/** Of a row of the job search, or of what DescribeJobs tells. */
export function actionJob(job: FoundJob | JobDetail): ActionJob {
  const { jobId, jobName, status } = job;
  const counts =
    "array" in job && job.array !== undefined && "counts" in job.array
      ? job.array.counts
      : "arrayProperties" in job
        ? job.arrayProperties?.statusSummary
        : undefined;
  return {
    ...{ jobId: jobId!, jobName: jobName!, status: status! },
    ...(counts !== undefined && { failedChildren: counts["FAILED"] ?? 0 }),
  };
}

export interface JobActionsProps {
  readonly jobs: readonly ActionJob[];
  /** Something may have changed. */
  readonly onDone?: () => void;
}

/** More are not run again with one click. */
const MOST_RERUN = 50;

/** What can be done with one job, or with several. */
export function JobActions({ jobs, onDone }: JobActionsProps) {
  const [, navigate] = useLocation();
  const notices = useNotices();
  const [stopping, setStopping] = useState<"cancel" | "terminate">();
  const isBusy = useRef(false);
  const [one] = jobs.length === 1 ? jobs : [];
  const isOver = ({ status }: ActionJob): boolean => status === "SUCCEEDED" || status === "FAILED";
  const isWaiting = ({ status }: ActionJob): boolean => /^(SUBMITTED|PENDING|RUNNABLE)$/.test(status);
  const isChild = jobs.some(({ jobId }) => /[:#]/.test(jobId));
  const hasFailed = (one?.failedChildren ?? 0) > 0;

  const rerun = async (failedOnly: boolean): Promise<void> => {
    // A second click while the first is under way would submit it all twice.
    if (isBusy.current) return;
    isBusy.current = true;
    try {
      for (const { jobId, jobName } of jobs) {
        try {
          const { jobId: again } = await resubmit(jobId, failedOnly);
          notices.success(`${jobName} runs again as ${again}.`);
          if (jobs.length === 1) navigate(`/jobs/${again}`);
        } catch (error) {
          notices.error(`${jobName} (${jobId}) was not run again`, error);
        }
      }
    } finally {
      isBusy.current = false;
      onDone?.();
    }
  };

  return (
    <>
      <ButtonDropdown
        disabled={jobs.length === 0}
        items={[
          {
            id: "clone",
            text: "Clone with changes…",
            disabled: one === undefined || isChild,
            ...(one === undefined && { disabledReason: "Choose one job." }),
          },
          {
            id: "rerun",
            text: "Run again",
            disabled: isChild || jobs.length > MOST_RERUN,
            disabledReason: isChild ? "Children and nodes run again with their job." : `At most ${MOST_RERUN} jobs.`,
          },
          {
            id: "rerun-failed",
            text: "Run failed children again",
            disabled: !hasFailed || isChild,
            disabledReason: "Choose one array of which children have failed.",
          },
          {
            id: "cancel",
            text: "Cancel…",
            disabled: !jobs.some(isWaiting),
            disabledReason: "Only jobs that have not begun are cancelled.",
          },
          {
            id: "terminate",
            text: "Terminate…",
            disabled: jobs.every(isOver),
            disabledReason: "It is over.",
          },
        ]}
        onItemClick={({ detail: { id } }) => {
          if (id === "clone" && one !== undefined) navigate(`/jobs?submit=1&clone=${encodeURIComponent(one.jobId)}`);
          if (id === "rerun") void rerun(false);
          if (id === "rerun-failed") void rerun(true);
          if (id === "cancel" || id === "terminate") setStopping(id);
        }}
      >
        Actions
      </ButtonDropdown>
      {stopping !== undefined && (
        <Suspense>
          <StopModal
            action={stopping}
            filters={{ jobIds: jobs.map(({ jobId }) => jobId) }}
            onClose={() => {
              setStopping(undefined);
              onDone?.();
            }}
          />
        </Suspense>
      )}
    </>
  );
}
