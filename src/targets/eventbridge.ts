import type { Clock } from "../ports/clock.ts";
import type { EventEnvelope } from "../ports/event-report.ts";
import type { AwsCredentials } from "../ports/role-credentials.ts";
import type { Refusal, Sender } from "./sender.ts";
import { DeliveryFailed, post } from "./sender.ts";

export interface EventBridgeOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly eventBusName: string;
  /** In place of `aws.batch`: AWS lets nobody else send events of a source that begins with `aws.`. */
  readonly source: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** PutEvents takes so much at a time. */
const MOST_ENTRIES = 10;
const MOST_BYTES = 240_000;

/** Sends events to an event bus with PutEvents, signed as AWS's own clients do. */
export function eventBridge(options: EventBridgeOptions): Sender {
  const { endpoint, eventBusName, timeoutMs, clock } = options;
  return {
    type: "eventbridge",
    to: `${new URL(endpoint).origin} ${eventBusName}`,
    mostEvents: MOST_ENTRIES,
    mostBytes: MOST_BYTES,
    async send(events, signal) {
      const body = JSON.stringify({ Entries: events.map((event) => entry(event, options)) });
      const headers = await signed(body, options);
      return refusals(await post(endpoint, { headers, body, timeoutMs, clock, signal }), events.length);
    },
  };
}

function entry(event: EventEnvelope, { eventBusName, source }: EventBridgeOptions): object {
  return {
    // PutEvents takes seconds since the epoch.
    Time: Math.floor(Date.parse(event.time) / 1000),
    Source: event.source === "aws.batch" ? source : event.source,
    Resources: event.resources,
    DetailType: event["detail-type"],
    // The bus gives each event an id of its own: this one tells doubles.
    Detail: JSON.stringify({ ...event.detail, longshoreEventId: event.id }),
    EventBusName: eventBusName,
  };
}

async function signed(body: string, { endpoint, region, credentials, clock }: EventBridgeOptions) {
  const [{ SignatureV4 }, { HttpRequest }, { Sha256 }] = await Promise.all([
    import("@smithy/signature-v4"),
    import("@smithy/core/protocols"),
    import("@smithy/core/checksum"),
  ]);
  const { accessKeyId, secretAccessKey, sessionToken } = await credentials().catch((error: unknown) => {
    throw new DeliveryFailed(error instanceof Error ? error.message : String(error));
  });
  const identity = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  const signer = new SignatureV4({ service: "events", region, credentials: identity, sha256: Sha256 });
  const url = new URL(endpoint);
  const headers = {
    host: url.host,
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "AWSEvents.PutEvents",
  };
  const request = new HttpRequest({ method: "POST", path: url.pathname, headers, body });
  return (await signer.sign(request, { signingDate: new Date(clock.now()) })).headers;
}

interface Answer {
  readonly FailedEntryCount?: number;
  readonly Entries?: readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[];
}

function refusals(text: string, sent: number): Refusal[] {
  const answer = parsed(text);
  if (!Array.isArray(answer.Entries) || answer.Entries.length !== sent)
    throw new DeliveryFailed("its answer is none of PutEvents");
  return answer.Entries.flatMap(({ ErrorCode, ErrorMessage }, index) =>
    ErrorCode === undefined || ErrorCode === null
      ? []
      : [{ index, problem: `${ErrorCode}: ${ErrorMessage ?? ""}`.slice(0, 500) }],
  );
}

function parsed(text: string): Answer {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
