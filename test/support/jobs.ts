import type { BatchClient, JobDetail, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import { DescribeJobsCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { until } from "./until.ts";

/** SubmitJob to the resources named `default`, unless `job` says otherwise. Returns the job's id. */
export async function submit(
  batch: BatchClient,
  command: readonly string[],
  job: Partial<SubmitJobCommandInput> = {},
): Promise<string> {
  const { containerOverrides, ...rest } = job;
  const { jobId } = await batch.send(
    new SubmitJobCommand({
      jobName: "test",
      jobQueue: "default",
      jobDefinition: "default",
      containerOverrides: { command: [...command], ...containerOverrides },
      ...rest,
    }),
  );
  return jobId!;
}

/** The same as a shell script. */
export function submitScript(
  batch: BatchClient,
  script: string,
  job: Partial<SubmitJobCommandInput> = {},
): Promise<string> {
  return submit(batch, ["sh", "-c", script], job);
}

export async function describeJob(batch: BatchClient, jobId: string): Promise<JobDetail> {
  const { jobs } = await batch.send(new DescribeJobsCommand({ jobs: [jobId] }));
  const [job] = jobs ?? [];
  if (job === undefined) throw new Error(`Job ${jobId} is not there.`);
  return job;
}

/** Waits until the job's status is one of `statuses`; fails when it ends with another one. */
export function untilStatus(batch: BatchClient, jobId: string, ...statuses: readonly string[]): Promise<JobDetail> {
  return until(`job ${jobId} is ${statuses.join(" or ")}`, async () => {
    const job = await describeJob(batch, jobId);
    if (statuses.includes(job.status!)) return job;
    if (!isOver(job)) return undefined;
    throw new Error(`Job ${jobId} should be ${statuses.join(" or ")}: ${JSON.stringify(job)}`);
  });
}

/** Waits until the job is SUCCEEDED or FAILED. */
export function ended(batch: BatchClient, jobId: string): Promise<JobDetail> {
  return untilStatus(batch, jobId, "SUCCEEDED", "FAILED");
}

export function allEnded(batch: BatchClient, jobIds: readonly string[]): Promise<JobDetail[]> {
  return Promise.all(jobIds.map((jobId) => ended(batch, jobId)));
}

/** The lines of a log stream, once there are at least `count`. */
export function logLines(
  logs: CloudWatchLogsClient,
  logStreamName: string,
  count: number,
  logGroupName = "/aws/batch/job",
): Promise<string[]> {
  return until(`${count} lines in ${logStreamName}`, async () => {
    const command = new GetLogEventsCommand({ logGroupName, logStreamName, startFromHead: true });
    const { events = [] } = await logs.send(command);
    return events.length >= count && events.map(({ message }) => message!);
  });
}

function isOver({ status }: JobDetail): boolean {
  return status === "SUCCEEDED" || status === "FAILED";
}
