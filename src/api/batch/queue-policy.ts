import type { Call } from "../wire/operations.ts";
import { clientException } from "../wire/errors.ts";
import type { Backend } from "./backend.ts";
import { findOwn } from "./resource-lookup.ts";
import { TEXTS } from "./texts.ts";

/** The scheduling policy of a queue exists (reference 7.1). */
export async function checkPolicy(backend: Backend, call: Call, arn: string | undefined): Promise<void> {
  if (arn === undefined) return;
  if (!/^arn:[^:]*:batch:[^:]*:[^:]*:scheduling-policy\//.test(arn)) throw clientException(TEXTS.policyArnOnly);
  if ((await findOwn(backend.store.schedulingPolicies, call, arn)) === undefined) {
    throw clientException(TEXTS.policyNotFound(arn));
  }
}
