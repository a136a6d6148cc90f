import type { LogConfiguration } from "@aws-sdk/client-batch";
import type { Rule } from "../rules.ts";
import { quotingRule } from "../rules.ts";

const DRIVERS: ReadonlySet<string> = new Set(
  "awsfirelens awslogs fluentd gelf journald json-file splunk syslog".split(" "),
);
const AWSLOGS_OPTIONS: ReadonlySet<string> = new Set([
  "awslogs-region",
  "awslogs-group",
  "awslogs-stream-prefix",
  "awslogs-datetime-format",
  "awslogs-multiline-pattern",
  "awslogs-create-group",
  "mode",
  "max-buffer-size",
]);

/** Reference 4.8. Other drivers' options go to the driver as they are. */
export const LOG_RULES: readonly Rule<LogConfiguration>[] = [
  quotingRule("logDriver", ({ logDriver = "" }) => (DRIVERS.has(logDriver) ? undefined : [logDriver])),
  quotingRule("awslogsOption", ({ logDriver, options = {} }) => {
    if (logDriver !== "awslogs") return undefined;
    const unknown = Object.keys(options).filter((option) => !AWSLOGS_OPTIONS.has(option));
    return unknown.length === 0 ? undefined : [unknown.join(", ")];
  }),
];
