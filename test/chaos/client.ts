import {
  BatchClient,
  CancelJobCommand,
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeJobsCommand,
  ListJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  TerminateJobCommand,
} from "@aws-sdk/client-batch";
import { until } from "../support/until.ts";
import type { Stop, Submit } from "./acts.ts";
import type { Book } from "./book.ts";
import type { FinalJob, StopNote } from "./evidence.ts";
import { toFinalJob } from "./evidence.ts";
import type { LedgerFile } from "./ledger-file.ts";
import type { Grounds } from "./requests.ts";
import { definitions, PROCESS_ENVIRONMENT, PROCESS_QUEUE, QUEUES, submission } from "./requests.ts";

/** A client that waits longer gives up, and does not know what came of its request. */
const ANSWER_MS = 8_000;
const BETWEEN_TRIES_MS = 700;
const STATUSES = ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"] as const;
/** As many as one DescribeJobs takes. */
export const PAGE = 100;

/** Clients of the servers, through networks that are cut now and then. What they are told goes into the book. */
export class Clients {
  readonly #clients: readonly BatchClient[];
  readonly #book: Book;
  readonly #ledger: LedgerFile;

  constructor(urls: readonly string[], book: Book, ledger: LedgerFile) {
    const credentials = { accessKeyId: "chaos", secretAccessKey: "chaos" };
    this.#clients = urls.map(
      (endpoint) => new BatchClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 }),
    );
    this.#book = book;
    this.#ledger = ledger;
  }

  async register(grounds: Grounds): Promise<void> {
    const first = this.#clients[0]!;
    await first.send(new CreateComputeEnvironmentCommand(PROCESS_ENVIRONMENT));
    await until("the environment is valid", async () => {
      const { computeEnvironments = [] } = await first.send(new DescribeComputeEnvironmentsCommand({}));
      return computeEnvironments.every(({ status }) => status === "VALID");
    });
    await first.send(new CreateJobQueueCommand(PROCESS_QUEUE));
    for (const definition of definitions(grounds)) await first.send(new RegisterJobDefinitionCommand(definition));
  }

  /** Tries until it has an answer, each time at the next server. A job whose answer was lost may be there all the same. */
  async submit(act: Submit): Promise<void> {
    const intent = this.#book.intend(act);
    const input = submission(act.job, intent.dependsOn);
    for (let tries = 0; tries < act.tries; tries += 1) {
      if (tries > 0) await new Promise((resolve) => void setTimeout(resolve, BETWEEN_TRIES_MS));
      intent.sent += 1;
      const answer = await this.#try("SubmitJob", () =>
        this.#at(act.server + tries).send(new SubmitJobCommand(input), waiting()),
      );
      if (answer === undefined) continue;
      this.#book.acknowledge(intent, answer.jobId!);
      return;
    }
  }

  async stop(act: Stop): Promise<void> {
    await Promise.all(this.#book.targetsOf(act).map((jobId) => this.stopJob(act.kind, act.server, jobId)));
  }

  async stopJob(kind: Stop["kind"], server: number, jobId: string): Promise<void> {
    const note: StopNote = { kind, jobId };
    this.#book.stops.push(note);
    const input = { jobId, reason: `${kind} of the suite` };
    const client = this.#at(server);
    const answer = await this.#try(kind, () =>
      kind === "cancel"
        ? client.send(new CancelJobCommand(input), waiting())
        : client.send(new TerminateJobCommand(input), waiting()),
    );
    if (answer === undefined) return;
    this.#ledger.read();
    note.acknowledgedAt = this.#ledger.entries.length;
  }

  /** What one server says of jobs; undefined when it does not answer. */
  async describe(server: number, ids: readonly string[]): Promise<FinalJob[] | undefined> {
    const answer = await this.#try("DescribeJobs", () =>
      this.#at(server).send(new DescribeJobsCommand({ jobs: [...ids] }), waiting()),
    );
    return answer?.jobs?.map(toFinalJob);
  }

  /** Ids of all jobs that there are; of an array, its own. */
  async list(server: number): Promise<string[]> {
    const ids: string[] = [];
    const lists = QUEUES.flatMap((jobQueue) => STATUSES.map((jobStatus) => ({ jobQueue, jobStatus })));
    for (const list of lists) {
      let nextToken: string | undefined;
      do {
        const page = await this.#at(server).send(new ListJobsCommand({ ...list, nextToken }), waiting());
        ids.push(...(page.jobSummaryList ?? []).map(({ jobId }) => jobId!));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
    }
    return ids;
  }

  close(): void {
    for (const client of this.#clients) client.destroy();
  }

  #at(server: number): BatchClient {
    return this.#clients[server % this.#clients.length]!;
  }

  /** Undefined when there was no answer, or the server was not able to give one. All requests of the suite are right: that one is not is a finding. */
  async #try<T>(what: string, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await ask();
      this.#book.count("answered");
      return answer;
    } catch (error) {
      const status = statusOf(error);
      this.#book.count(status === undefined ? "no answer" : String(status));
      if (status !== undefined && status < 500 && status !== 429)
        this.#book.findings.push(`${what} was refused with ${status}: ${String(error)}`);
      return undefined;
    }
  }
}

function waiting(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(ANSWER_MS) };
}

/** Undefined when no answer came. */
function statusOf(error: unknown): number | undefined {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}
