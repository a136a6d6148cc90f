import type { Clock } from "../../ports/clock.ts";
import type { LogStreams } from "../../ports/log-streams.ts";
import type { Call, LogsInput, LogsOutput } from "../wire/operations.ts";
import { checkedLimit, exclusive } from "./checks.ts";
import { DEFAULT_GROUP, groupArn, groupOfIdentifier, scopeOf } from "./groups.ts";
import { listToken, readListToken } from "./tokens.ts";

const MAX_GROUPS = 50;

type Input = LogsInput<"DescribeLogGroups">;

export function createDescribeLogGroups({ streams, clock }: { readonly streams: LogStreams; readonly clock: Clock }) {
  const beginning = clock.now();

  /** The groups, in order of their names. Sizes are not kept: `storedBytes` is 0. */
  return async (input: Input, call: Call): Promise<LogsOutput<"DescribeLogGroups">> => {
    const { logGroupNamePrefix, logGroupNamePattern } = input;
    exclusive({ logGroupNamePrefix, logGroupNamePattern });
    const limit = checkedLimit(input.limit, MAX_GROUPS);
    const scope = scopeOf(call);
    const bound = [scope, logGroupNamePrefix ?? null, logGroupNamePattern ?? null, input.logGroupIdentifiers ?? null];
    const after = readListToken(bound, input.nextToken, (place) => typeof place === "string") ?? "";
    const wanted = wants(input, call);
    const created = await creationTimes(streams, scope, beginning);
    const names = [...created.keys()].filter((group) => group > after && wanted(group)).toSorted();
    const page = names.slice(0, limit);
    return {
      logGroups: page.map((group) => ({
        logGroupName: group,
        creationTime: created.get(group),
        metricFilterCount: 0,
        arn: `${groupArn(call, group)}:*`,
        storedBytes: 0,
        logGroupClass: "STANDARD",
        logGroupArn: groupArn(call, group),
      })),
      ...(names.length > limit ? { nextToken: listToken(bound, page.at(-1)) } : {}),
    };
  };
}

/** The default group is as old as its first stream, or as this server when it has none yet. */
async function creationTimes(streams: LogStreams, scope: string, beginning: number): Promise<Map<string, number>> {
  const known = await streams.groups(scope);
  return new Map([[DEFAULT_GROUP, beginning], ...known.map(({ group, createdAt }) => [group, createdAt] as const)]);
}

function wants(input: Input, call: Call): (group: string) => boolean {
  const { logGroupNamePrefix: prefix, logGroupNamePattern: part, logGroupIdentifiers: identifiers } = input;
  if (input.logGroupClass !== undefined && input.logGroupClass !== "STANDARD") return () => false;
  const named = identifiers?.map((identifier) => groupOfIdentifier(identifier, call));
  return (group) =>
    group.startsWith(prefix ?? "") && group.includes(part ?? "") && (named === undefined || named.includes(group));
}
