import { accessDeniedException } from "../wire/errors.ts";
import type { Call, Caller } from "../wire/operations.ts";
import type { Policy } from "./policy.ts";
import { decide } from "./policy.ts";

export type Denial = Call["denial"];

/** For callers without a policy. */
export function everythingAllowed(): undefined {
  return undefined;
}

/** What a policy denies to a caller, in AWS's words. */
export function denialBy(policy: Policy | undefined, caller: Caller): Denial {
  if (policy === undefined) return everythingAllowed;
  return (action, resource) => {
    const decision = decide(policy, action, resource);
    if (decision === "allowed") return undefined;
    const why =
      decision === "denied explicitly"
        ? "with an explicit deny in an identity-based policy"
        : `because no identity-based policy allows the ${action} action`;
    return accessDeniedException(
      `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`,
    );
  };
}
