import type { Attempt } from "../../core/job.ts";
import type { TraceContext } from "../../core/trace-context.ts";
import { attemptContext, spanIdOf, traceIdOf } from "../../core/trace-context.ts";
import type { JobRecord } from "../../ports/store.ts";

/** A span that is over. Times are epoch ms. */
export interface EndedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: TraceContext;
  readonly link?: TraceContext;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly attributes: Readonly<Record<string, string | number | readonly string[]>>;
  readonly events: readonly { readonly at: number; readonly name: string; readonly reason?: string }[];
  /** Why it is an error. */
  readonly error?: string;
}

/** What was seen of a job while it was not over, and is in no record. */
export interface Notes {
  readonly runnableSince?: number;
  /** By attempt. */
  readonly placedAt: ReadonlyMap<string, number>;
  /** What kept it waiting, in order. */
  readonly reasons: readonly { readonly at: number; readonly reason: string }[];
}

export const NO_NOTES: Notes = { placedAt: new Map(), reasons: [] };

/**
 * The spans of a job that is over: the whole, its waiting, each attempt with its start and its run. What nobody saw, because no server led or another one did,
 * is left out: then an attempt begins with its run.
 *
 * @param submitted the context in which it was submitted.
 */
export function spansOf(
  job: JobRecord,
  notes: Notes,
  submitted: TraceContext | undefined,
  endedAt: number,
): EndedSpan[] {
  const { id, state, parent } = job;
  const traceId = submitted?.traceId ?? traceIdOf(id);
  const isSampled = submitted?.isSampled ?? true;
  const whole = { traceId, spanId: spanIdOf(id, ""), isSampled };
  const to = Math.max(job.createdAt, state.stoppedAt ?? endedAt);
  const reason = state.statusReason;
  const root: EndedSpan = {
    ...{ traceId, spanId: whole.spanId, name: `job ${job.name}`, from: job.createdAt, to, events: [] },
    ...(submitted !== undefined && { parent: submitted }),
    ...(parent !== undefined && {
      link: { traceId: submitted?.traceId ?? traceIdOf(parent.id), spanId: spanIdOf(parent.id, ""), isSampled },
    }),
    attributes: {
      "longshore.job.id": id,
      "longshore.job.name": job.name,
      "longshore.job.queue": nameOf(job.queueArn),
      "longshore.job.definition": nameOf(job.definitionArn),
      "longshore.job.status": state.status,
      "longshore.job.attempts": state.attempts.length,
      ...(reason !== undefined && { "longshore.job.status_reason": reason }),
      ...(job.shareIdentifier !== undefined && { "longshore.job.share": job.shareIdentifier }),
      ...(parent !== undefined && { "longshore.job.array_index": parent.index, "longshore.job.array": parent.id }),
      ...(job.scheduling.arraySize !== undefined &&
        parent === undefined && { "longshore.job.array_size": job.scheduling.arraySize }),
    },
    ...(state.status === "FAILED" && { error: reason ?? "FAILED" }),
  };
  return [root, ...belowRoot(job, notes, whole, to)];
}

function belowRoot(job: JobRecord, notes: Notes, whole: TraceContext, to: number): EndedSpan[] {
  const spans: EndedSpan[] = [];
  let waitsFrom = job.createdAt;
  for (const [index, attempt] of job.state.attempts.entries()) {
    const began = notes.placedAt.get(attempt.id) ?? attempt.startedAt ?? attempt.stoppedAt ?? to;
    spans.push(waiting(job, notes, whole, { number: index + 1, from: waitsFrom, to: began }));
    spans.push(...attemptSpans(job, notes, whole, { attempt, number: index + 1, from: began, to }));
    waitsFrom = attempt.stoppedAt ?? to;
  }
  const isArray = job.scheduling.arraySize !== undefined && job.parent === undefined;
  if (spans.length === 0 && !isArray) spans.push(waiting(job, notes, whole, { number: 1, from: waitsFrom, to }));
  return spans;
}

interface Stretch {
  /** Of the attempt, from 1. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

function waiting(job: JobRecord, notes: Notes, parent: TraceContext, { number, from, to }: Stretch): EndedSpan {
  const isWithin = ({ at }: { readonly at: number }): boolean => at >= from && at <= to;
  const runnable = notes.runnableSince === undefined ? [] : [{ at: notes.runnableSince, name: "runnable" }];
  const reasons = notes.reasons.map(({ at, reason }) => ({ at, name: "waits", reason }));
  return {
    ...{ traceId: parent.traceId, spanId: spanIdOf(job.id, `waiting ${number}`), parent, name: "waiting" },
    ...{ from, to: Math.max(from, to), attributes: {} },
    events: [...runnable, ...reasons].filter(isWithin).sort((a, b) => a.at - b.at),
  };
}

function attemptSpans(
  job: JobRecord,
  notes: Notes,
  whole: TraceContext,
  { attempt, number, from, to }: Stretch & { readonly attempt: Attempt },
): EndedSpan[] {
  const self = attemptContext(job.id, attempt.id, whole);
  const end = Math.max(from, attempt.stoppedAt ?? to);
  const placedAt = notes.placedAt.get(attempt.id);
  const part = (name: string, begin: number, until: number): EndedSpan => ({
    ...{ traceId: self.traceId, spanId: spanIdOf(job.id, `${name} ${attempt.id}`), parent: self, name },
    ...{ from: begin, to: Math.max(begin, until), attributes: {}, events: [] },
  });
  return [
    {
      ...{ traceId: self.traceId, spanId: self.spanId, parent: whole, name: `attempt ${number}` },
      ...{ from, to: end, attributes: attributesOf(attempt, number), events: [] },
      ...(hasFailed(attempt) && { error: attempt.reason ?? attempt.statusReason ?? `exit code ${attempt.exitCode}` }),
    },
    ...(placedAt === undefined ? [] : [part("starting", placedAt, attempt.startedAt ?? end)]),
    ...(attempt.startedAt === undefined ? [] : [part("running", attempt.startedAt, end)]),
  ];
}

function hasFailed({ exitCode, stopping }: Attempt): boolean {
  return stopping !== undefined || exitCode !== 0;
}

function attributesOf(attempt: Attempt, number: number): EndedSpan["attributes"] {
  const { exitCode, instanceIds, logStreamName, statusReason, usage } = attempt;
  return {
    "longshore.attempt.id": attempt.id,
    "longshore.attempt.number": number,
    "longshore.attempt.driver": attempt.driver,
    "longshore.attempt.environment": nameOf(attempt.environmentArn),
    ...(exitCode !== undefined && { "process.exit.code": exitCode }),
    ...(instanceIds !== undefined && { "longshore.attempt.instances": instanceIds }),
    ...(logStreamName !== undefined && { "longshore.attempt.log_stream": logStreamName }),
    ...(statusReason !== undefined && { "longshore.attempt.status_reason": statusReason }),
    ...(usage?.cpuMs !== undefined && { "longshore.attempt.cpu_seconds": usage.cpuMs / 1000 }),
  };
}

function nameOf(arn: string): string {
  return arn.slice(arn.indexOf("/") + 1);
}
