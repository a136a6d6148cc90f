import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { Time } from "./time.tsx";

const LOOKS: Readonly<Record<string, StatusIndicatorProps.Type>> = {
  SUBMITTED: "pending",
  PENDING: "pending",
  RUNNABLE: "pending",
  SCHEDULED: "pending",
  STARTING: "in-progress",
  RUNNING: "in-progress",
  SUCCEEDED: "success",
  FAILED: "error",
};

export interface JobStatusProps {
  /** As AWS Batch names it. */
  readonly status: string | undefined;
  /** Since when, if that is to be shown. */
  readonly since?: number | undefined;
}

/** A job's or an attempt's state: a sign, a colour and its name. */
export function JobStatus({ status = "UNKNOWN", since }: JobStatusProps) {
  return (
    <StatusIndicator type={LOOKS[status] ?? "info"}>
      {status}
      {since !== undefined && (
        <>
          {" "}
          <Time at={since} />
        </>
      )}
    </StatusIndicator>
  );
}
