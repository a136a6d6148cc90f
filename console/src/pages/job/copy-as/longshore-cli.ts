import type { SubmitJobRequest } from "@aws-sdk/client-batch";
import { shellCommand } from "./shell.ts";

export interface LongshoreText {
  readonly command: string;
  /** Members of the request that the command line has no option for. */
  readonly missing: readonly string[];
}

/** `longshore submit` with the same request, as far as its options go. */
export function longshoreCommand(request: SubmitJobRequest): LongshoreText {
  const { jobName = "", jobQueue = "", jobDefinition = "", arrayProperties, containerOverrides = {} } = request;
  const { dependsOn = [], parameters = {}, tags = {}, timeout, retryStrategy } = request;
  const { command = [], environment = [], resourceRequirements = [] } = containerOverrides;
  const resource = (type: string): string | undefined =>
    resourceRequirements.find((one) => String(one.type) === type)?.value;
  const one = (name: string, value: string | number | undefined): string[][] =>
    value === undefined ? [] : [optionLine(name, String(value))];
  const pairs = (name: string, values: Readonly<Record<string, string>>): string[][] =>
    Object.entries(values).map(([key, value]) => optionLine(name, `${key}=${value}`));
  const lines = [
    ["longshore", "submit", jobName],
    optionLine("--queue", jobQueue),
    optionLine("--definition", jobDefinition),
    ...one("--array", arrayProperties?.size),
    ...dependsOn.map(({ jobId, type }) => optionLine("--depends-on", [jobId, type].filter(Boolean).join(":"))),
    ...one("--image", resource("IMAGE")),
    ...one("--cpus", resource("VCPU")),
    ...one("--memory", resource("MEMORY")),
    ...one("--gpus", resource("GPU")),
    ...one("--timeout", timeout?.attemptDurationSeconds),
    ...one("--attempts", retryStrategy?.attempts),
    ...pairs("--env", Object.fromEntries(environment.map(({ name = "", value = "" }) => [name, value]))),
    ...pairs("--param", parameters),
    ...pairs("--tag", tags),
    ...(command.length === 0 ? [] : [["--", ...command]]),
  ];
  return { command: shellCommand(lines), missing: missingOf(request) };
}

function optionLine(name: string, value: string): string[] {
  return value.startsWith("-") ? [`${name}=${value}`] : [name, value];
}

const NO_OPTION: readonly (keyof SubmitJobRequest)[] = [
  "shareIdentifier",
  "schedulingPriorityOverride",
  "propagateTags",
  "consumableResourcePropertiesOverride",
  "ecsPropertiesOverride",
  "eksPropertiesOverride",
  "nodeOverrides",
];

function missingOf(request: SubmitJobRequest): string[] {
  const rules = request.retryStrategy?.evaluateOnExit ?? [];
  return [
    ...NO_OPTION.filter((member) => request[member] !== undefined),
    ...(rules.length > 0 ? ["retryStrategy.evaluateOnExit"] : []),
    ...(request.containerOverrides?.instanceType === undefined ? [] : ["containerOverrides.instanceType"]),
  ];
}
