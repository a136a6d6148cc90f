import type { Demand, Demands } from "../access/authorized.ts";
import type { Call, LogsInput, LogsOperationName } from "../wire/operations.ts";

/** What each operation demands of the caller's policy, as CloudWatch Logs names its resources. */
export const LOGS_DEMANDS: { readonly [Op in LogsOperationName]: Demands<LogsInput<Op>> } = {
  CreateLogGroup: ({ logGroupName, tags }, call) => [
    ...onGroup("CreateLogGroup", call, { logGroupName }),
    ...(tags === undefined ? [] : onTagged("TagResource", call, { logGroupName })),
  ],
  DeleteLogGroup: (input, call) => onGroup("DeleteLogGroup", call, input),
  CreateLogStream: (input, call) => onGroup("CreateLogStream", call, input),
  DeleteLogStream: (input, call) => onStream("DeleteLogStream", call, input),
  PutLogEvents: (input, call) => onStream("PutLogEvents", call, input),
  PutRetentionPolicy: (input, call) => onGroup("PutRetentionPolicy", call, input),
  DeleteRetentionPolicy: (input, call) => onGroup("DeleteRetentionPolicy", call, input),
  PutLogGroupDeletionProtection: (input, call) => onGroup("PutLogGroupDeletionProtection", call, input),
  TagResource: ({ resourceArn }, call) => onTagged("TagResource", call, { logGroupIdentifier: resourceArn }),
  UntagResource: ({ resourceArn }, call) => onTagged("UntagResource", call, { logGroupIdentifier: resourceArn }),
  ListTagsForResource: ({ resourceArn }, call) =>
    onTagged("ListTagsForResource", call, { logGroupIdentifier: resourceArn }),
  TagLogGroup: (input, call) => onGroup("TagLogGroup", call, input),
  UntagLogGroup: (input, call) => onGroup("UntagLogGroup", call, input),
  ListTagsLogGroup: (input, call) => onGroup("ListTagsLogGroup", call, input),
  DescribeLogGroups: (_input, call) => [["DescribeLogGroups", stream(call, "")]],
  DescribeLogStreams: (input, call) => onGroup("DescribeLogStreams", call, input),
  FilterLogEvents: (input, call) => onGroup("FilterLogEvents", call, input),
  GetLogEvents: (input, call) => onStream("GetLogEvents", call, input),
};

interface NamesGroup {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}

function onGroup(action: string, call: Call, input: NamesGroup): Demand[] {
  return [[action, stream(call, groupOf(input))]];
}

/** The operations that take ARNs of whatever can have tags know a group by its ARN alone. */
function onTagged(action: string, { region, account }: Call, input: NamesGroup): Demand[] {
  return [[action, `arn:aws:logs:${region}:${account}:log-group:${groupOf(input)}`]];
}

function onStream(action: string, call: Call, input: NamesGroup & { readonly logStreamName: string }): Demand[] {
  return [[action, stream(call, groupOf(input), input.logStreamName)]];
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
