import type { Call } from "../wire/operations.ts";

/** Whose resources a call is about. */
export function scopeOf({ account, region }: Call): string {
  return `${account}/${region}`;
}

export type NamedResource =
  | "compute-environment"
  | "job-queue"
  | "job-definition"
  | "job"
  | "scheduling-policy"
  | "service-environment"
  | "consumable-resource"
  | "service-job";

/** `arn:aws:batch:REGION:ACCOUNT:TYPE/NAME` (reference 1.6). */
export function arnOf(call: Pick<Call, "account" | "region">, type: NamedResource, name: string): string {
  return `arn:aws:batch:${call.region}:${call.account}:${type}/${name}`;
}

/** Clients name queues and environments by name or by ARN. */
export function toArn(call: Call, type: NamedResource, nameOrArn: string): string {
  return nameOrArn.startsWith("arn:") ? nameOrArn : arnOf(call, type, nameOrArn);
}

/** The last part of an ARN; anything else as it is. */
export function nameOf(arn: string): string {
  return arn.startsWith("arn:") ? arn.slice(arn.indexOf("/") + 1) : arn;
}

/** Jobs are named by id, and some clients use the ARN. */
export function toJobId(idOrArn: string): string {
  return nameOf(idOrArn);
}

/** Queues, environments, definitions: letters, digits, - and _, at most 128. */
export const RESOURCE_NAME = /^[A-Za-z0-9_-]{1,128}$/;
export const JOB_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
/** Container images: a name with its registry, tag and digest (reference 4.6). */
export const IMAGE_NAME = /^[A-Za-z0-9_\-:./#@]{1,255}$/;
/** Of a fair share, in policies and of jobs (reference 10 no. 37). */
export const SHARE_IDENTIFIER = /^[A-Za-z0-9_-]{1,255}\*?$/;
