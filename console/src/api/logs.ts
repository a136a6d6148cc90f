import { call } from "./call.ts";

export interface LogEvent {
  /** Epoch ms. */
  readonly timestamp: number;
  readonly message: string;
}

export interface GetLogEvents {
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly startFromHead?: boolean;
  readonly nextToken?: string;
  readonly startTime?: number;
  readonly limit: number;
}

export interface GetLogEventsAnswer {
  readonly events: readonly LogEvent[];
  readonly nextForwardToken: string;
  readonly nextBackwardToken: string;
}

export interface FilterLogEvents {
  readonly logGroupName: string;
  readonly logStreamNames: readonly string[];
  readonly filterPattern: string;
  readonly nextToken?: string;
  readonly limit: number;
}

export interface FilterLogEventsAnswer {
  readonly events: readonly (LogEvent & { readonly eventId: string })[];
  readonly nextToken?: string;
}

interface Calls {
  readonly GetLogEvents: [GetLogEvents, GetLogEventsAnswer];
  readonly FilterLogEvents: [FilterLogEvents, FilterLogEventsAnswer];
}

/** Calls an operation of CloudWatch Logs. */
export function logs<Name extends keyof Calls>(
  operation: Name,
  input: Calls[Name][0],
  signal?: AbortSignal,
): Promise<Calls[Name][1]> {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `Logs_20140328.${operation}` };
  return call("/", "logs", { method: "POST", headers, body: input, ...(signal !== undefined && { signal }) });
}
