import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../ports/clock.ts";
import { ApiError, tooManyRequestsException } from "../wire/errors.ts";
import { splitUrl } from "../wire/raw-request.ts";
import { AnswersInTime } from "./answers-in-time.ts";
import { HeldBytes } from "./held-bytes.ts";
import type { LoadLimits } from "./limits.ts";
import { bodyLimitBytes } from "./limits.ts";
import { Shares } from "./shares.ts";
import { Turns } from "./turns.ts";

export interface GateOptions {
  readonly limits: LoadLimits;
  readonly clock: Clock;
  /** The part of the heap that is in use, from 0 to 1. */
  readonly heapUsed: () => number;
  /** On whose account a request is to be counted, as it says itself: nothing is verified yet. */
  readonly accountOf: (request: FastifyRequest) => string | Promise<string>;
  /** The answer to be sent in place of another one that there is no room for. */
  readonly refusalOf: (request: FastifyRequest, error: ApiError) => { status: number; headers: object; body: Buffer };
}

/** These tell others how the server is, under load most of all. */
const UNLIMITED: ReadonlySet<string> = new Set(["/healthz", "/readyz"]);

/** A little more, and the process ends. The other limits keep that from happening: this one is for what they do not count. */
const HEAP_FULL = 0.95;

type Done = (error?: Error) => void;

interface Admitted {
  readonly account: string;
  readonly held: HeldBytes;
  /** It does not count among the requests any more. */
  readonly leave: () => void;
}

/** Kept by the request itself: of maps with keys that come and go so fast, the collection costs more than all else here. */
const ADMITTED = Symbol("admitted");
type Carrier = FastifyRequest & { [ADMITTED]?: Admitted };

function admitted(request: Carrier): Admitted | undefined {
  return request[ADMITTED];
}

/** The answer to this request is a stream, which may be open for days: whoever sends it has limits of its own. */
export function leaveGate(request: FastifyRequest): void {
  admitted(request)?.leave();
}

/**
 * Stands before all that a request can cost: it counts requests, and the bytes of bodies and answers, of each account and of all together, and
 * answers 429 before a byte of the body is read when there is no room. What has come in begins in turns.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #requests: Shares;
  readonly #bytes: Shares;
  readonly #turns: Turns;
  readonly #answers: AnswersInTime;

  constructor(options: GateOptions) {
    this.#options = options;
    const { limits, clock } = options;
    this.#requests = new Shares(limits.requests);
    this.#bytes = new Shares(limits.heldBytes);
    this.#turns = new Turns(clock);
    this.#answers = new AnswersInTime(clock, limits.answerTimeoutMs);
  }

  /** To be called behind the hooks that cost nothing and before all others. */
  standBefore(app: FastifyInstance): void {
    app.decorateRequest(ADMITTED, undefined);
    app.addHook("onRequest", (request, reply, done) => {
      if (UNLIMITED.has(splitUrl(request).path)) return done();
      const account = this.#options.accountOf(request);
      if (typeof account === "string") this.#admit(account, request, reply, done);
      else account.then((name) => this.#admit(name, request, reply, done), done);
    });
    app.addHook("preParsing", (request, reply, payload, done) => {
      if (request.headers.expect !== undefined && request.raw.httpVersion !== "1.0") reply.raw.writeContinue();
      const isCounted = request.headers["transfer-encoding"] !== undefined;
      const held = isCounted ? admitted(request)?.held : undefined;
      if (held === undefined) return done(null, payload);
      const limitBytes = limitOf(request);
      const counting = { limitBytes, tooLarge: () => tooLarge(limitBytes), full: tooManyBytes };
      done(null, held.counted(payload as Readable, counting));
    });
    app.addHook("preHandler", (request, reply, done) => {
      const account = admitted(request)?.account;
      if (account === undefined) return done();
      // Nobody waits for what a client asked that has left.
      this.#turns.enter(account, () => (reply.raw.destroyed ? undefined : done()));
    });
    app.addHook("onSend", (request, reply, payload, done) => {
      this.#answers.sending(reply.raw);
      if (admitted(request) === undefined) reply.raw.once("close", () => this.#answers.gone(reply.raw));
      done(null, this.#bounded(request, reply, payload));
    });
    app.addHook("onClose", (_app, done) => {
      this.#answers.close();
      done();
    });
  }

  #admit(account: string, request: FastifyRequest, reply: FastifyReply, done: Done): void {
    // Who has left while it was asked whose account it is will not be heard of again.
    if (request.raw.socket.destroyed) return;
    const bytes = Number(request.headers["content-length"] ?? 0);
    const limitBytes = limitOf(request);
    if (bytes > limitBytes) return this.#refuse(tooLarge(limitBytes), request, reply, done);
    const held = new HeldBytes(this.#bytes, account);
    const isTaken = this.#options.heapUsed() < HEAP_FULL && this.#requests.take(account, 1);
    if (!isTaken) return this.#refuse(tooManyRequests(), request, reply, done);
    let isIn = true;
    const leave = (): void => {
      if (isIn) this.#requests.giveBack(account, 1);
      isIn = false;
    };
    (request as Carrier)[ADMITTED] = { account, held, leave };
    // Unlike onResponse, this comes for aborted requests too, and once.
    reply.raw.on("close", () => {
      leave();
      held.release();
      this.#answers.gone(reply.raw);
    });
    if (!held.hold(bytes)) return this.#refuse(tooManyBytes(), request, reply, done);
    done();
  }

  #refuse(error: ApiError, request: FastifyRequest, reply: FastifyReply, done: Done): void {
    // Who waits to be told whether to send the body does not send it now: what comes next would be taken for it.
    if (request.headers.expect !== undefined) reply.header("connection", "close");
    this.#turns.refuse(() => done(error));
  }

  /** An answer that there is no memory for is not kept: who asked can ask again. Only what reads has large answers. */
  #bounded(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
    const bytes = Buffer.isBuffer(payload) || typeof payload === "string" ? payload.length : 0;
    const held = admitted(request)?.held;
    if (held === undefined || held.hold(bytes)) return payload;
    const { status, headers, body } = this.#options.refusalOf(request, tooManyBytes());
    reply.code(status).headers(headers).header("content-length", body.length);
    return body;
  }
}

function limitOf(request: FastifyRequest): number {
  return bodyLimitBytes(splitUrl(request).path, request.headers["x-amz-target"]);
}

function tooManyRequests(): ApiError {
  return tooManyRequestsException("Too Many Requests: the server has as many as it can do. Try again in a second.");
}

function tooManyBytes(): ApiError {
  return tooManyRequestsException(
    "Too Many Requests: the server holds as much of bodies and answers as it can. Try again in a second.",
  );
}

/** 413, in the unit that people write. */
function tooLarge(limitBytes: number): ApiError {
  const message = `The request body is larger than ${limitBytes / 2 ** 20} MiB.`;
  return new ApiError("RequestEntityTooLargeException", 413, message);
}
