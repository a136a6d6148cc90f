import type { JobEvent } from "../../core/events/event.ts";
import { parseChildId, uuidFrom } from "../../core/ids.ts";
import type { EventEnvelope, JobEventDetail, KeptEvent } from "../../ports/event-report.ts";
import { DETAIL_TYPES } from "../../ports/event-report.ts";
import type { LoggedEvent } from "../../ports/events.ts";
import type { JobRecord, JobSpec } from "../../ports/store.ts";
import { clusterConfigurations } from "../batch/jobs/describe-jobs.ts";
import { jobDetail } from "../batch/jobs/job-detail.ts";
import { findJobs, findJobsWithSpecs } from "../batch/jobs/job-records.ts";
import { serviceJobDetail } from "../batch/services/service-job-detail.ts";
import type { EventsBackend } from "./backend.ts";
import { stateThen } from "./state-then.ts";

type LoggedJobEvent = LoggedEvent & JobEvent;

/** Nobody knows what a job waited for at that time, but the event itself. */
const SILENT = { waitingText: () => undefined };

interface Known {
  readonly job: JobRecord;
  /** For the full view. */
  readonly spec?: JobSpec;
}

/** Events as EventBridge has them: of what is kept of their jobs, with what each event itself says laid over it. */
export class Envelopes {
  readonly #backend: EventsBackend;

  constructor(backend: EventsBackend) {
    this.#backend = backend;
  }

  /** @param isBrief without what DescribeJobs says beside the job's state. */
  async of(events: readonly LoggedEvent[], isBrief: boolean): Promise<KeptEvent[]> {
    const known = await this.#jobsOf(events, isBrief);
    const withSpecs = [...known.values()].flatMap(({ job, spec }) => (spec === undefined ? [] : { job, spec }));
    const clusters = await clusterConfigurations(this.#backend, withSpecs);
    const kept: KeptEvent[] = [];
    for (const event of events) {
      const detail = await this.#detail(event, known, clusters);
      kept.push({ seq: event.seq, kind: event.kind, at: event.at, event: this.#envelope(event, detail) });
    }
    return kept;
  }

  async #jobsOf(events: readonly LoggedEvent[], isBrief: boolean): Promise<ReadonlyMap<string, Known>> {
    const { jobs } = this.#backend.store;
    const byScope = Map.groupBy(events, ({ scope }) => scope);
    const known = new Map<string, Known>();
    for (const [scope, some] of byScope) {
      const ids = [...new Set(some.flatMap(({ jobId }) => jobId ?? []))];
      if (ids.length === 0) continue;
      const found: readonly Known[] = isBrief
        ? (await findJobs(jobs, scope, ids, "any")).map((job) => ({ job }))
        : await findJobsWithSpecs(jobs, scope, ids, "any");
      for (const one of found) known.set(one.job.id, one);
    }
    return known;
  }

  async #detail(
    event: LoggedEvent,
    known: ReadonlyMap<string, Known>,
    configurations: Awaited<ReturnType<typeof clusterConfigurations>>,
  ): Promise<EventEnvelope["detail"]> {
    if (event.kind === "scaling") return { computeEnvironment: event.resource, ...event.facts };
    const found = known.get(event.jobId);
    if (found === undefined) return this.#ofRemoved(event);
    const { spec } = found;
    const job: JobRecord = { ...found.job, state: stateThen(found.job.state, event.facts) };
    if (spec === undefined) return briefDetail(event, job);
    if (job.scheduling.service !== undefined) {
      const { tags: _tags, serviceRequestPayload: _payload, ...detail } = serviceJobDetail(job, spec, SILENT);
      return detail as JobEventDetail;
    }
    const context = {
      ...{ scheduler: SILENT, clock: { now: () => event.at } },
      cluster: { nodeName: this.#backend.machine.hostName, configurations },
    };
    return jobDetail(job, spec, context) as JobEventDetail;
  }

  /** Of a job that is not there any more. */
  async #ofRemoved(event: LoggedJobEvent): Promise<JobEventDetail> {
    const submission = await this.#backend.events.submissionOf(event.jobId);
    return {
      ...head(event),
      jobName: submission?.name ?? "",
      ...(submission !== undefined && { createdAt: submission.at }),
      ...arrayPlace(event.jobId),
      attempts: event.facts.last === undefined ? [] : [shownAttempt(event.facts.last)],
    };
  }

  #envelope(event: LoggedEvent, detail: EventEnvelope["detail"]): EventEnvelope {
    const { seq, at, scope, kind } = event;
    const [account = "", region = ""] = scope.split("/");
    return {
      version: "0",
      id: uuidFrom(`${this.#backend.store.clusterId} event ${seq}`),
      "detail-type": DETAIL_TYPES[kind],
      source: kind === "scaling" ? "longshore" : "aws.batch",
      account,
      time: new Date(at).toISOString().replace(/\.\d+Z$/, "Z"),
      region,
      resources: resourcesOf(event),
      detail,
    };
  }
}

function resourcesOf(event: LoggedEvent): string[] {
  if (event.kind === "scaling") return [event.resource];
  return event.kind === "blocked" ? [jobArnOf(event), event.resource] : [jobArnOf(event)];
}

function jobArnOf({ kind, scope, jobId }: LoggedJobEvent): string {
  const [account, region] = scope.split("/");
  const type = kind === "service-job" || kind === "service-blocked" ? "service-job" : "job";
  return `arn:aws:batch:${region}:${account}:${type}/${jobId}`;
}

function head(event: LoggedJobEvent) {
  const { jobId, resource, facts } = event;
  return {
    ...{ jobArn: jobArnOf(event), jobId, jobQueue: resource, status: facts.status },
    ...(facts.reason !== undefined && { statusReason: facts.reason }),
    ...(facts.startedAt !== undefined && { startedAt: facts.startedAt }),
    ...(facts.stoppedAt !== undefined && { stoppedAt: facts.stoppedAt }),
  };
}

function arrayPlace(jobId: string): Pick<JobEventDetail, "arrayProperties"> {
  const child = parseChildId(jobId);
  return child === undefined ? {} : { arrayProperties: { index: child.index } };
}

function briefDetail(event: LoggedJobEvent, job: JobRecord): JobEventDetail {
  const size = job.parent === undefined ? job.scheduling.arraySize : undefined;
  return {
    ...head(event),
    jobName: job.name,
    createdAt: job.createdAt,
    ...arrayPlace(job.id),
    ...(size !== undefined && { arrayProperties: { size } }),
    attempts: job.state.attempts.map(shownAttempt),
  };
}

function shownAttempt({
  startedAt,
  stoppedAt,
  statusReason,
  exitCode,
  reason,
}: NonNullable<JobEvent["facts"]["last"]>) {
  return {
    container: { ...(exitCode !== undefined && { exitCode }), ...(reason !== undefined && { reason }) },
    ...(startedAt !== undefined && { startedAt }),
    ...(stoppedAt !== undefined && { stoppedAt }),
    ...(statusReason !== undefined && { statusReason }),
  };
}
