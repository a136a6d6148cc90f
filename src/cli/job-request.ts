import type { ResourceType, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import type { Command } from "commander";
import { ARRAY_CONCURRENCY_TAG } from "../core/submission/own-tags.ts";
import { keyValue, wholeNumber } from "./command.ts";

/** What a user can say about one job on the command line. */
export interface JobOptions {
  readonly queue: string;
  readonly array?: number;
  readonly arrayConcurrency?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cpus?: string;
  readonly memory?: number;
  readonly gpus?: number;
  readonly timeout?: number;
  readonly attempts?: number;
}

/** An override of the image: a type of requirement that the SDK does not know, and sends. */
const IMAGE = "IMAGE" as ResourceType;

/** AWS Batch has no array of one: such a request is an ordinary job. */
const LEAST_ARRAY = 2;
const MOST_ARRAY = 1_000_000;

export function addJobOptions(command: Command): Command {
  return command
    .option("--queue <name>", "job queue", "default")
    .option(
      "--array <n>",
      `run it as an array of N children (${LEAST_ARRAY} to ${MOST_ARRAY}); each finds its index in AWS_BATCH_JOB_ARRAY_INDEX`,
      wholeNumber(LEAST_ARRAY, MOST_ARRAY),
    )
    .option("--array-concurrency <n>", "at most N children of the array run at a time", wholeNumber(1, MOST_ARRAY))
    .option("--env <key=value>", "environment variable (repeatable)", keyValue)
    .option("--cpus <n>", "vCPUs per job, like 1 or 0.25")
    .option("--memory <mib>", "memory per job in MiB", wholeNumber(4))
    .option("--gpus <n>", "GPUs per job", wholeNumber(1))
    .option("--timeout <seconds>", "end an attempt after this time (at least 60)", wholeNumber(60))
    .option("--attempts <n>", "try a failing job up to N times (1 to 10)", wholeNumber(1, 10));
}

/** The SubmitJob request for a command in an environment. An empty command leaves the definition's own, no image the definition's. */
export function submitRequest(
  name: string,
  definition: string,
  command: readonly string[],
  options: JobOptions,
  image?: string,
): SubmitJobCommandInput {
  const resources = [
    ...(image === undefined ? [] : [{ type: IMAGE, value: image }]),
    ...(options.cpus === undefined ? [] : [{ type: "VCPU" as const, value: options.cpus }]),
    ...(options.memory === undefined ? [] : [{ type: "MEMORY" as const, value: String(options.memory) }]),
    ...(options.gpus === undefined ? [] : [{ type: "GPU" as const, value: String(options.gpus) }]),
  ];
  const environment = Object.entries(options.env ?? {}).map(([key, value]) => ({ name: key, value }));
  const overrides = {
    ...(command.length === 0 ? {} : { command: [...command] }),
    ...(environment.length === 0 ? {} : { environment }),
    ...(resources.length === 0 ? {} : { resourceRequirements: resources }),
  };
  return {
    jobName: name,
    jobQueue: options.queue,
    jobDefinition: definition,
    ...(Object.keys(overrides).length === 0 ? {} : { containerOverrides: overrides }),
    ...(options.array === undefined ? {} : { arrayProperties: { size: options.array } }),
    ...(options.arrayConcurrency === undefined
      ? {}
      : { tags: { [ARRAY_CONCURRENCY_TAG]: String(options.arrayConcurrency) } }),
    ...(options.timeout === undefined ? {} : { timeout: { attemptDurationSeconds: options.timeout } }),
    ...(options.attempts === undefined ? {} : { retryStrategy: { attempts: options.attempts } }),
  };
}

/** A legal name made from any text: letters, digits, hyphens and underscores, at most 128. */
export function nameFrom(text: string): string {
  const name = text.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[-_]+|[-_]+$/g, "");
  return name.slice(0, 128) || "job";
}
