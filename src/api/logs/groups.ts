import type { LogStreams } from "../../ports/log-streams.ts";
import { invalidParameterException, resourceNotFoundException } from "../wire/errors.ts";
import type { ApiError } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import { exclusive } from "./checks.ts";

/** The group of all jobs whose definition names no other. It exists from the beginning. */
export const DEFAULT_GROUP = "/aws/batch/job";

export function scopeOf(call: Call): string {
  return `${call.account}/${call.region}`;
}

export function groupArn(call: Call, group: string): string {
  return `arn:aws:logs:${call.region}:${call.account}:log-group:${group}`;
}

/** The group that a request means by `logGroupName` or by `logGroupIdentifier`, a name or an ARN (with or without `:*`). */
export function requestedGroup(
  input: { readonly logGroupName?: string | undefined; readonly logGroupIdentifier?: string | undefined },
  call: Call,
): string {
  const { logGroupName, logGroupIdentifier } = input;
  exclusive({ logGroupName, logGroupIdentifier });
  if (logGroupName !== undefined) return logGroupName;
  if (logGroupIdentifier === undefined) {
    throw invalidParameterException("Specify logGroupName or logGroupIdentifier.");
  }
  return groupOfIdentifier(logGroupIdentifier, call);
}

/** A group of another account or region does not exist here. */
export function groupOfIdentifier(identifier: string, call: Call): string {
  if (!identifier.startsWith("arn:")) return identifier;
  const parts = /^arn:[^:]+:logs:([^:]*):([^:]*):log-group:([^:]+)(:\*)?$/.exec(identifier);
  if (parts === null) throw invalidParameterException(`Not the ARN of a log group: ${identifier}`);
  const [, region, account, group] = parts;
  if (group === undefined || region !== call.region || account !== call.account) throw noSuchGroup();
  return group;
}

/** Names what is missing, for a request that found no stream: the group, or only the stream. */
export async function missing(streams: LogStreams, scope: string, group: string): Promise<ApiError> {
  return (await groupExists(streams, scope, group))
    ? resourceNotFoundException("The specified log stream does not exist.")
    : noSuchGroup();
}

/** Asked only when a stream was not found: the answer costs a look at all streams. */
export async function requireGroup(streams: LogStreams, scope: string, group: string): Promise<void> {
  if (!(await groupExists(streams, scope, group))) throw noSuchGroup();
}

async function groupExists(streams: LogStreams, scope: string, group: string): Promise<boolean> {
  if (group === DEFAULT_GROUP) return true;
  return (await streams.groups(scope)).some((known) => known.group === group);
}

function noSuchGroup(): ApiError {
  return resourceNotFoundException("The specified log group does not exist.");
}
