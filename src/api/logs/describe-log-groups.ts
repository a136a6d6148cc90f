import type { LogGroup, LogGroupQuery } from "../../ports/log-groups.ts";
import { invalidParameterException } from "../wire/errors.ts";
import type { Call, LogsInput, LogsOutput } from "../wire/operations.ts";
import type { LogsBackend } from "./backend.ts";
import { DEFAULT_GROUP, defaultGroup, groupArn, groupOfIdentifier, scopeOf } from "./groups.ts";
import { ListTokens } from "./list-tokens.ts";
import { TEXTS } from "./texts.ts";

const MAX_GROUPS = 50;

type Input = LogsInput<"DescribeLogGroups">;
type Detail = NonNullable<LogsOutput<"DescribeLogGroups">["logGroups"]>[number];

export function createDescribeLogGroups(backend: LogsBackend) {
  const beginning = backend.clock.now();

  /** The groups, in order of their names. Sizes are not kept: `storedBytes` is 0. */
  return async (input: Input, call: Call): Promise<LogsOutput<"DescribeLogGroups">> => {
    checkFilters(input);
    const limit = input.limit ?? MAX_GROUPS;
    const { logGroupNamePrefix, logGroupNamePattern, logGroupClass, logGroupIdentifiers } = input;
    const filters = [logGroupNamePrefix, logGroupNamePattern, logGroupClass, logGroupIdentifiers];
    const tokens = new ListTokens<string>(backend, call, ["DescribeLogGroups", ...filters.map((one) => one ?? null)]);
    const after = tokens.open(input.nextToken);
    if (!isAsked(input, call.account)) return { logGroups: [] };
    const query = queryOf(input, call, after, limit + 1);
    const found = withDefault(await backend.groups.list(scopeOf(call), query), query, beginning);
    const page = found.slice(0, limit);
    return {
      logGroups: page.map((group) => (logGroupNamePattern ? brief(group, call) : detail(group, call))),
      ...(found.length > limit && { nextToken: tokens.sign(page.at(-1)!.name) }),
    };
  };
}

function checkFilters({ logGroupNamePrefix, logGroupNamePattern, logGroupClass, logGroupIdentifiers }: Input): void {
  if (logGroupNamePrefix !== undefined && logGroupNamePattern !== undefined) {
    throw invalidParameterException(TEXTS.prefixAndPattern);
  }
  const others = [logGroupNamePrefix, logGroupNamePattern, logGroupClass];
  if (logGroupIdentifiers !== undefined && others.some((other) => other !== undefined)) {
    throw invalidParameterException(TEXTS.identifiersAlone);
  }
}

/** A monitoring account can ask about accounts that are linked to it; here none is. */
function isAsked({ includeLinkedAccounts, accountIdentifiers }: Input, account: string): boolean {
  return includeLinkedAccounts !== true || accountIdentifiers === undefined || accountIdentifiers.includes(account);
}

function queryOf(input: Input, call: Call, after: string | undefined, limit: number): LogGroupQuery {
  const { logGroupNamePrefix, logGroupNamePattern, logGroupClass, logGroupIdentifiers } = input;
  return {
    limit,
    ...(logGroupNamePrefix !== undefined && { prefix: logGroupNamePrefix }),
    ...(logGroupNamePattern !== undefined && { part: logGroupNamePattern }),
    ...(logGroupClass !== undefined && { logGroupClass }),
    ...(logGroupIdentifiers !== undefined && { names: logGroupIdentifiers.map((one) => groupOfIdentifier(one, call)) }),
    ...(after !== undefined && { after }),
  };
}

/** The default group is in its place even when nothing was kept about it: then it is as old as this server. */
function withDefault(found: readonly LogGroup[], query: LogGroupQuery, beginning: number): readonly LogGroup[] {
  const { prefix = "", part = "", names = [DEFAULT_GROUP], logGroupClass = "STANDARD", after = "", limit } = query;
  const isWanted =
    DEFAULT_GROUP.startsWith(prefix) &&
    DEFAULT_GROUP.includes(part) &&
    names.includes(DEFAULT_GROUP) &&
    logGroupClass === "STANDARD" &&
    DEFAULT_GROUP > after;
  const behind = found.findIndex(({ name }) => name >= DEFAULT_GROUP);
  if (!isWanted || found[behind]?.name === DEFAULT_GROUP) return found;
  return found.toSpliced(behind === -1 ? found.length : behind, 0, defaultGroup(beginning)).slice(0, limit);
}

/** All that AWS tells when groups are looked for by a part of their names. */
function brief({ name, createdAt }: LogGroup, call: Call): Detail {
  return { logGroupName: name, creationTime: createdAt, arn: `${groupArn(call, name)}:*` };
}

function detail(group: LogGroup, call: Call): Detail {
  const { retentionInDays, logGroupClass = "STANDARD", deletionProtectionEnabled } = group.settings;
  return {
    ...brief(group, call),
    ...(retentionInDays !== undefined && { retentionInDays }),
    metricFilterCount: 0,
    storedBytes: 0,
    logGroupClass: logGroupClass as NonNullable<Detail["logGroupClass"]>,
    logGroupArn: groupArn(call, group.name),
    deletionProtectionEnabled: deletionProtectionEnabled === true,
  };
}
