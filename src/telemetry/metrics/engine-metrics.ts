import type { Registry } from "prom-client";
import { Counter, Histogram } from "prom-client";
import type { Attempt } from "../../core/job.ts";
import { isOfThisMachine } from "../../core/driver-name.ts";
import type { Flow } from "../../core/status-counts.ts";
import type { EngineObserver } from "../../ports/observer.ts";
import type { AttemptEnded, AttemptWatcher, Began, Placed } from "../attempt-watch.ts";
import type { ResourceNames } from "./resource-labels.ts";

/** Seconds: what people wait for, from at once to days. */
const WAITS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];
const STARTS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const TICKS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the engine does, counted while this server leads. */
export class EngineMetrics implements Pick<EngineObserver, "ticked">, AttemptWatcher {
  readonly #queues: ResourceNames;
  readonly #submitted;
  readonly #ended;
  readonly #wait;
  readonly #start;
  readonly #attemptsStarted;
  readonly #attemptsEnded;
  readonly #tick;
  readonly #failedTicks;
  readonly #commit;

  constructor(registry: Registry, queues: ResourceNames) {
    this.#queues = queues;
    const registers = [registry];
    const ofQueue = ["account", "region", "queue"] as const;
    this.#submitted = new Counter({
      name: "longshore_jobs_submitted_total",
      help: "Jobs that came, children of arrays one by one.",
      ...{ labelNames: ofQueue, registers },
    });
    this.#ended = new Counter({
      name: "longshore_jobs_ended_total",
      help: "Jobs that ended, by their last status.",
      ...{ labelNames: [...ofQueue, "status"], registers },
    });
    this.#wait = new Histogram({
      name: "longshore_job_wait_seconds",
      help: "From RUNNABLE to STARTING, of each attempt.",
      ...{ labelNames: ofQueue, buckets: WAITS, registers },
    });
    this.#start = new Histogram({
      name: "longshore_job_start_seconds",
      help: "From STARTING to RUNNING, of each attempt.",
      ...{ buckets: STARTS, registers },
    });
    this.#attemptsStarted = new Counter({
      name: "longshore_attempts_started_total",
      help: "Attempts that were given a place, by the driver that runs them.",
      ...{ labelNames: ["driver"], registers },
    });
    this.#attemptsEnded = new Counter({
      name: "longshore_attempts_ended_total",
      help: "Attempts that ended: succeeded, failed, stopped, or never_ran.",
      ...{ labelNames: ["result"], registers },
    });
    this.#tick = new Histogram({
      name: "longshore_tick_duration_seconds",
      help: "One round of the scheduler, with its commit and all that followed from it.",
      ...{ buckets: TICKS, registers },
    });
    this.#failedTicks = new Counter({
      name: "longshore_ticks_failed_total",
      help: "Rounds of the scheduler that failed and were begun anew.",
      registers,
    });
    this.#commit = new Histogram({
      name: "longshore_commit_duration_seconds",
      help: "The commit of a round of the scheduler.",
      ...{ buckets: TICKS, registers },
    });
  }

  ticked({ tookMs, commitMs, hasFailed }: Parameters<EngineObserver["ticked"]>[0]): void {
    this.#tick.observe(tookMs / 1000);
    if (hasFailed) this.#failedTicks.inc();
    if (commitMs !== undefined) this.#commit.observe(commitMs / 1000);
  }

  flowed(flows: ReadonlyMap<string, Readonly<Flow>>): void {
    for (const [queueArn, { submitted, succeeded, failed }] of flows) {
      const labels = this.#labels(queueArn);
      if (submitted > 0) this.#submitted.inc(labels, submitted);
      if (succeeded > 0) this.#ended.inc({ ...labels, status: "SUCCEEDED" }, succeeded);
      if (failed > 0) this.#ended.inc({ ...labels, status: "FAILED" }, failed);
    }
  }

  placed({ queueArn, at, runnableSince, driver }: Placed): void {
    this.#attemptsStarted.inc({ driver: isOfThisMachine(driver) ? driver : "host" });
    if (runnableSince !== undefined) this.#wait.observe(this.#labels(queueArn), Math.max(0, at - runnableSince) / 1000);
  }

  began({ at, placedAt }: Began): void {
    if (placedAt !== undefined) this.#start.observe(Math.max(0, at - placedAt) / 1000);
  }

  attemptEnded({ attempt }: AttemptEnded): void {
    this.#attemptsEnded.inc({ result: resultOf(attempt) });
  }

  #labels(queueArn: string): { account: string; region: string; queue: string } {
    const { account, region, name } = this.#queues.of(queueArn);
    return { account, region, queue: name };
  }
}

function resultOf({ startedAt, exitCode, stopping }: Attempt): string {
  if (stopping !== undefined) return "stopped";
  if (startedAt === undefined) return "never_ran";
  return exitCode === 0 ? "succeeded" : "failed";
}
