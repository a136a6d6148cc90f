import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { BatchClient, JobDetail, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import {
  DescribeJobQueuesCommand,
  DescribeJobsCommand,
  ListJobsCommand,
  SubmitJobCommand,
} from "@aws-sdk/client-batch";
import type { CrashPoint } from "../../src/ports/crash-points.ts";
import { batchClient } from "../support/clients.ts";
import { allEnded, ended, untilStatus } from "../support/jobs.ts";
import { processesOf } from "../support/leftovers.ts";
import { until } from "../support/until.ts";
import type { Ledger } from "./ledger.ts";
import type { ServerProcess } from "./server.ts";
import { ServerFailed } from "./server.ts";

/** How a job that was acknowledged must end. `either`: it was to be stopped, and nobody has said that it will be; it may have begun or not. */
export interface Expected {
  readonly status: "SUCCEEDED" | "FAILED" | "either";
  readonly statusReason?: string | RegExp;
  /** What must be in the ledger, as `began ID NUMBER` each: by default the first attempt of the job itself. */
  readonly began?: (jobId: string) => readonly string[];
}

/** What one round asks of the server. */
export interface Round {
  /** `POINT:N`. */
  readonly name: string;
  readonly batch: BatchClient;
  readonly url: string;
  /** A file of this round, for jobs that wait until the round is over. */
  readonly go: string;
  /** Returns the job's id when it was acknowledged. */
  submit(job: Partial<SubmitJobCommandInput>, expected: Expected): Promise<string>;
  /** A request about the job was acknowledged: from now on it must end like that. */
  expect(jobId: string, expected: Expected): void;
  /** It runs, and has noted that it has begun. Rejects when the server dies before it says that it runs. */
  untilBegan(jobId: string): Promise<void>;
}

const DEADLINE_MS = 20_000;
const PER_REQUEST = 100;
const MORE_JOBS_MAX = 100;

/**
 * Servers one after the other on one data directory. Each dies at its crash point under a small mixed workload; the next one finds what it left, and dies at
 * another. What was acknowledged is compared with what jobs note themselves.
 */
export class CrashRounds {
  readonly #t: TestContext;
  readonly #server: ServerProcess;
  readonly #ledger: Ledger;
  readonly #expected = new Map<string, Expected & { readonly round: string }>();
  readonly #terminal = new Map<string, string>();
  #rounds = 0;
  #batch: BatchClient;

  constructor(t: TestContext, server: ServerProcess, ledger: Ledger) {
    this.#t = t;
    this.#server = server;
    this.#ledger = ledger;
    this.#batch = batchClient(t, server.url);
  }

  /** Dies at `point` when it comes there for the `nth` time, or the test fails. */
  async round(point: CrashPoint, nth: number, workload: (round: Round) => Promise<unknown>): Promise<void> {
    const round = this.#next(`${point}:${nth}`);
    try {
      await this.#server.start(0, round.name);
    } catch (error) {
      // What is done before it is ready is done to what the last round left.
      if (error instanceof ServerFailed && error.signal === "SIGKILL") return;
      throw error;
    }
    this.#batch = batchClient(this.#t, this.#server.url);
    const gone = this.#server.gone();
    const failed = this.#work(round, workload).then(
      () => new Promise<never>(() => {}),
      (error: unknown) => error,
    );
    const ended = await Promise.race([
      gone.then((signal) => ({ signal })),
      this.#failedAlive(failed),
      tooLong(round.name),
    ]);
    assert.equal(ended.signal, "SIGKILL", round.name);
  }

  /** The last server goes on without a crash, until all is over and nothing is left. Resolves before it is stopped. */
  async settle(): Promise<void> {
    this.#next("the last server");
    await this.#server.start();
    this.#batch = batchClient(this.#t, this.#server.url);
    await this.#checkKnown();
    const jobs = await allEnded(this.#batch, [...this.#expected.keys()]);
    for (const job of jobs) this.#check(job);
    const { jobQueues = [] } = await this.#batch.send(new DescribeJobQueuesCommand({}));
    for (const { jobQueueName } of jobQueues) await allEnded(this.#batch, await openJobs(this.#batch, jobQueueName!));
    await this.#checkKnown();
    const lines = this.#ledger.lines();
    assert.deepEqual(duplicates(lines), [], "an attempt ran twice");
    for (const [jobId, { status, began = once, round }] of this.#expected) {
      const own = lines.filter((line) => line.startsWith(`began ${jobId}`));
      if (status === "either" && own.length === 0) continue;
      assert.deepEqual(
        own.toSorted(),
        began(jobId)
          .map((id) => `began ${id}`)
          .toSorted(),
        `${round}: ${jobId}`,
      );
    }
  }

  /** Of plain processes: neither directories nor journals, nor processes. The server was stopped. */
  async nothingIsLeft(): Promise<void> {
    const { dataDir } = this.#server;
    const attempts = join(dataDir, "attempts");
    const names = existsSync(attempts) ? readdirSync(attempts) : [];
    // Scripts of runners that died are removed after a minute.
    assert.deepEqual(
      names.filter((name) => !name.startsWith("runner-")),
      [],
    );
    await until("no process is left", () => processesOf(dataDir).length === 0);
  }

  /** Jobs of the round before wait no longer. */
  #next(name: string) {
    const directory = this.#ledger.directory;
    if (this.#rounds > 0) writeFileSync(join(directory, `go-${this.#rounds}`), "");
    this.#rounds += 1;
    return { name, go: `$LEDGER/go-${this.#rounds}` };
  }

  async #work({ name, go }: { name: string; go: string }, workload: (round: Round) => Promise<unknown>): Promise<void> {
    const [batch, url] = [this.#batch, this.#server.url];
    const expect = (jobId: string, expected: Expected): void =>
      void this.#expected.set(jobId, { ...this.#expected.get(jobId), ...expected, round: name });
    const submit: Round["submit"] = async (job, expected) => {
      const input = { jobName: name.replace(/\W/g, "-"), jobQueue: "default", jobDefinition: "noted", ...job };
      const { jobId } = await batch.send(new SubmitJobCommand(input));
      expect(jobId!, expected);
      return jobId!;
    };
    await this.#checkKnown();
    const untilBegan = async (jobId: string): Promise<void> => {
      await untilStatus(batch, jobId, "RUNNING");
      await this.#ledger.untilLines(`${jobId} has begun`, (lines) => lines.includes(`began ${jobId} 1`));
    };
    await workload({ name, batch, url, go, submit, expect, untilBegan });
    // A busy server does several things in one commit or tick: it comes there later.
    for (let more = 0; more < MORE_JOBS_MAX; more += 1) {
      await ended(batch, await submit({}, { status: "SUCCEEDED", began: never }));
    }
  }

  /** An error while the server lives is one; when it has died it is what was to come. */
  async #failedAlive(failed: Promise<unknown>): Promise<never> {
    const error = await failed;
    await Promise.race([this.#server.gone(), new Promise((resolve) => setTimeout(resolve, 2_000))]);
    throw error;
  }

  /** Every acknowledged job is there, and none that was over has become anything else. */
  async #checkKnown(): Promise<void> {
    const ids = [...this.#expected.keys()];
    const jobs: JobDetail[] = [];
    for (let from = 0; from < ids.length; from += PER_REQUEST) {
      const page = await this.#batch.send(new DescribeJobsCommand({ jobs: ids.slice(from, from + PER_REQUEST) }));
      jobs.push(...page.jobs!);
    }
    assert.equal(jobs.length, ids.length, "an acknowledged job is missing");
    for (const job of jobs) {
      if (job.status !== "SUCCEEDED" && job.status !== "FAILED") continue;
      const now = JSON.stringify(job);
      assert.equal(now, this.#terminal.get(job.jobId!) ?? now);
      this.#terminal.set(job.jobId!, now);
    }
  }

  #check(job: JobDetail): void {
    const { status, statusReason = /^/, round } = this.#expected.get(job.jobId!)!;
    const what = `${round}: ${JSON.stringify(job)}`;
    if (status !== "either") assert.equal(job.status, status, what);
    if (typeof statusReason === "string") assert.equal(job.statusReason, statusReason, what);
    else assert.match(job.statusReason ?? "", statusReason, what);
  }
}

/** Also those whose submission was not acknowledged. */
export async function openJobs(batch: BatchClient, jobQueue: string): Promise<string[]> {
  const open: string[] = [];
  for (const jobStatus of ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"] as const) {
    const { jobSummaryList = [] } = await batch.send(new ListJobsCommand({ jobQueue, jobStatus }));
    open.push(...jobSummaryList.map(({ jobId }) => jobId!));
  }
  return open;
}

export const once = (jobId: string): string[] => [`${jobId} 1`];
export const never = (): string[] => [];

function duplicates(lines: readonly string[]): string[] {
  return lines.filter((line, index) => lines.indexOf(line) !== index);
}

function tooLong(name: string): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The server did not die at ${name}: it was never there`)),
      DEADLINE_MS,
    );
    timer.unref();
  });
}
