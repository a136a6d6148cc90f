import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Admission } from "../access/admission.ts";
import { toApiError } from "../batch/handlers.ts";
import { leaveGate } from "../load/gate.ts";
import { Shares } from "../load/shares.ts";
import { sessionOf } from "../console/session-hooks.ts";
import type { Sessions } from "../access/sessions.ts";
import { callOf } from "../server.ts";
import { ApiError, tooManyRequestsException, validationException } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { KeptEvents } from "../../ports/event-report.ts";
import type { RequestWatch } from "../../ports/server-metrics.ts";
import { rawRequest } from "../wire/raw-request.ts";
import type { EventsBackend } from "./backend.ts";
import { demandReading } from "./demands.ts";
import { Envelopes } from "./envelopes.ts";
import { listEvents } from "./event-list.ts";
import type { EventQuery } from "./event-query.ts";
import { EventParameters, eventQuery, wholeNumber } from "./event-query.ts";
import { EventStream } from "./event-stream.ts";

export interface EventRoutesOptions {
  readonly backend: EventsBackend;
  readonly admission: Admission;
  /** Of people at the console; undefined where nobody signs in. */
  readonly sessions?: Sessions | undefined;
  /** The region of requests that are not signed for one. */
  readonly defaultRegion: string;
  /** Streams that there may be at a time; one account alone gets three quarters. */
  readonly streams: number;
  readonly answerTimeoutMs: number;
  readonly watch?: Pick<RequestWatch, "streamOpened"> | undefined;
}

/** The event log: as it grows, and what is kept of it. Any server of the store answers. */
export function serveEvents(app: FastifyInstance, options: EventRoutesOptions): void {
  const { backend, admission, defaultRegion } = options;
  const envelopes = new Envelopes(backend);
  const streams = new Streams(options, envelopes);
  const callFor = (request: FastifyRequest): Promise<Call> =>
    callOf(rawRequest(request), "longshore", request.id, { admission, defaultRegion });
  app.addHook("preClose", (done) => {
    streams.end();
    done();
  });
  // Without a body there would be nothing to send, for ever.
  app.get("/events", { exposeHeadRoute: false }, async (request, reply) =>
    streams.open(request, reply, await callFor(request)),
  );
  const list = async (request: FastifyRequest): Promise<KeptEvents> => {
    const call = await callFor(request);
    try {
      return await listEvents(backend, envelopes, call, rawRequest(request).search);
    } catch (error) {
      throw toApiError(error);
    }
  };
  app.get("/longshore/events", (request) => list(request));
}

class Streams {
  readonly #options: EventRoutesOptions;
  readonly #envelopes: Envelopes;
  readonly #places: Shares;
  readonly #open = new Set<EventStream>();
  #isClosed = false;

  constructor(options: EventRoutesOptions, envelopes: Envelopes) {
    this.#options = options;
    this.#envelopes = envelopes;
    this.#places = new Shares(options.streams);
  }

  async open(request: FastifyRequest, reply: FastifyReply, call: Call): Promise<FastifyReply> {
    const { backend, answerTimeoutMs } = this.#options;
    const raw = rawRequest(request);
    const parameters = new EventParameters(raw.search, []);
    const query = eventQuery(parameters, call);
    demandReading(call, query.jobQueues);
    const after = placeOf(request, parameters) ?? (await this.#newest());
    if (this.#isClosed) throw new ApiError("ServerException", 503, "The server is stopping.");
    if (!this.#places.take(call.account, 1))
      throw tooManyRequestsException("Too Many Requests: there are as many streams of events as there may be.");
    const stream = new EventStream(reply.raw, {
      ...{ events: backend.events, envelopes: this.#envelopes, clock: backend.clock, query, after, answerTimeoutMs },
      mayGoOn: () => this.#mayGoOn(request, call, query),
    });
    this.#open.add(stream);
    const over = this.#options.watch?.streamOpened();
    // A stream is no request that is being worked on, however long it is open.
    leaveGate(request);
    reply.hijack();
    reply.raw.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // Of proxies that would gather what comes.
      "x-accel-buffering": "no",
      "x-amzn-requestid": request.id,
      "x-content-type-options": "nosniff",
    });
    // Whoever was cut off comes back and goes on where it was.
    void stream
      .run()
      .catch(() => {})
      .finally(() => {
        over?.();
        this.#open.delete(stream);
        this.#places.giveBack(call.account, 1);
      });
    return reply;
  }

  /** Whether whoever asked for a stream would be given it now: with the same session, the same key, and by the policy of that. */
  async #mayGoOn(request: FastifyRequest, { account }: Call, { jobQueues }: EventQuery): Promise<boolean> {
    const { admission, sessions } = this.#options;
    const raw = rawRequest(request);
    const isSessionOver = sessionOf(request) !== undefined && sessions?.of(raw.headers, raw.search) === undefined;
    if (isSessionOver) return false;
    try {
      const now = await admission.readmit(raw);
      demandReading(now, jobQueues);
      return now.account === account;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
  }

  end(): void {
    this.#isClosed = true;
    for (const stream of this.#open) stream.end();
  }

  async #newest(): Promise<number> {
    try {
      return (await this.#options.backend.events.bounds()).last;
    } catch (error) {
      throw toApiError(error);
    }
  }
}

/** Behind which event to go on; a client that comes back says it in the header. */
function placeOf({ headers }: FastifyRequest, parameters: EventParameters): number | undefined {
  const last = headers["last-event-id"];
  if (Array.isArray(last)) throw validationException("Last-Event-ID may be given once.");
  if (last !== undefined && last !== "") return wholeNumber("Last-Event-ID", last, 0, Number.MAX_SAFE_INTEGER);
  return parameters.number("after", Number.MAX_SAFE_INTEGER);
}
