import type { KeyValuePair } from "@aws-sdk/client-batch";
import { instanceId } from "../core/ecs-names.ts";
import { containerId, uuidFrom } from "../core/ids.ts";
import type { Attempt, Job } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import { attemptsMade } from "../core/quota/preempted.ts";
import type { Environment } from "../core/resources.ts";
import type { AccessKey, JobCredentials } from "../ports/credentials.ts";
import type { JobSpec, Launch } from "../ports/store.ts";
import type { DriverSurroundings, Surroundings } from "../ports/surroundings.ts";
import { nodeVariables } from "./node-variables.ts";

/** Where a container runs, as far as its environment tells. */
export interface ContainerPlace {
  readonly job: Job;
  readonly launch: Launch;
  /** Of the attempt; undefined when it was deleted meanwhile. */
  readonly environment: Environment | undefined;
  /** Index of the unit that the container is, of a job that has units. */
  readonly unit?: number;
}

/** What a job needs to call the server. */
export interface CallingBack {
  readonly surroundings: Surroundings;
  readonly credentials: JobCredentials;
}

/**
 * The complete environment of a container (reference 4.5). What it needs to call this server gives way to what the user set; what AWS Batch sets
 * wins over everything.
 *
 * @param given the container's own entries.
 */
export function jobEnvironment(
  place: ContainerPlace,
  given: readonly KeyValuePair[] | undefined,
  callingBack: CallingBack,
): Record<string, string> {
  const attempt = activeAttempt(place.job.state)!;
  const surroundings = callingBack.surroundings.of(attempt.driver);
  const users = {
    ...surroundings.variables,
    ...Object.fromEntries((given ?? []).map(({ name, value }) => [name!, value ?? ""] as const)),
  };
  return {
    ...serverVariables(place, users, surroundings, callingBack.credentials),
    ...users,
    ...batchVariables(place, attempt),
  };
}

/** Any of these says that the user brings credentials: a second source beside them would win, or make half a pair. */
const BRINGS_CREDENTIALS =
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|SHARED_CREDENTIALS_FILE|CONFIG_FILE|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|CONTAINER_CREDENTIALS_.*)$/;

function serverVariables(
  { job, launch, unit }: ContainerPlace,
  users: Readonly<Record<string, string>>,
  { serverUrl }: DriverSurroundings,
  credentials: JobCredentials,
): Record<string, string> {
  const region = launch.scope.split("/")[1]!;
  const ofRegion = { AWS_REGION: region, AWS_DEFAULT_REGION: region };
  if (serverUrl === undefined) return ofRegion;
  const bringsCredentials = Object.keys(users).some((name) => BRINGS_CREDENTIALS.test(name));
  return {
    ...ofRegion,
    // An endpoint for one service would win over the user's for all.
    ...(users["AWS_ENDPOINT_URL"] === undefined && endpointVariables(serverUrl)),
    ...(!bringsCredentials && keyVariables(credentials.issue(job.id))),
    ...(!isPod(launch.spec) && {
      ECS_CONTAINER_METADATA_URI_V4: `${serverUrl}/ecs/v4/${containerId(activeAttempt(job.state)!.id, unit)}`,
    }),
  };
}

/** Pods are no tasks of ECS. */
function isPod({ eksProperties, nodeProperties }: JobSpec): boolean {
  return eksProperties !== undefined || nodeProperties?.nodeRangeProperties?.[0]?.eksProperties !== undefined;
}

/** The services that are answered here. Not AWS_ENDPOINT_URL: objects, say, are kept elsewhere. */
const SERVICES = ["BATCH", "CLOUDWATCH_LOGS", "STS", "ECS", "EC2"];

function endpointVariables(url: string): Record<string, string> {
  return Object.fromEntries(SERVICES.map((service) => [`AWS_ENDPOINT_URL_${service}`, url]));
}

function keyVariables({ accessKeyId, secretAccessKey }: AccessKey): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
}

function batchVariables({ job, launch, environment, unit }: ContainerPlace, attempt: Attempt): Record<string, string> {
  return {
    AWS_BATCH_JOB_ID: job.id,
    AWS_BATCH_JOB_ATTEMPT: String(attemptsMade(job.state)),
    AWS_BATCH_JQ_NAME: resourceName(job.queueArn),
    AWS_BATCH_CE_NAME: resourceName(attempt.environmentArn),
    ...(isPod(launch.spec)
      ? { AWS_BATCH_JOB_KUBERNETES_NODE_UID: uuidFrom(instanceId(attempt.environmentArn)) }
      : { AWS_EXECUTION_ENV: environment?.isFargate === true ? "AWS_ECS_FARGATE" : "AWS_ECS_EC2" }),
    ...(job.parent !== undefined && {
      AWS_BATCH_JOB_ARRAY_INDEX: String(job.parent.index),
      AWS_BATCH_JOB_ARRAY_SIZE: String(launch.arraySize),
    }),
    ...(unit !== undefined && nodeVariables(job, unit)),
  };
}

function resourceName(arn: string): string {
  return arn.slice(arn.indexOf("/") + 1);
}
