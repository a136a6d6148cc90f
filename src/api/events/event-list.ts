import type { KeptEvents } from "../../ports/event-report.ts";
import type { EventPage, LoggedEvent } from "../../ports/events.ts";
import { scopeOf } from "../batch/names.ts";
import type { Call } from "../wire/operations.ts";
import { demandReading } from "./demands.ts";
import type { EventsBackend } from "./backend.ts";
import type { Envelopes } from "./envelopes.ts";
import { EventParameters, eventQuery } from "./event-query.ts";

const USUAL_LIMIT = 100;
const MOST = 1_000;
/** Pages of the log that one request looks at. */
const MOST_PAGES = 10;

/** What is kept, the newest first. */
export async function listEvents(
  backend: EventsBackend,
  envelopes: Envelopes,
  call: Call,
  search: string,
): Promise<KeptEvents> {
  const parameters = new EventParameters(search, ["before", "limit", "resource"]);
  const query = eventQuery(parameters, call);
  const resource = parameters.one("resource");
  const limit = parameters.number("limit", MOST, 1) ?? USUAL_LIMIT;
  const after = parameters.number("after", Number.MAX_SAFE_INTEGER) ?? 0;
  let before = parameters.number("before", Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER;
  demandReading(call, query.jobQueues);
  const found: LoggedEvent[] = [];
  for (let pages = 0; pages < MOST_PAGES && found.length < limit && before > after + 1; pages += 1) {
    const page = await read(backend, query.filter, resource, { scope: scopeOf(call), before, limit: limit });
    const some = page.events.filter((event) => event.seq > after && isOfKinds(event) && query.matches(event));
    const taken = some.slice(0, limit - found.length);
    found.push(...taken);
    before = taken.length < some.length ? taken.at(-1)!.seq : page.lookedTo;
  }
  return {
    events: await envelopes.of(found, query.isBrief),
    ...(before > after + 1 && { nextBefore: before }),
  };

  function isOfKinds({ kind }: LoggedEvent): boolean {
    return query.filter.kinds === undefined || query.filter.kinds.includes(kind);
  }
}

interface Place {
  readonly scope: string;
  readonly before: number;
  readonly limit: number;
}

const JOB_ARN = /^arn:[^:]*:batch:[^:]*:[^:]*:(?:service-)?job\/(.+)$/;

function read(
  { events }: EventsBackend,
  filter: ReturnType<typeof eventQuery>["filter"],
  resource: string | undefined,
  { scope, before, limit }: Place,
): Promise<EventPage> {
  if (resource === undefined) return events.before(before, limit, filter);
  const jobId = JOB_ARN.exec(resource)?.[1];
  return jobId === undefined
    ? events.ofResource(scope, resource, before, limit)
    : events.ofJob(scope, jobId, before, limit);
}
