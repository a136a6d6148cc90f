import type { Call } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { scopeOf } from "./groups.ts";
import { invalidToken } from "./tokens.ts";

/** `nextToken` of a list: where the next page begins, signed for the query. */
export class ListTokens<Place> {
  readonly #backend: LogsBackend;
  readonly #query: readonly unknown[];

  /** `query`: what must stay the same from page to page, the operation's name first. */
  constructor(backend: LogsBackend, call: Call, query: readonly unknown[]) {
    this.#backend = backend;
    this.#query = ["logs", scopeOf(call), ...query];
  }

  /** The place in a token, undefined for no or an empty one: the first page. Throws InvalidParameterException. */
  open(token: string | undefined): Place | undefined {
    if (token === undefined || token === "") return undefined;
    const opened = this.#backend.tokens.open(this.#query, token);
    if (opened === undefined) throw invalidToken();
    return opened.place as Place;
  }

  sign(place: Place): string {
    return this.#backend.tokens.sign(this.#query, place);
  }
}
