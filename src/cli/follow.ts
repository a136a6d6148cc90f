import type { JobDetail } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";
import { followArray, readArray } from "./follow-array.ts";
import { arraySizeOf, describeOne, hasEnded, isWaiting } from "./job.ts";
import { JobOutput, logLagMs, type Listener } from "./job-output.ts";
import type { Pace } from "./pace.ts";

/** Follows a job or array until it has ended and all its output was given to the listener. Gives the ended job. */
export async function followJob(
  connection: Connection,
  jobId: string,
  listener: Listener,
  pace: Pace,
): Promise<JobDetail> {
  const job = await describeOne(connection, jobId);
  if (arraySizeOf(job) === undefined) return followSingle(connection, job, listener, pace);
  return followArray(connection, job, listener, pace);
}

/** Gives the listener the output that there is now of a job, or of all children of an array. */
export async function readJob(
  connection: Connection,
  job: JobDetail,
  take: NonNullable<Listener["lines"]>,
): Promise<void> {
  if (arraySizeOf(job) === undefined) await new JobOutput(connection, undefined, take).catchUp(job);
  else await readArray(connection, job, take);
}

async function followSingle(
  connection: Connection,
  first: JobDetail,
  listener: Listener,
  pace: Pace,
): Promise<JobDetail> {
  const jobId = first.jobId ?? "";
  const output = listener.lines === undefined ? undefined : new JobOutput(connection, undefined, listener.lines);
  let job = first;
  let status: string | undefined;
  for (;;) {
    listener.progress({
      counts: { [job.status ?? "SUBMITTED"]: 1 },
      waitingReason: isWaiting(job) ? job.statusReason : undefined,
    });
    const printed = (await output?.catchUp(job)) ?? false;
    const settled = output === undefined || Date.now() >= (job.stoppedAt ?? 0) + logLagMs(connection);
    if (hasEnded(job) && settled) return job;
    const changed = printed || job.status !== status;
    status = job.status;
    await pace.wait(changed);
    job = await describeOne(connection, jobId);
  }
}
