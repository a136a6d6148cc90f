import type * as Batch from "@aws-sdk/client-batch";
import type { FormErrors } from "../../components/form/use-form.ts";
import { foundErrors, nameError } from "../../components/form/use-form.ts";
import { contentOf } from "./definition-query.ts";

/** A revision as it is written: the JSON is what counts, and the fields are a view of it. */
export interface RevisionValues {
  readonly jobDefinitionName: string;
  readonly json: string;
  /** Where the server's refusals of them are shown. */
  readonly image: string;
  readonly command: string;
  readonly vcpus: string;
  readonly memory: string;
  readonly attempts: string;
  readonly timeout: string;
}

const TEMPLATE = {
  type: "container",
  containerProperties: {
    image: "busybox",
    command: ["echo", "hello"],
    resourceRequirements: [
      { type: "VCPU", value: "1" },
      { type: "MEMORY", value: "256" },
    ],
  },
};

type Request = Omit<Batch.RegisterJobDefinitionRequest, "jobDefinitionName">;

export function jsonOf(definition: Batch.JobDefinition | undefined): string {
  if (definition === undefined) return JSON.stringify(TEMPLATE, null, 2);
  const { jobDefinitionName: _, ...content } = contentOf(definition);
  return JSON.stringify(content, null, 2);
}

/** Undefined where it is no JSON object. */
export function parsed(json: string): Request | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Request) : undefined;
  } catch {
    return undefined;
  }
}

export function jsonError(json: string): string | undefined {
  try {
    JSON.parse(json);
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : ""}`;
  }
  return parsed(json) === undefined ? "A JSON object is wanted." : undefined;
}

/** The fields of a definition of one container; undefined where it has none, or the JSON is not whole. */
export function fieldsOf(json: string): Omit<RevisionValues, "json" | "jobDefinitionName"> | undefined {
  const request = parsed(json);
  const container = request?.containerProperties;
  if (request === undefined || typeof container !== "object") return undefined;
  const { resourceRequirements, vcpus, memory, image = "", command = [] } = container;
  const asked = (type: string): string | undefined =>
    Array.isArray(resourceRequirements) ? resourceRequirements.find((one) => one?.type === type)?.value : undefined;
  return {
    image,
    command: Array.isArray(command) ? command.join("\n") : "",
    vcpus: asked("VCPU") ?? (vcpus === undefined ? "" : String(vcpus)),
    memory: asked("MEMORY") ?? (memory === undefined ? "" : String(memory)),
    attempts: request.retryStrategy?.attempts === undefined ? "" : String(request.retryStrategy.attempts),
    timeout:
      request.timeout?.attemptDurationSeconds === undefined ? "" : String(request.timeout.attemptDurationSeconds),
  };
}

/** The JSON with another value of one field. */
export function withField(json: string, field: string, text: string): string {
  const request = parsed(json);
  if (request === undefined) return json;
  return JSON.stringify(changed(request, field, text), null, 2);
}

function changed(request: Request, field: string, text: string): Request {
  const container = request.containerProperties ?? {};
  const inContainer = (part: Batch.ContainerProperties): Request => ({
    ...request,
    containerProperties: { ...container, ...part },
  });
  switch (field) {
    case "image":
      return inContainer({ image: text });
    case "command":
      return inContainer({ command: text === "" ? [] : text.split("\n") });
    case "vcpus":
      return inContainer(required(container, "VCPU", text));
    case "memory":
      return inContainer(required(container, "MEMORY", text));
    case "attempts": {
      const { retryStrategy: before, ...rest } = request;
      const { attempts: _, ...strategy } = before ?? {};
      const after = text === "" ? strategy : { ...strategy, attempts: numberIn(text) };
      return Object.keys(after).length === 0 ? rest : { ...rest, retryStrategy: after };
    }
    default: {
      const { timeout: _, ...rest } = request;
      return text === "" ? rest : { ...rest, timeout: { attemptDurationSeconds: numberIn(text) } };
    }
  }
}

/** What is no number goes to the server as it is, which says so. */
function numberIn(text: string): number {
  const value = Number(text);
  return Number.isNaN(value) ? (text as unknown as number) : value;
}

function required(
  { resourceRequirements = [] }: Batch.ContainerProperties,
  type: Batch.ResourceType,
  value: string,
): Batch.ContainerProperties {
  const others = resourceRequirements.filter((one) => one.type !== type);
  return { resourceRequirements: value === "" ? others : [...others, { type, value }] };
}

export function checkRevision({ jobDefinitionName, json }: RevisionValues): FormErrors<RevisionValues> {
  return foundErrors<RevisionValues>({ jobDefinitionName: nameError(jobDefinitionName), json: jsonError(json) });
}

/** What the server's refusals are about. */
export const REVISION_PLACES: readonly (readonly [keyof RevisionValues, RegExp])[] = [
  ["jobDefinitionName", /jobDefinitionName|definition name/i],
  ["attempts", /\bretry|\battempts\b/i],
  ["timeout", /attemptDurationSeconds|\btimeout\b/i],
  ["image", /\bimage\b/i],
  ["command", /\bcommand\b/i],
  ["vcpus", /\bv-?cpus?\b/i],
  ["memory", /\bmemory\b/i],
  ["json", /./],
];
