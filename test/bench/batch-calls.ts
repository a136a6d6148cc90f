import type { DescribeJobsCommandOutput, JobDetail, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import type { GetLogEventsCommandOutput } from "@aws-sdk/client-cloudwatch-logs";
import { Connection } from "./connection.ts";

export const SUBMIT_PATH = "/v1/submitjob";
/** What a child or job costs of the machine: little, so that only vCPUs bound how many run at a time. */
export const MEMORY_MIB = 16;

/** SubmitJob's body for a job that runs `command`. */
export function submission(command: readonly string[], more: Partial<SubmitJobCommandInput> = {}): string {
  const containerOverrides = {
    command,
    resourceRequirements: [{ type: "MEMORY", value: String(MEMORY_MIB) }],
  };
  return JSON.stringify({
    jobName: "bench",
    jobQueue: "default",
    jobDefinition: "default",
    containerOverrides,
    ...more,
  });
}

/** A job that fits no machine: at the head of its queue it holds back all that come after it. */
const BLOCKER = submission(["true"], {
  jobName: "blocker",
  containerOverrides: { resourceRequirements: [{ type: "MEMORY", value: "100000000" }] },
});

/** The operations that the figures use, over one connection. */
export class BatchCalls {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<BatchCalls> {
    return new BatchCalls(await Connection.open(url));
  }

  /** Returns the job's id. */
  async submit(body: string): Promise<string> {
    return (await this.#post<{ jobId: string }>(SUBMIT_PATH, body)).jobId;
  }

  /** A job definition that runs in an image. */
  async register(jobDefinitionName: string, image: string): Promise<void> {
    const resourceRequirements = [
      { type: "VCPU", value: "1" },
      { type: "MEMORY", value: String(MEMORY_MIB) },
    ];
    const containerProperties = { image, command: ["true"], resourceRequirements };
    const input = { jobDefinitionName, type: "container", containerProperties };
    await this.#post("/v1/registerjobdefinition", JSON.stringify(input));
  }

  /** Has the queue wait for ever: nothing that is submitted from now on runs. Returns the id of the job that does it. */
  async blockQueue(): Promise<string> {
    const jobId = await this.submit(BLOCKER);
    await this.until(jobId, ({ status }) => status === "RUNNABLE");
    return jobId;
  }

  async describe(jobIds: readonly string[]): Promise<JobDetail[]> {
    const found: JobDetail[] = [];
    for (let from = 0; from < jobIds.length; from += 100) {
      const body = JSON.stringify({ jobs: jobIds.slice(from, from + 100) });
      found.push(...((await this.#post<DescribeJobsCommandOutput>("/v1/describejobs", body)).jobs ?? []));
    }
    if (found.length !== jobIds.length) throw new Error(`${jobIds.length} jobs asked for, ${found.length} described.`);
    return found;
  }

  /** Asks again, `pauseMs` after each answer, until the job is as wanted. A job that ends otherwise is an error. */
  async until(
    jobId: string,
    isWanted: (job: JobDetail) => boolean,
    pauseMs = 0,
    timeoutMs = 300_000,
  ): Promise<JobDetail> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const [job] = await this.describe([jobId]);
      if (isWanted(job!)) return job!;
      if (job!.status === "FAILED" || performance.now() > deadline) {
        throw new Error(
          `Job ${jobId} is ${job!.status} (${job!.statusReason ?? "no reason"}), which is not what was waited for.`,
        );
      }
      if (pauseMs > 0) await new Promise((resolve) => void setTimeout(resolve, pauseMs));
    }
  }

  /** Waits until the job is over, however. */
  async untilEnded(jobId: string): Promise<void> {
    for (;;) {
      const [job] = await this.describe([jobId]);
      if (job!.status === "SUCCEEDED" || job!.status === "FAILED") return;
      await new Promise((resolve) => void setTimeout(resolve, 5));
    }
  }

  /** The environment that a server begins with does not take more vCPUs than this. */
  async allow(vcpus: number): Promise<void> {
    const input = { computeEnvironment: "default", computeResources: { maxvCpus: vcpus } };
    await this.#post("/v1/updatecomputeenvironment", JSON.stringify(input));
  }

  async terminate(jobId: string, reason: string): Promise<void> {
    await this.#post("/v1/terminatejob", JSON.stringify({ jobId, reason }));
  }

  /** The first line that an ended job has written. */
  async firstLine(job: JobDetail): Promise<string> {
    const input = {
      logGroupName: "/aws/batch/job",
      logStreamName: job.container!.logStreamName,
      startFromHead: true,
      limit: 1,
    };
    const headers = "content-type: application/x-amz-json-1.1\r\nx-amz-target: Logs_20140328.GetLogEvents\r\n";
    const { events } = await this.#post<GetLogEventsCommandOutput>("/", JSON.stringify(input), headers);
    return events?.[0]?.message ?? "";
  }

  close(): void {
    this.#connection.close();
  }

  async #post<Output>(path: string, body: string, headers?: string): Promise<Output> {
    const { status, body: answer } = await this.#connection.post(path, body, headers);
    const text = answer.toString("utf8");
    if (status !== 200) throw new Error(`${path} answered ${status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as Output;
  }
}
