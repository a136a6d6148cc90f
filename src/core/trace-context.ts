import { createHash } from "node:crypto";

/** Where a span belongs, as W3C Trace Context has it. */
export interface TraceContext {
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all 0. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const SAMPLED = 1;
const MAX_LENGTH = 256;

/** Reads a `traceparent`. Undefined for what is none: then it counts as not sent. */
export function readTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length > MAX_LENGTH) return undefined;
  const [, traceId, spanId, flags] = FORM.exec(text.trim()) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

export function traceparentOf({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

/** The trace of a job that nobody's trace is the beginning of: its id without dashes. Of whoever looks for one, each server has the same answer, at any time. */
export function traceIdOf(jobId: string): string {
  const digits = jobId.replaceAll("-", "").toLowerCase();
  return /^(?!0{32})[0-9a-f]{32}$/.test(digits) ? digits : digest(jobId).slice(0, 32);
}

/** @param part of the job: which span it is, "" for the whole. */
export function spanIdOf(jobId: string, part: string): string {
  return digest(`${jobId} ${part}`).slice(0, 16);
}

/** The span of one attempt, which the job's own spans are below. */
export function attemptContext(jobId: string, attemptId: string, parent: TraceContext | undefined): TraceContext {
  return {
    traceId: parent?.traceId ?? traceIdOf(jobId),
    spanId: spanIdOf(jobId, `attempt ${attemptId}`),
    isSampled: parent?.isSampled ?? true,
  };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
