import type { Rule } from "./rules.ts";
import { quotingRule } from "./rules.ts";

/** `state` of compute and service environments, job queues and quota shares. */
export const STATE_RULE: Rule<{ state?: string | undefined }> = quotingRule("resourceState", ({ state }) =>
  state === undefined || state === "ENABLED" || state === "DISABLED" ? undefined : [state],
);
