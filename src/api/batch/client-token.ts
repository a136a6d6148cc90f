import { createHash } from "node:crypto";
import type { ClientToken } from "../../ports/store.ts";
import { TokenTaken } from "../../ports/store.ts";
import { clientException } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import { scopeOf } from "./names.ts";
import type { Rule } from "./rules.ts";
import { rule } from "./rules.ts";
import { TEXTS } from "./texts.ts";

/** How long a token is kept (reference 1.8: 8 hours). */
const LIFETIME_MS = 8 * 3_600_000;

export const CLIENT_TOKEN_RULE: Rule<{ clientToken?: string | undefined }> = rule(
  "clientTokenLength",
  ({ clientToken }) => clientToken !== undefined && (clientToken.length < 1 || clientToken.length > 64),
);

/**
 * Does a request once, however often it comes with its token (reference 1.8): what it answered is kept in the transaction that does it, and answers
 * the repetitions. `request` is all of it but the token.
 *
 * @param run does it, with the token (made from what it will answer) to be written with it. Resolves to that answer.
 * @throws when the token came before with another request.
 */
export async function onceByToken(
  { store, clock }: Backend,
  call: Call,
  [operation, clientToken, request]: readonly [operation: string, clientToken: string | undefined, request: object],
  run: (token: (answer: string) => ClientToken | undefined) => Promise<string>,
): Promise<string> {
  if (clientToken === undefined) return run(() => undefined);
  const now = clock.now();
  const fingerprint = createHash("sha256")
    .update(JSON.stringify(sorted(request)))
    .digest("base64url");
  const token = { scope: scopeOf(call), operation, token: clientToken, fingerprint, now, expiresAt: now + LIFETIME_MS };
  for (;;) {
    const known = await store.clientTokens.find(token);
    if (known?.fingerprint === fingerprint) return known.answer;
    if (known !== undefined) throw clientException(TEXTS.clientTokenReused(clientToken));
    try {
      return await run((answer) => ({ ...token, answer }));
    } catch (error) {
      // The same token came a second time while the first was being done: what it answered is there now.
      if (!(error instanceof TokenTaken)) throw error;
    }
  }
}

/** The order of members says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, sorted(member)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
