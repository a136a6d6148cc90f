import { invalidParameterException } from "../wire/errors.ts";
import type { LogsOperationName } from "../wire/operations.ts";

/** What a value breaks: where it stands in the request, and the constraint in AWS's words. */
interface Violation {
  readonly path: string;
  readonly value: unknown;
  readonly constraint: string;
}

/** What a value must be. Its type is right already. */
export type Shape = (value: unknown, path: string) => readonly Violation[];

const GROUP_NAME = text({ min: 1, max: 512, pattern: String.raw`[\.\-_/#A-Za-z0-9]+` });
const GROUP_IDENTIFIER = text({ min: 1, max: 2048, pattern: String.raw`[\w#+=/:,.@-]*` });
/** DescribeLogGroups gives ARNs that end in a star. */
const READ_GROUP_IDENTIFIER = text({ min: 1, max: 2048, pattern: String.raw`[\w#+=/:,.@*-]*` });
const STREAM_NAME = text({ min: 1, max: 512, pattern: "[^:*]*" });
const RESOURCE_ARN = text({ min: 1, max: 1011, pattern: String.raw`[\w#+=/:,.@*-]*` });
const TIME = number(0, Number.MAX_SAFE_INTEGER);
const TAG_KEY = text({ min: 1, max: 128, pattern: String.raw`^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$` });
const TAG_VALUE = text({ max: 256, pattern: String.raw`^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$` });
const TAGS = map({ min: 1, max: 50 }, TAG_KEY, TAG_VALUE);
const CLASS = oneOf(["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]);
const ACCOUNT = text({ min: 12, max: 12, pattern: String.raw`^\d{12}$` });
/** The days for which events can be kept. */
const RETENTIONS = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731],
  ...[1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

const STREAM = { logGroupName: GROUP_NAME, logStreamName: STREAM_NAME };
const READ_GROUP = { logGroupName: GROUP_NAME, logGroupIdentifier: READ_GROUP_IDENTIFIER };
const RANGE = { startTime: TIME, endTime: TIME, limit: number(1, 10_000) };

/** The constraints of the service's model, by operation and member. */
export const CONSTRAINTS: Readonly<Record<LogsOperationName, Readonly<Record<string, Shape>>>> = {
  CreateLogGroup: { logGroupName: GROUP_NAME, kmsKeyId: text({ max: 256 }), tags: TAGS, logGroupClass: CLASS },
  DeleteLogGroup: { logGroupName: GROUP_NAME },
  CreateLogStream: STREAM,
  DeleteLogStream: STREAM,
  PutLogEvents: {
    ...STREAM,
    logEvents: list({ min: 1, max: 10_000 }, structure({ timestamp: TIME, message: text({ min: 1 }) })),
  },
  PutRetentionPolicy: { logGroupName: GROUP_NAME, retentionInDays: oneOf(RETENTIONS) },
  DeleteRetentionPolicy: { logGroupName: GROUP_NAME },
  PutLogGroupDeletionProtection: { logGroupIdentifier: GROUP_IDENTIFIER },
  TagResource: { resourceArn: RESOURCE_ARN, tags: TAGS },
  UntagResource: { resourceArn: RESOURCE_ARN, tagKeys: list({ max: 50 }, TAG_KEY) },
  ListTagsForResource: { resourceArn: RESOURCE_ARN },
  TagLogGroup: { logGroupName: GROUP_NAME, tags: TAGS },
  UntagLogGroup: { logGroupName: GROUP_NAME, tags: list({ min: 1 }, TAG_KEY) },
  ListTagsLogGroup: { logGroupName: GROUP_NAME },
  DescribeLogGroups: {
    accountIdentifiers: list({ max: 20 }, ACCOUNT),
    logGroupNamePrefix: GROUP_NAME,
    logGroupNamePattern: text({ max: 512, pattern: String.raw`[\.\-_/#A-Za-z0-9]*` }),
    limit: number(1, 50),
    logGroupClass: CLASS,
    logGroupIdentifiers: list({ min: 1, max: 50 }, READ_GROUP_IDENTIFIER),
  },
  DescribeLogStreams: {
    ...READ_GROUP,
    logStreamNamePrefix: STREAM_NAME,
    orderBy: oneOf(["LogStreamName", "LastEventTime"]),
    limit: number(1, 50),
  },
  GetLogEvents: { ...READ_GROUP, logStreamName: STREAM_NAME, ...RANGE },
  FilterLogEvents: {
    ...READ_GROUP,
    logStreamNames: list({ min: 1, max: 100 }, STREAM_NAME),
    logStreamNamePrefix: STREAM_NAME,
    filterPattern: text({ max: 1024 }),
    ...RANGE,
  },
};

/** More are not told: one request may have ten thousand. */
const VIOLATIONS_TOLD = 10;

/** @throws InvalidParameterException with all that is wrong. */
export function checkInput(operation: LogsOperationName, input: object): void {
  const found = violationsOf(CONSTRAINTS[operation], input, "");
  if (found.length === 0) return;
  const told = found
    .slice(0, VIOLATIONS_TOLD)
    .map(
      ({ path, value, constraint }) =>
        `Value '${quote(value)}' at '${path}' failed to satisfy constraint: ${constraint}`,
    );
  const count = `${found.length} validation error${found.length === 1 ? "" : "s"} detected: `;
  throw invalidParameterException(count + told.join("; "));
}

function violationsOf(shapes: Readonly<Record<string, Shape>>, structured: object, path: string): Violation[] {
  const members = structured as Readonly<Record<string, unknown>>;
  return Object.entries(shapes).flatMap(([name, shape]) => {
    const value = members[name];
    return value === undefined ? [] : shape(value, path === "" ? name : `${path}.${name}`);
  });
}

function structure(shapes: Readonly<Record<string, Shape>>): Shape {
  return (value, path) => violationsOf(shapes, value as object, path);
}

function text({ min = 0, max = Infinity, pattern }: { min?: number; max?: number; pattern?: string }): Shape {
  const whole = new RegExp(`^(?:${pattern ?? "[^]*"})$`, "u");
  return (value, path) => {
    const given = value as string;
    const broken = lengthProblems(given.length, min, max);
    if (!whole.test(given)) broken.push(`Member must satisfy regular expression pattern: ${pattern}`);
    return broken.map((constraint) => ({ path, value, constraint }));
  };
}

function lengthProblems(length: number, min: number, max: number): string[] {
  if (length < min) return [`Member must have length greater than or equal to ${min}`];
  return length > max ? [`Member must have length less than or equal to ${max}`] : [];
}

function number(min: number, max: number): Shape {
  return (value, path) => {
    const given = value as number;
    if (given < min) return [{ path, value, constraint: `Member must have value greater than or equal to ${min}` }];
    return given > max ? [{ path, value, constraint: `Member must have value less than or equal to ${max}` }] : [];
  };
}

function oneOf(allowed: readonly (string | number)[]): Shape {
  const constraint = `Member must satisfy enum value set: [${allowed.join(", ")}]`;
  return (value, path) => (allowed.includes(value as string | number) ? [] : [{ path, value, constraint }]);
}

/** AWS counts the members of a list from 1. */
function list({ min = 0, max = Infinity }: { min?: number; max?: number }, item: Shape): Shape {
  return (value, path) => {
    const items = value as readonly unknown[];
    const broken = lengthProblems(items.length, min, max).map((constraint) => ({ path, value, constraint }));
    return [...broken, ...items.flatMap((one, index) => item(one, `${path}.${index + 1}.member`))];
  };
}

function map({ min, max }: { min: number; max: number }, key: Shape, entry: Shape): Shape {
  return (value, path) => {
    const entries = Object.entries(value as Readonly<Record<string, unknown>>);
    const broken = lengthProblems(entries.length, min, max).map((constraint) => ({ path, value, constraint }));
    const inside = entries.flatMap(([name, one]) => [...key(name, path), ...entry(one, `${path}.${name}.member`)]);
    return [...broken, ...inside];
  };
}

const LONGEST_QUOTE = 300;

function quote(value: unknown): string {
  const whole = typeof value === "string" ? value : JSON.stringify(value);
  return whole.length > LONGEST_QUOTE ? `${whole.slice(0, LONGEST_QUOTE)}...` : whole;
}
