import type { ContainerProperties } from "@aws-sdk/client-batch";
import { instanceIdOf } from "../core/ecs-names.ts";
import { containerId, uuidFrom } from "../core/ids.ts";
import type { Attempt, Job } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";
import { nthIndex, parseArrayIndexes } from "../core/submission/array-indexes.ts";
import { submittedContext } from "../core/submission/submitted-context.ts";
import { attemptContext, traceparentOf } from "../core/trace-context.ts";
import { attemptsMade } from "../core/quota/preempted.ts";
import type { Environment } from "../core/resources.ts";
import type { AccessKey, JobCredentials } from "../ports/credentials.ts";
import type { RoleCredentials } from "../ports/role-credentials.ts";
import { NO_ROLES } from "../ports/role-credentials.ts";
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
  readonly roles: Pick<RoleCredentials, "has">;
  /** Whether attempts are told of as spans: then a job's own are below its attempt's. */
  readonly isTraced?: boolean;
}

/** Where there is no server to call: for simulated jobs. */
export const NOBODY_TO_CALL: CallingBack = {
  surroundings: { of: () => ({ variables: {} }) },
  credentials: { issue: () => ({ accessKeyId: "", secretAccessKey: "" }), pathOf: () => "", tokenOf: () => "" },
  roles: NO_ROLES,
};

/**
 * The complete environment of a container (reference 4.5). What it needs to call this server gives way to what the user set; what AWS Batch sets
 * wins over everything.
 *
 * @param container its own entries; its secrets get their values later, so here they only keep others from being set.
 */
export function jobEnvironment(
  place: ContainerPlace,
  container: Pick<ContainerProperties, "environment" | "secrets" | "jobRoleArn">,
  callingBack: CallingBack,
): Record<string, string> {
  const attempt = activeAttempt(place.job.state)!;
  const surroundings = callingBack.surroundings.of(attempt.driver);
  const users = {
    ...surroundings.variables,
    ...Object.fromEntries((container.environment ?? []).map(({ name, value }) => [name!, value ?? ""] as const)),
  };
  const secrets = (container.secrets ?? []).map(({ name }) => name!);
  const taken = new Set([...Object.keys(users), ...secrets]);
  const role = container.jobRoleArn;
  const hasRole = role !== undefined && callingBack.roles.has(role);
  const server = serverVariables({ ...place, hasRole }, taken, surroundings, callingBack.credentials);
  const variables = { ...server, ...users, ...traceVariables(place, attempt, callingBack.isTraced === true) };
  for (const name of secrets) delete variables[name];
  return { ...variables, ...batchVariables(place, attempt) };
}

/** Without traces of ours, a job is told of its submitter's. */
function traceVariables({ job, launch }: ContainerPlace, attempt: Attempt, isTraced: boolean): Record<string, string> {
  const submitted = submittedContext(launch.spec);
  const context = isTraced ? attemptContext(job.id, attempt.id, submitted) : submitted;
  return context === undefined ? {} : { TRACEPARENT: traceparentOf(context) };
}

/** Any of these says that the user brings credentials: a second source beside them would win, or make half a pair. */
const BRINGS_CREDENTIALS =
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|PROFILE|SHARED_CREDENTIALS_FILE|CONFIG_FILE|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|CONTAINER_CREDENTIALS_.*)$/;

function serverVariables(
  { job, launch, unit, hasRole }: ContainerPlace & { readonly hasRole: boolean },
  taken: ReadonlySet<string>,
  { serverUrl, credentialsUrl }: DriverSurroundings,
  credentials: JobCredentials,
): Record<string, string> {
  const region = launch.scope.split("/")[1]!;
  const ofRegion = { AWS_REGION: region, AWS_DEFAULT_REGION: region };
  if (serverUrl === undefined) return ofRegion;
  const id = containerId(activeAttempt(job.state)!.id, unit);
  const bringsCredentials = [...taken].some((name) => BRINGS_CREDENTIALS.test(name));
  const ofRole = hasRole && !bringsCredentials && credentialsUrl !== undefined;
  // What is signed with the role's keys does not say which job it is from.
  const callUrl = ofRole ? `${serverUrl}${credentials.pathOf(job.id)}` : serverUrl;
  return {
    ...ofRegion,
    // An endpoint for one service would win over the user's for all.
    ...(!taken.has("AWS_ENDPOINT_URL") && endpointVariables(callUrl)),
    ...(!bringsCredentials && !ofRole && keyVariables(credentials.issue(job.id))),
    ...(ofRole && {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${credentialsUrl}/ecs/v4/${id}/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: credentials.tokenOf(id),
    }),
    ...(!isPod(launch.spec) && { ECS_CONTAINER_METADATA_URI_V4: `${serverUrl}/ecs/v4/${id}` }),
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
      ? { AWS_BATCH_JOB_KUBERNETES_NODE_UID: uuidFrom(instanceIdOf(attempt)) }
      : { AWS_EXECUTION_ENV: environment?.isFargate === true ? "AWS_ECS_FARGATE" : "AWS_ECS_EC2" }),
    ...arrayVariables(job, launch),
    ...(unit !== undefined && nodeVariables(job, unit)),
  };
}

/** A rerun of some children sees the indexes, and the size, of the array that it is of. */
function arrayVariables({ parent }: Job, { spec, arraySize }: Launch): Record<string, string> {
  const indexes = spec.arrayIndexes === undefined ? undefined : parseArrayIndexes(spec.arrayIndexes);
  if (parent === undefined && indexes === undefined) return {};
  const place = parent?.index ?? 0;
  const index = indexes === undefined ? place : nthIndex(indexes.spans, place);
  const size = indexes?.of ?? arraySize;
  return {
    AWS_BATCH_JOB_ARRAY_INDEX: String(index ?? place),
    ...(size !== undefined && { AWS_BATCH_JOB_ARRAY_SIZE: String(size) }),
  };
}

function resourceName(arn: string): string {
  return arn.slice(arn.indexOf("/") + 1);
}
