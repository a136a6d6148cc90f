import type { EventKind, ScalingFacts } from "../core/events/event.ts";

/** An event as EventBridge has it. */
export interface EventEnvelope {
  readonly version: "0";
  /** The same each time that the event is told. */
  readonly id: string;
  readonly "detail-type": DetailType;
  readonly source: "aws.batch" | "longshore";
  readonly account: string;
  /** ISO 8601, UTC, to the second, as AWS writes it. */
  readonly time: string;
  readonly region: string;
  /** ARNs. */
  readonly resources: readonly string[];
  readonly detail: JobEventDetail | ScalingEventDetail;
}

export const DETAIL_TYPES = {
  job: "Batch Job State Change",
  "service-job": "Batch Service Job State Change",
  blocked: "Batch Job Queue Blocked",
  "service-blocked": "Batch Service Job Queue Blocked",
  scaling: "Longshore Scaling Activity",
} as const satisfies Record<EventKind, string>;

export type DetailType = (typeof DETAIL_TYPES)[EventKind];

/** What both views say of a job, as of the event; the full one has all that DescribeJobs says. Times are epoch ms. */
export interface JobEventDetail {
  readonly jobArn: string;
  readonly jobId: string;
  readonly jobName: string;
  /** ARN. */
  readonly jobQueue: string;
  readonly status: string;
  readonly statusReason?: string | undefined;
  readonly createdAt?: number | undefined;
  readonly startedAt?: number | undefined;
  readonly stoppedAt?: number | undefined;
  readonly arrayProperties?: { readonly index?: number | undefined; readonly size?: number | undefined } | undefined;
  readonly attempts?: readonly object[] | undefined;
}

export interface ScalingEventDetail extends ScalingFacts {
  /** ARN. */
  readonly computeEnvironment: string;
}

/** What `GET /longshore/events` answers. */
export interface KeptEvents {
  /** The newest first. */
  readonly events: readonly KeptEvent[];
  /** To be given as `before` to see more; absent when there are no more. */
  readonly nextBefore?: number;
}

export interface KeptEvent {
  /** Its place in the log: the `id` of the stream. */
  readonly seq: number;
  /** The stream's `event`. */
  readonly kind: EventKind;
  /** When it happened, epoch ms: the envelope tells it to the second. */
  readonly at: number;
  readonly event: EventEnvelope;
}
