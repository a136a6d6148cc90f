import Link from "@cloudscape-design/components/link";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import type { PlainJobStatus } from "../../../../../src/core/job.ts";
import { batch } from "../../../api/batch.ts";
import { Duration } from "../../../components/duration.tsx";
import { JobStatus } from "../../../components/job-status.tsx";
import { jobPath } from "../job-id.ts";

export interface ToldChildProps {
  readonly arrayJobId: string;
  readonly index: number | undefined;
  readonly status: PlainJobStatus | undefined;
}

/** The pointer goes over many cells on its way. */
const PAUSE_MS = 120;

/** What there is to say of the child that the pointer or the keyboard is on. */
export function ToldChild({ arrayJobId, index, status }: ToldChildProps) {
  const [, navigate] = useLocation();
  const [asked, setAsked] = useState<number>();
  useEffect(() => {
    const timer = window.setTimeout(() => setAsked(index), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [index]);
  const id = `${arrayJobId}:${asked}`;
  const { data } = useQuery({
    queryKey: ["job", id, status],
    queryFn: async () => (await batch("DescribeJobs", { jobs: [id] })).jobs?.[0] ?? null,
    enabled: asked !== undefined && asked === index,
  });
  if (index === undefined || status === undefined) {
    return <div className="children-told">Point at a cell, or go to it with the arrow keys, to see the child.</div>;
  }
  const path = jobPath(`${arrayJobId}:${index}`);
  const job = asked === index ? data : undefined;
  const { exitCode, reason } = job?.container ?? {};
  const why = reason ?? job?.statusReason;
  return (
    <div className="children-told">
      <Link
        href={path}
        onFollow={(event) => {
          event.preventDefault();
          navigate(path);
        }}
      >
        Child {index}
      </Link>
      <JobStatus status={status} />
      {exitCode !== undefined && <span>exit code {exitCode}</span>}
      {job?.startedAt !== undefined && (
        <span>
          ran <Duration from={job.startedAt} to={job.stoppedAt} />
        </span>
      )}
      {why !== undefined && <span className="children-reason">{why}</span>}
    </div>
  );
}
