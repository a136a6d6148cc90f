import type { Batch, JobDetail, JobSummary, ListJobsCommandInput } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";

/** Most that one DescribeJobs takes. */
const PAGE = 100;

const OVER = ["SUCCEEDED", "FAILED"] as const;

/** All jobs that were submitted after `sinceMs` and are still known, of every queue; instead of arrays their children that are over. */
export async function jobHistory(connection: Connection, sinceMs: number): Promise<JobDetail[]> {
  const filters = [{ name: "AFTER_CREATED_AT", values: [String(sinceMs)] }];
  const ids: string[] = [];
  for (const jobQueue of await queueArns(connection)) {
    for (const job of await listed(connection, { jobQueue, filters })) {
      if (job.arrayProperties?.size === undefined) ids.push(job.jobId!);
      else
        for (const jobStatus of OVER)
          ids.push(...idsOf(await listed(connection, { arrayJobId: job.jobId, jobStatus })));
    }
  }
  const details: JobDetail[] = [];
  for (let at = 0; at < ids.length; at += PAGE) {
    const jobs = ids.slice(at, at + PAGE);
    details.push(...((await connection.batch((batch) => batch.describeJobs({ jobs }))).jobs ?? []));
  }
  return details;
}

async function queueArns(connection: Connection): Promise<string[]> {
  const queues = await allPages(connection, (batch, page) => batch.describeJobQueues(page));
  return queues.flatMap(({ jobQueues = [] }) => jobQueues.map(({ jobQueueArn }) => jobQueueArn!));
}

async function listed(connection: Connection, input: ListJobsCommandInput): Promise<JobSummary[]> {
  const pages = await allPages(connection, (batch, page) => batch.listJobs({ ...input, ...page, maxResults: PAGE }));
  return pages.flatMap(({ jobSummaryList = [] }) => jobSummaryList);
}

async function allPages<T extends { readonly nextToken?: string | undefined }>(
  connection: Connection,
  ask: (batch: Batch, page: { nextToken?: string }) => Promise<T>,
): Promise<T[]> {
  const answers: T[] = [];
  let nextToken: string | undefined;
  do {
    const page = nextToken === undefined ? {} : { nextToken };
    const answer = await connection.batch((batch) => ask(batch, page));
    answers.push(answer);
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
  return answers;
}

function idsOf(jobs: readonly JobSummary[]): string[] {
  return jobs.map(({ jobId }) => jobId!);
}
