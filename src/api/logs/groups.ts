import type { LogGroup } from "../../ports/log-groups.ts";
import type { LogStream } from "../../ports/log-streams.ts";
import { invalidParameterException, logsValidationException, resourceNotFoundException } from "../wire/errors.ts";
import type { ApiError } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { TEXTS } from "./texts.ts";

/** The group of all jobs whose definition names no other. It exists from the beginning, and is there again when it was deleted. */
export const DEFAULT_GROUP = "/aws/batch/job";

/** The default group before anything was kept about it. No streams are in it. */
const UNKEPT_GROUP = -1;

export function scopeOf(call: Call): string {
  return `${call.account}/${call.region}`;
}

export function groupArn(call: Call, group: string): string {
  return `arn:aws:logs:${call.region}:${call.account}:log-group:${group}`;
}

export function defaultGroup(createdAt: number): LogGroup {
  return { id: UNKEPT_GROUP, name: DEFAULT_GROUP, createdAt, settings: {} };
}

/** @throws ResourceNotFoundException. */
export async function requireGroup(backend: LogsBackend, call: Call, name: string): Promise<LogGroup> {
  const group = await backend.groups.find(scopeOf(call), name);
  if (group !== undefined) return group;
  if (name === DEFAULT_GROUP) return defaultGroup(0);
  throw noSuchGroup();
}

/** A group that something will be kept about. */
export async function requireKeptGroup(backend: LogsBackend, call: Call, name: string): Promise<LogGroup> {
  const group = await requireGroup(backend, call, name);
  if (group.id !== UNKEPT_GROUP) return group;
  await backend.groups.create(scopeOf(call), { name, createdAt: backend.clock.now(), settings: {} });
  return requireGroup(backend, call, name);
}

interface Named {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}

/** The group that a request means by `logGroupName` or by `logGroupIdentifier`, a name or an ARN (with or without `:*`). */
export function requestedGroup(backend: LogsBackend, call: Call, named: Named): Promise<LogGroup> {
  const { logGroupName, logGroupIdentifier } = named;
  if (logGroupName !== undefined && logGroupIdentifier !== undefined) throw logsValidationException(TEXTS.nameAndArn);
  if (logGroupName !== undefined) return requireGroup(backend, call, logGroupName);
  if (logGroupIdentifier === undefined) throw invalidParameterException(TEXTS.noGroupNamed);
  return requireGroup(backend, call, groupOfIdentifier(logGroupIdentifier, call));
}

/** A group of another account or region does not exist here. */
export function groupOfIdentifier(identifier: string, call: Call): string {
  if (!identifier.startsWith("arn:")) return identifier;
  const parts = /^arn:[^:]+:logs:([^:]*):([^:]*):log-group:([^:]+)(:\*)?$/.exec(identifier);
  if (parts === null) throw invalidParameterException(TEXTS.notGroupArn(identifier));
  const [, region, account, group] = parts;
  if (region !== call.region || account !== call.account) throw noSuchGroup();
  return group!;
}

/** @throws ResourceNotFoundException. */
export async function requireStream(backend: LogsBackend, group: LogGroup, name: string): Promise<LogStream> {
  const stream = await backend.streams.find(group.id, name);
  if (stream === undefined) throw resourceNotFoundException(TEXTS.noStream);
  return stream;
}

export function noSuchGroup(): ApiError {
  return resourceNotFoundException(TEXTS.noGroup);
}
