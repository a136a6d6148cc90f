import type { Demand, Demands } from "../access/authorized.ts";
import type { Call, LogsInput, LogsOperationName } from "../wire/operations.ts";

/** What each operation demands of the caller's policy, as CloudWatch Logs names its resources. */
export const LOGS_DEMANDS: { readonly [Op in LogsOperationName]: Demands<LogsInput<Op>> } = {
  DescribeLogGroups: (_input, call) => [["DescribeLogGroups", stream(call, "")]],
  DescribeLogStreams: (input, call) => onGroup("DescribeLogStreams", call, input),
  FilterLogEvents: (input, call) => onGroup("FilterLogEvents", call, input),
  GetLogEvents: (input, call) => [["GetLogEvents", stream(call, groupOf(input), input.logStreamName)]],
};

interface NamesGroup {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}

function onGroup(action: string, call: Call, input: NamesGroup): Demand[] {
  return [[action, stream(call, groupOf(input))]];
}

/** A group as a whole is the ARN with an empty stream: policies for groups end in `:*`. */
function stream({ region, account }: Call, group: string, name = ""): string {
  return `arn:aws:logs:${region}:${account}:log-group:${group}:log-stream:${name}`;
}

/** The name, also where an ARN was given: the handler lets only groups of this account and region through. */
function groupOf({ logGroupName, logGroupIdentifier = "" }: NamesGroup): string {
  if (logGroupName !== undefined) return logGroupName;
  return /^arn:[^:]*:logs:[^:]*:[^:]*:log-group:([^:]*)/.exec(logGroupIdentifier)?.[1] ?? logGroupIdentifier;
}
