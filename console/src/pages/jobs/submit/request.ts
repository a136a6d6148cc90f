import type { JobDependency, ResourceType, SubmitJobRequest } from "@aws-sdk/client-batch";
import type { TagRow } from "../../../components/form/tags-field.tsx";
import { rowsOf, tagsOfRows } from "../../../components/form/tags-field.tsx";
import type { FormErrors } from "../../../components/form/use-form.ts";
import { foundErrors, nameError, wholeNumberError } from "../../../components/form/use-form.ts";

/** A SubmitJob request as it is written into a form. Empty texts are left out. */
export interface Values {
  readonly definition: string;
  readonly queue: string;
  readonly name: string;
  readonly parameters: readonly TagRow[];
  /** Words, or a JSON list. */
  readonly command: string;
  readonly environment: readonly TagRow[];
  readonly vcpus: string;
  readonly memory: string;
  readonly gpus: string;
  readonly image: string;
  readonly arraySize: string;
  readonly attempts: string;
  readonly timeout: string;
  /** A line each: ID, or ID:TYPE. */
  readonly dependsOn: string;
  readonly share: string;
  readonly priority: string;
  readonly tags: readonly TagRow[];
  /** Other members, as a JSON object. */
  readonly more: string;
}

export const EMPTY: Values = {
  ...{ definition: "", queue: "", name: "", parameters: [], command: "", environment: [] },
  ...{ vcpus: "", memory: "", gpus: "", image: "", arraySize: "", attempts: "", timeout: "" },
  ...{ dependsOn: "", share: "", priority: "", tags: [], more: "" },
};

const TYPES = ["VCPU", "MEMORY", "GPU", "IMAGE"] as const;

/** What the form has no field for stays in `more`. */
export function valuesOf(request: SubmitJobRequest): Values {
  const { jobName = "", jobQueue = "", jobDefinition = "", parameters, containerOverrides, arrayProperties } = request;
  const { dependsOn, retryStrategy, timeout, shareIdentifier, schedulingPriorityOverride, tags, ...rest } = request;
  const { jobName: _n, jobQueue: _q, jobDefinition: _d, parameters: _p, ...others } = rest;
  const { containerOverrides: _c, arrayProperties: _a, ...more } = others;
  const { command, environment, resourceRequirements, ...otherOverrides } = containerOverrides ?? {};
  const resource = (type: string): string =>
    resourceRequirements?.find((one) => (one.type as string) === type)?.value ?? "";
  const kept = {
    ...more,
    ...(Object.keys(otherOverrides).length > 0 && { containerOverrides: otherOverrides }),
    ...((retryStrategy?.evaluateOnExit?.length ?? 0) > 0 && {
      retryStrategy: { evaluateOnExit: retryStrategy!.evaluateOnExit },
    }),
  };
  return {
    definition: jobDefinition,
    queue: jobQueue,
    name: jobName,
    parameters: rowsOf(parameters),
    command: command === undefined ? "" : JSON.stringify(command),
    environment: (environment ?? []).map(({ name = "", value = "" }) => ({ key: name, value })),
    ...{ vcpus: resource("VCPU"), memory: resource("MEMORY"), gpus: resource("GPU"), image: resource("IMAGE") },
    arraySize: numberText(arrayProperties?.size),
    attempts: numberText(retryStrategy?.attempts),
    timeout: numberText(timeout?.attemptDurationSeconds),
    dependsOn: (dependsOn ?? []).map(dependencyText).join("\n"),
    share: shareIdentifier ?? "",
    priority: numberText(schedulingPriorityOverride),
    tags: rowsOf(tags),
    more: Object.keys(kept).length === 0 ? "" : JSON.stringify(kept, null, 2),
  };
}

function numberText(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

function dependencyText({ jobId, type }: JobDependency): string {
  return [jobId, type].filter((part) => part !== undefined).join(":");
}

/** @throws SyntaxError when `more` or the command is no JSON: `errorsIn` says so before. */
export function requestOf(values: Values): SubmitJobRequest {
  const more = values.more.trim() === "" ? {} : (JSON.parse(values.more) as Partial<SubmitJobRequest>);
  const amounts = { VCPU: values.vcpus, MEMORY: values.memory, GPU: values.gpus, IMAGE: values.image };
  const resources = TYPES.flatMap((type) => {
    const value = amounts[type].trim();
    return value === "" ? [] : [{ type: type as ResourceType, value }];
  });
  const command = commandOf(values.command) ?? [];
  const environment = values.environment.map(({ key, value }) => ({ name: key.trim(), value }));
  const overrides = {
    ...more.containerOverrides,
    ...(command.length > 0 && { command }),
    ...(environment.length > 0 && { environment }),
    ...(resources.length > 0 && { resourceRequirements: resources }),
  };
  const dependsOn = dependenciesOf(values.dependsOn);
  const attempts = values.attempts.trim();
  return {
    ...more,
    jobName: values.name.trim(),
    jobQueue: values.queue,
    jobDefinition: values.definition,
    ...(values.parameters.length > 0 && { parameters: tagsOfRows(values.parameters) }),
    ...(Object.keys(overrides).length > 0 && { containerOverrides: overrides }),
    ...(values.arraySize.trim() !== "" && { arrayProperties: { size: Number(values.arraySize) } }),
    ...((attempts !== "" || more.retryStrategy !== undefined) && {
      retryStrategy: { ...more.retryStrategy, ...(attempts !== "" && { attempts: Number(attempts) }) },
    }),
    ...(values.timeout.trim() !== "" && { timeout: { attemptDurationSeconds: Number(values.timeout) } }),
    ...(dependsOn.length > 0 && { dependsOn }),
    ...(values.share.trim() !== "" && { shareIdentifier: values.share.trim() }),
    ...(values.priority.trim() !== "" && { schedulingPriorityOverride: Number(values.priority) }),
    ...(values.tags.length > 0 && { tags: tagsOfRows(values.tags) }),
  };
}

function dependenciesOf(text: string): JobDependency[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      if (/^[A-Z_]+$/.test(line)) return { type: line } as JobDependency;
      const [, jobId = line, type] = /^(.+):([A-Z_]+)$/.exec(line) ?? [];
      return { jobId, ...(type !== undefined && { type }) } as JobDependency;
    });
}

/** Words, of which some are quoted, or a JSON list of texts. Undefined for what is neither. */
export function commandOf(text: string): string[] | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith("[")) {
    try {
      const list = JSON.parse(trimmed) as unknown;
      return Array.isArray(list) && list.every((one) => typeof one === "string") ? list : undefined;
    } catch {
      return undefined;
    }
  }
  const words: string[] = [];
  let rest = trimmed;
  while (rest !== "") {
    const match = /^(?:'[^']*'|"(?:[^"\\]|\\.)*"|[^\s'"])+/.exec(rest);
    if (match === null) return undefined;
    words.push(
      match[0].replaceAll(
        /'([^']*)'|"((?:[^"\\]|\\.)*)"/g,
        (_, single?: string, double?: string) => single ?? (double ?? "").replaceAll(/\\(.)/g, "$1"),
      ),
    );
    rest = rest.slice(match[0].length).trimStart();
  }
  return words;
}

export function errorsIn(values: Values): FormErrors<Values> {
  return foundErrors<Values>({
    definition: values.definition === "" && "Choose a job definition.",
    queue: values.queue === "" && "Choose a job queue.",
    name: nameError(values.name.trim()),
    parameters: pairsError(values.parameters, "parameter"),
    command: commandOf(values.command) === undefined && "A list in JSON, or words of which each quote is closed.",
    environment: pairsError(values.environment, "variable"),
    vcpus: values.vcpus.trim() !== "" && !/^\d+(\.\d+)?$/.test(values.vcpus.trim()) && "A number such as 1 or 0.25.",
    memory: wholeNumberError(values.memory, { least: 4, optional: true }),
    gpus: wholeNumberError(values.gpus, { least: 1, optional: true }),
    arraySize: wholeNumberError(values.arraySize, { least: 2, most: 1_000_000, optional: true }),
    attempts: wholeNumberError(values.attempts, { least: 1, most: 10, optional: true }),
    timeout: wholeNumberError(values.timeout, { least: 60, optional: true }),
    priority: wholeNumberError(values.priority, { most: 9_999, optional: true }),
    tags: pairsError(values.tags, "tag"),
    more: moreError(values.more),
  });
}

function pairsError(rows: readonly TagRow[], what: string): string | undefined {
  const keys = rows.map(({ key }) => key.trim());
  if (keys.includes("")) return `Each ${what} needs a name.`;
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  return twice === undefined ? undefined : `${twice} is there twice.`;
}

function moreError(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "It must be an object.";
  } catch (error) {
    return `It is no JSON: ${(error as Error).message}`;
  }
}

/** The names after Ref:: in a definition. */
export function referencesIn(definition: unknown): string[] {
  const text = JSON.stringify(definition ?? {});
  return [...new Set([...text.matchAll(/Ref::((?:(?!Ref::)[A-Za-z0-9_-])+)/g)].map(([, name]) => name!))];
}
