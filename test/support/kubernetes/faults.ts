import type { ApiRequest, Verb } from "./api-request.ts";
import { expired, Refusal, tooManyRequests } from "./refusals.ts";

/** What becomes of one request. */
export type Fault =
  /** Refused before it is looked at. */
  | { readonly kind: "status"; readonly code: 410 | 429 | 500 | 503; readonly retryAfterSeconds?: number }
  /** Answered late. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Cut before it is looked at. */
  | { readonly kind: "reset" }
  /** Carried out, and cut before the answer. */
  | { readonly kind: "lostAnswer" }
  /** The reading ends soon after it has begun: of watches and followed logs. */
  | { readonly kind: "cut"; readonly afterMs: number };

/** Which requests a planned fault is for: those that have all that is named. */
export interface FaultMatch {
  readonly verb?: Verb;
  readonly resource?: string;
  readonly subresource?: string;
  readonly name?: string;
}

/** Probabilities of each fault for each request. */
export interface FaultRates {
  readonly status?: number;
  readonly slow?: number;
  readonly reset?: number;
  readonly lostAnswer?: number;
  /** Of watches and followed logs. */
  readonly cut?: number;
  /** Of watches and lists. */
  readonly gone?: number;
}

const LONGEST_DELAY_MS = 60;
const LONGEST_STREAM_MS = 500;

/** Says what goes wrong: what a test planned, and what a seed draws. */
export class Faults {
  #planned: { readonly match: FaultMatch; readonly fault: Fault; left: number }[] = [];
  #random: { readonly next: () => number; readonly rates: FaultRates } | undefined;

  /** The next `count` requests that match. */
  next(match: FaultMatch, fault: Fault, count = 1): void {
    this.#planned.push({ match, fault, left: count });
  }

  /** From now on, by chance; `random` is of a seed. */
  atRandom(random: () => number, rates: FaultRates): void {
    this.#random = { next: random, rates };
  }

  /** All is well from now on. */
  clear(): void {
    this.#planned = [];
    this.#random = undefined;
  }

  for(request: ApiRequest): Fault | undefined {
    const planned = this.#planned.find(({ match }) => matches(match, request));
    if (planned === undefined) return this.#draw(request);
    planned.left -= 1;
    if (planned.left === 0) this.#planned.splice(this.#planned.indexOf(planned), 1);
    return planned.fault;
  }

  #draw({ verb, subresource }: ApiRequest): Fault | undefined {
    if (this.#random === undefined) return undefined;
    const { next, rates } = this.#random;
    const isStream = verb === "watch" || subresource === "log";
    let at = next();
    const falls = (rate = 0): boolean => (at -= rate) < 0;
    if (falls(rates.status)) {
      const code = ([429, 500, 503] as const)[Math.floor(next() * 3)]!;
      return { kind: "status", code, ...(code === 429 && { retryAfterSeconds: next() < 0.5 ? 0 : 1 }) };
    }
    if (falls(rates.slow)) return { kind: "slow", ms: next() * LONGEST_DELAY_MS };
    if (falls(rates.reset)) return { kind: "reset" };
    if (falls(rates.lostAnswer)) return isStream ? { kind: "reset" } : { kind: "lostAnswer" };
    if (isStream && falls(rates.cut)) return { kind: "cut", afterMs: next() * LONGEST_STREAM_MS };
    if (verb === "watch" && falls(rates.gone)) return { kind: "status", code: 410 };
    return undefined;
  }
}

export function refusalOf({ code, retryAfterSeconds }: Extract<Fault, { kind: "status" }>): Refusal {
  switch (code) {
    case 410:
      return expired("The resourceVersion for the provided watch is too old.");
    case 429:
      return tooManyRequests(retryAfterSeconds ?? 1);
    case 500:
      return new Refusal(500, "InternalError", "Internal error occurred: etcdserver: request timed out");
    case 503:
      return new Refusal(503, "ServiceUnavailable", "the server is currently unable to handle the request");
  }
}

function matches(match: FaultMatch, request: ApiRequest): boolean {
  return (["verb", "resource", "subresource", "name"] as const).every(
    (member) => match[member] === undefined || match[member] === request[member],
  );
}
