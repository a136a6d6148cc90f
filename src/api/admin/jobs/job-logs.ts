import { parseNodeId } from "../../../core/ids.ts";
import type { Attempt } from "../../../core/job.ts";
import type { JobLog, JobLogs } from "../../../ports/job-logs.ts";
import type { JobRecord } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { toJobId } from "../../batch/names.ts";
import type { Call } from "../../wire/operations.ts";
import { describedJob } from "./find-job.ts";

/**
 * Where the output of a job is, for who may describe it: stream names cannot be derived from its id.
 *
 * @throws ResourceNotFoundException, 404, when there is no such job, or it is somebody else's.
 */
export async function jobLogs(backend: Backend, call: Call, idOrArn: string): Promise<JobLogs> {
  const job = await describedJob(backend, call, idOrArn);
  const node = parseNodeId(toJobId(idOrArn))?.node;
  const logs = job.state.attempts.flatMap((attempt, index) => logsOf(job, attempt, index + 1));
  return { jobId: job.id, logs: node === undefined ? logs : logs.filter((log) => log.node === node) };
}

function logsOf({ scheduling: { log, units = [] } }: JobRecord, attempt: Attempt, number: number): JobLog[] {
  if (attempt.units === undefined) return [{ attempt: number, ...groupOf(log), ...progressOf(attempt) }];
  const isSeveral = new Set(units.map(({ name }) => name)).size > 1;
  return attempt.units.map((state, index) => {
    const { name, node, log: target } = units[index]!;
    return {
      attempt: number,
      ...(node !== undefined && { node }),
      ...(isSeveral && { container: name }),
      ...groupOf(target),
      ...progressOf(state),
    };
  });
}

function groupOf(target: { readonly group: string } | undefined): Pick<JobLog, "logGroupName"> {
  return target === undefined ? {} : { logGroupName: target.group };
}

type Progress = Pick<Attempt, "logStreamName" | "startedAt" | "stoppedAt" | "exitCode" | "reason">;

function progressOf({ logStreamName, startedAt, stoppedAt, exitCode, reason }: Progress): Partial<JobLog> {
  return {
    ...(logStreamName !== undefined && { logStreamName }),
    ...(startedAt !== undefined && { startedAt }),
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
  };
}
