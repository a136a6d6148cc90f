import type { LogConfiguration } from "@aws-sdk/client-batch";
import type { Scheduling } from "../job.ts";

/** The name of a container that has none: of an ECS job's, and of a pod's (reference 3.4, 8.1). */
export const DEFAULT_NAME = { ecs: "default", eks: "Default" } as const;

/**
 * Where the awslogs driver, which is the default one, puts a container's output. awsfirelens hands it to a router that runs beside the container; here
 * no router is fed, and the output is kept as though the driver were the default one. Other drivers have it to themselves.
 */
export function logTarget(configuration: LogConfiguration | undefined, definitionName: string): Scheduling["log"] {
  const { logDriver = "awslogs", options = {} } = configuration ?? {};
  if (logDriver !== "awslogs" && logDriver !== "awsfirelens") return undefined;
  return {
    group: options["awslogs-group"] ?? "/aws/batch/job",
    prefix: options["awslogs-stream-prefix"] ?? definitionName.slice(0, 200),
  };
}

/** The stream of one container of a task (reference 8.1, 3.5). */
export function logStreamName({ prefix }: { readonly prefix: string }, container: string, taskId: string): string {
  return `${prefix}/${container}/${taskId}`;
}

/** As CloudWatch Logs has it. */
const GROUP_NAME = /^[\w.\-/#]{1,512}$/;
const MAX_STREAM_NAME = 512;
const TASK_ID_DIGITS = 32;

/** Why the output of one of its containers could not be read under the names that it asks for; undefined when it can. */
export function logRefusal({ log, units = [] }: Pick<Scheduling, "log" | "units">): string | undefined {
  const targets = [{ name: DEFAULT_NAME.ecs, log }, ...units];
  for (const { name, log: target } of targets) {
    if (target === undefined) continue;
    if (!GROUP_NAME.test(target.group)) return LOG_REFUSALS.group(target.group);
    const stream = logStreamName(target, name, "0".repeat(TASK_ID_DIGITS));
    if (/[:*]/.test(stream) || stream.length > MAX_STREAM_NAME) return LOG_REFUSALS.prefix(target.prefix);
  }
  return undefined;
}

const LONGEST_QUOTE = 100;

const LOG_REFUSALS = {
  group: (name: string) =>
    `CannotStartContainerError: failed to initialize logging driver: awslogs-group ${quoted(name)} is no name of a log group: 1 to 512 letters, digits, and characters of . - _ / #`,
  prefix: (prefix: string) =>
    `CannotStartContainerError: failed to initialize logging driver: awslogs-stream-prefix ${quoted(prefix)} makes no name of a log stream: at most 512 characters in all, without : and *`,
};

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_QUOTE));
}
