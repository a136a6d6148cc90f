import type { Attempt, InstanceNeed, Service } from "../job.ts";

/**
 * Service jobs of the type SAGEMAKER_TRAINING: what AWS Batch hands to SageMaker runs here as one container, made of the same request (reference 3.7).
 */

/** What of a CreateTrainingJob request is used here. The rest is kept and shown, and asks for nothing. */
export interface TrainingRequest {
  readonly TrainingJobName?: string;
  readonly AlgorithmSpecification?: {
    readonly TrainingImage?: string;
    readonly ContainerEntrypoint?: readonly string[];
    readonly ContainerArguments?: readonly string[];
  };
  readonly ResourceConfig?: {
    readonly InstanceType?: string;
    readonly InstanceCount?: number;
    readonly InstanceGroups?: readonly { readonly InstanceType?: string; readonly InstanceCount?: number }[];
  };
  readonly StoppingCondition?: { readonly MaxRuntimeInSeconds?: number };
  readonly Environment?: Readonly<Record<string, string>>;
  readonly HyperParameters?: Readonly<Record<string, string>>;
}

/** A request in which something has the wrong form. `member` names it. */
export class MalformedRequest extends Error {
  readonly member: string;
  readonly expected: string;

  constructor(member: string, expected: string) {
    super(`${member} is not ${expected}`);
    this.member = member;
    this.expected = expected;
  }
}

/** @throws MalformedRequest for what is no JSON object, or has a member of the wrong form among those that are used. */
export function readTrainingRequest(payload: string): TrainingRequest {
  const request = object("serviceRequestPayload", parse(payload));
  const algorithm = object("AlgorithmSpecification", request["AlgorithmSpecification"] ?? {});
  const resources = object("ResourceConfig", request["ResourceConfig"] ?? {});
  const stopping = object("StoppingCondition", request["StoppingCondition"] ?? {});
  return {
    ...optional("TrainingJobName", request, trainingJobName),
    AlgorithmSpecification: {
      ...optional("TrainingImage", algorithm, text),
      ...optional("ContainerEntrypoint", algorithm, texts),
      ...optional("ContainerArguments", algorithm, texts),
    },
    ResourceConfig: { ...instanceGroup(resources), ...optional("InstanceGroups", resources, instanceGroups) },
    StoppingCondition: { ...optional("MaxRuntimeInSeconds", stopping, positive) },
    ...optional("Environment", request, textMap),
    ...optional("HyperParameters", request, textMap),
  };
}

/** Each type once. Empty when the request does not say. */
export function instancesOf({ ResourceConfig = {} }: TrainingRequest): InstanceNeed[] {
  const { InstanceGroups, ...single } = ResourceConfig;
  const counts = new Map<string, number>();
  for (const { InstanceType, InstanceCount = 0 } of InstanceGroups?.length ? InstanceGroups : [single]) {
    if (InstanceType === undefined || InstanceCount === 0) continue;
    counts.set(InstanceType, (counts.get(InstanceType) ?? 0) + InstanceCount);
  }
  return [...counts].map(([type, count]) => ({ type, count })).sort((a, b) => (a.type < b.type ? -1 : 1));
}

/** What each container counts with on the machine, whatever its instance type would have: enough for a small training, and little beside others. */
export const TRAINING_REQUIREMENTS = { vcpuMilli: 1000, memoryMiB: 2048, gpus: 0 };

/** SageMaker's own limit where the request has none: a day. */
const DEFAULT_MAX_RUNTIME_SECONDS = 86_400;

/** The shorter one of the two limits of an attempt: the job's own, and the request's. */
export function trainingTimeout({ StoppingCondition }: TrainingRequest, jobSeconds: number | undefined): number {
  return Math.min(jobSeconds ?? Infinity, StoppingCondition?.MaxRuntimeInSeconds ?? DEFAULT_MAX_RUNTIME_SECONDS);
}

export interface TrainingContainer {
  readonly image: string;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The container of a training job. Without entrypoint and arguments the image is run with the argument `train`, as SageMaker does. */
export function trainingContainer(request: TrainingRequest, names: { name: string; arn: string }): TrainingContainer {
  const { TrainingImage = "", ContainerEntrypoint, ContainerArguments } = request.AlgorithmSpecification ?? {};
  const defaultArguments = ContainerEntrypoint === undefined ? ["train"] : [];
  return {
    image: TrainingImage,
    ...(ContainerEntrypoint !== undefined && { entrypoint: ContainerEntrypoint }),
    command: ContainerArguments ?? defaultArguments,
    environment: {
      ...hyperparameterVariables(request.HyperParameters ?? {}),
      ...request.Environment,
      TRAINING_JOB_NAME: names.name,
      TRAINING_JOB_ARN: names.arn,
    },
  };
}

/** As SageMaker's training toolkit gives them: SM_HPS is all of them as JSON, and each has a variable of its own. */
function hyperparameterVariables(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const single = Object.entries(parameters).map(([name, value]) => [`SM_HP_${name.toUpperCase()}`, value]);
  return { SM_HPS: JSON.stringify(parameters), ...Object.fromEntries(single) };
}

/** `AWSBatch`, the request's name, and 32 hexadecimal digits that tell the attempts apart. */
export function trainingJobNameOf({ trainingJobName: name }: Service, { id }: Pick<Attempt, "id">): string {
  return `AWSBatch${name}${id}`;
}

/** `scope`: `account/region`. */
export function trainingJobArn(scope: string, service: Service, attempt: Pick<Attempt, "id">): string {
  const [account, region] = scope.split("/");
  return `arn:aws:sagemaker:${region}:${account}:training-job/${trainingJobNameOf(service, attempt)}`;
}

/** Where SageMaker puts the output of training jobs. */
export const TRAINING_LOG_GROUP = "/aws/sagemaker/TrainingJobs";

export function trainingLogStream(service: Service, attempt: Pick<Attempt, "id">): string {
  return `${trainingJobNameOf(service, attempt)}/algo-1`;
}

/** How an attempt ended. */
export interface AttemptOutcome {
  readonly startedAt?: number | undefined;
  readonly exitCode?: number;
  readonly reason?: string;
}

const FROM_SAGEMAKER = "Received status from SageMaker: ";

/** What SageMaker would say of a training job that ended so. */
export function trainingEndReason({ startedAt, exitCode, reason }: AttemptOutcome): string {
  const more = reason === undefined ? "" : ` ${reason}`;
  if (exitCode === 0) return `${FROM_SAGEMAKER}Completed`;
  if (exitCode !== undefined) return `${FROM_SAGEMAKER}AlgorithmError:${more}, exit code: ${exitCode}`;
  if (startedAt === undefined)
    return `${FROM_SAGEMAKER}ClientError:${more || " The training container did not start."}`;
  return `${FROM_SAGEMAKER}InternalServerError: We encountered an internal error. Please try again.`;
}

/** Why SageMaker would not run a request, in the words in which the job then FAILED. */
export function trainingRefusal({ AlgorithmSpecification }: TrainingRequest): string | undefined {
  if (AlgorithmSpecification?.TrainingImage) return undefined;
  return `${FROM_SAGEMAKER}ValidationException: AlgorithmSpecification.TrainingImage is required: only training images can be run here, no algorithms by name.`;
}

type Json = Readonly<Record<string, unknown>>;

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    throw new MalformedRequest("serviceRequestPayload", "JSON");
  }
}

function optional<Name extends string, Value>(
  name: Name,
  owner: Json,
  read: (name: Name, value: unknown) => Value,
): { readonly [Key in Name]?: Value } {
  const value = owner[name];
  return value === undefined || value === null ? {} : ({ [name]: read(name, value) } as { [Key in Name]: Value });
}

function object(name: string, value: unknown): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new MalformedRequest(name, "an object");
}

function text(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new MalformedRequest(name, "a string");
}

function trainingJobName(name: string, value: unknown): string {
  const given = text(name, value);
  if (/^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$/.test(given)) return given;
  throw new MalformedRequest(name, "a name of at most 63 letters, digits and hyphens");
}

function texts(name: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw new MalformedRequest(name, "a list of strings");
}

function positive(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw new MalformedRequest(name, "a whole number above 0");
}

function textMap(name: string, value: unknown): Readonly<Record<string, string>> {
  const map = object(name, value);
  if (Object.values(map).every((one) => typeof one === "string")) return map as Record<string, string>;
  throw new MalformedRequest(name, "a map of strings");
}

function instanceGroup(owner: Json) {
  return { ...optional("InstanceType", owner, text), ...optional("InstanceCount", owner, positive) };
}

function instanceGroups(name: string, value: unknown) {
  if (!Array.isArray(value)) throw new MalformedRequest(name, "a list");
  return value.map((group) => instanceGroup(object(name, group)));
}
