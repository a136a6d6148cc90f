import type { Clock } from "../../ports/clock.ts";
import type { Leader, Leadership } from "../../ports/leadership.ts";
import type { Admission, AdmissionRequest, ServiceName } from "../access/admission.ts";
import type { Answer } from "../wire/answer.ts";
import { ApiError } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { LeaderClient, Outcome } from "./leader-client.ts";
import { placeOf } from "./place.ts";
import type { Seal } from "./seal.ts";
import { FORWARDED_HEADER } from "./seal.ts";

/** Longer than another server takes to lead after one was killed. */
const PATIENCE_MS = 5_000;
/** Between two tries with a leader that cannot be reached and that leads all the same, as far as the store knows. */
const PAUSE_MS = 250;
const RETRY_AFTER_SECONDS = 1;
/** Answered by a server that was forwarded a request and does not lead. */
const MISDIRECTED = 421;
/** Bounds the memory. */
const MAX_SCOPES = 1_000;

export interface ForwardingOptions {
  readonly leadership: Leadership;
  readonly admission: Pick<Admission, "vouch">;
  readonly seal: Seal;
  readonly client: Pick<LeaderClient, "send">;
  readonly clock: Clock;
}

/** A request that another server has answered: what this one has to say is that. */
export class AnsweredElsewhere extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super("answered by the server that leads");
    this.answer = answer;
  }
}

/** Has the server that leads answer what is its to answer, through changes of who leads. */
export class Forwarding {
  readonly #options: ForwardingOptions;
  /** Accounts and regions of which the leader has been asked something: it has made their first resources. */
  readonly #scopes = new Set<string>();

  constructor(options: ForwardingOptions) {
    this.#options = options;
  }

  /**
   * Resolves when this server is the one to answer.
   *
   * @throws AnsweredElsewhere when the leader has answered, or an ApiError when there is none.
   */
  async settle(request: AdmissionRequest, service: ServiceName, call: Pick<Call, "account" | "region">): Promise<void> {
    const { leadership, seal } = this.#options;
    if (leadership.role.kind === "leads") return;
    if (seal.open(request) !== undefined) return this.#untilLeading();
    const place = placeOf(service, request);
    const scope = `${call.account}/${call.region}`;
    if (place.where === "anywhere" || (place.where === "where-known" && this.#scopes.has(scope))) return;
    const answer = await this.#answerOfLeader(request, place.isRead);
    if (this.#scopes.size >= MAX_SCOPES) this.#scopes.clear();
    this.#scopes.add(scope);
    if (answer !== undefined) throw new AnsweredElsewhere(answer);
  }

  /** What was forwarded is not forwarded again. */
  async #untilLeading(): Promise<void> {
    const { leadership, clock } = this.#options;
    const patience = new Patience(clock);
    while (leadership.role.kind === "waits" && !patience.isOver) await patience.untilChange(leadership, PAUSE_MS);
    patience.end();
    if (leadership.role.kind === "leads") return;
    throw new ApiError("MisdirectedRequestException", MISDIRECTED, "This server does not lead.");
  }

  /** Undefined when this server has come to lead meanwhile. */
  async #answerOfLeader(request: AdmissionRequest, isRead: boolean): Promise<Answer | undefined> {
    const { leadership, clock } = this.#options;
    let patience: Patience | undefined;
    try {
      for (;;) {
        const { role } = leadership;
        if (role.kind === "leads") return undefined;
        const outcome = role.kind === "follows" ? await this.#ask(role.leader, request) : UNREACHED;
        if (outcome.kind === "answered" && outcome.answer.status !== MISDIRECTED) return outcome.answer;
        if (outcome.kind === "lost" && !isRead) throw lostOnTheWay();
        // What a leader takes to answer counts only from when it is known not to.
        patience ??= new Patience(clock);
        if (patience.isOver) throw noLeader();
        if (leadership.role === role) await patience.untilChange(leadership, PAUSE_MS);
      }
    } finally {
      patience?.end();
    }
  }

  async #ask(leader: Leader, request: AdmissionRequest): Promise<Outcome> {
    const { admission, seal, client, leadership } = this.#options;
    const { method, path, search, headers, body } = request;
    const voucher = await admission.vouch(request);
    const hopeless = new AbortController();
    const stopWatching = leadership.watch(() => {
      const { role } = leadership;
      if (role.kind !== "follows" || role.leader.epoch !== leader.epoch) hopeless.abort();
    });
    const outcome = await client.send(
      {
        ...{ url: leader.url, path: search === "" ? path : `${path}?${search}`, method },
        headers: { ...headers, [FORWARDED_HEADER]: seal.close({ method, path, search }, body, voucher) },
        body,
      },
      hopeless.signal,
    );
    stopWatching();
    return outcome;
  }
}

const UNREACHED: Outcome = { kind: "unreached" };

/** Time that is there to wait. */
class Patience {
  isOver = false;
  readonly #clock: Pick<Clock, "after">;
  readonly #cancel: () => void;
  #wake: () => void = () => {};

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
    this.#cancel = clock.after(PATIENCE_MS, () => {
      this.isOver = true;
      this.#wake();
    });
  }

  /** Until somebody else may lead, or there is no more time, or `atMostMs` have passed. */
  async untilChange(leadership: Leadership, atMostMs: number): Promise<void> {
    let stopWatching = (): void => {};
    let cancel = (): void => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      stopWatching = leadership.watch(resolve);
      cancel = this.#clock.after(atMostMs, resolve);
    });
    stopWatching();
    cancel();
  }

  end(): void {
    this.#cancel();
  }
}

function noLeader(): ApiError {
  return unavailable("No server leads at the moment. Nothing of this request was done: try again in a second.");
}

function lostOnTheWay(): ApiError {
  return unavailable(
    "The server that leads was lost while it worked on this request. It may have been done or not: look, or try again.",
  );
}

/** SDKs try again. */
function unavailable(message: string): ApiError {
  return new ApiError("ServerException", 503, message, { "retry-after": String(RETRY_AFTER_SECONDS) });
}
