import type { QueueSettings, ResourceRecord } from "../../../ports/store.ts";
import type { Rule } from "../rules.ts";
import { quotingRule } from "../rules.ts";

/** A queue that is DISABLED or goes away takes no new jobs (reference 7.1). */
export const OPEN_QUEUE_RULE: Rule<{ readonly queue: ResourceRecord<QueueSettings> }> = quotingRule(
  "queueNotEnabled",
  ({ queue: { name, status, settings } }) =>
    settings.state !== "ENABLED" || status === "DELETING" ? [name] : undefined,
  "bare",
);
