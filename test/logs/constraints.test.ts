import assert from "node:assert/strict";
import { test } from "node:test";
import { checkInput, CONSTRAINTS } from "../../src/api/logs/constraints.ts";
import type { LogsOperationName } from "../../src/api/wire/operations.ts";

/** A member's value that breaks one constraint, where it stands when it is inside the member, and AWS's words for the constraint. */
type Example = readonly [value: unknown, constraint: string, path?: string];

const longer = (length: number): string => "x".repeat(length + 1);
const tooShort = (min: number) => `Member must have length greater than or equal to ${min}`;
const tooLong = (max: number) => `Member must have length less than or equal to ${max}`;
const pattern = (text: string) => `Member must satisfy regular expression pattern: ${text}`;
const atLeast = (min: number) => `Member must have value greater than or equal to ${min}`;
const atMost = (max: number) => `Member must have value less than or equal to ${max}`;
const oneOf = (values: string) => `Member must satisfy enum value set: [${values}]`;

const GROUP_NAME: Example[] = [
  ["", tooShort(1)],
  [longer(512), tooLong(512)],
  ["a b", pattern(String.raw`[\.\-_/#A-Za-z0-9]+`)],
];
const STREAM_NAME: Example[] = [
  ["", tooShort(1)],
  [longer(512), tooLong(512)],
  ["a:b", pattern("[^:*]*")],
  ["a*", pattern("[^:*]*")],
];
const identifier = (stars: string, max = 2048): Example[] => [
  ["", tooShort(1)],
  [longer(max), tooLong(max)],
  ["a b", pattern(String.raw`[\w#+=/:,.@${stars}-]*`)],
];
const TIME: Example[] = [[-1, atLeast(0)]];
const within = (max: number): Example[] => [
  [0, atLeast(1)],
  [max + 1, atMost(max)],
];
const TAG_KEY = (path: string): Example[] => [
  [{ "": "x" }, tooShort(1), path],
  [{ [longer(128)]: "x" }, tooLong(128), path],
  [{ "a!": "x" }, pattern(String.raw`^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$`), path],
];
const TAGS: Example[] = [
  [{}, tooShort(1)],
  [Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, ""])), tooLong(50)],
  ...TAG_KEY("tags"),
  [{ k: longer(256) }, tooLong(256), "tags.k.member"],
  [{ k: "!" }, pattern(String.raw`^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`), "tags.k.member"],
];
const CLASS: Example[] = [["COLD", oneOf("STANDARD, INFREQUENT_ACCESS, DELIVERY")]];
const RETENTION =
  "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653";

const group = { logGroupName: GROUP_NAME };
const stream = { ...group, logStreamName: STREAM_NAME };
const reads = { ...group, logGroupIdentifier: identifier("*") };
const resource = { resourceArn: identifier("*", 1011) };
const range = { startTime: TIME, endTime: TIME, limit: within(10_000) };
const event = { timestamp: 0, message: "x" };

const EXAMPLES: Readonly<Record<LogsOperationName, Readonly<Record<string, readonly Example[]>>>> = {
  CreateLogGroup: { ...group, kmsKeyId: [[longer(256), tooLong(256)]], tags: TAGS, logGroupClass: CLASS },
  DeleteLogGroup: group,
  CreateLogStream: stream,
  DeleteLogStream: stream,
  PutLogEvents: {
    ...stream,
    logEvents: [
      [[], tooShort(1)],
      [Array.from({ length: 10_001 }, () => event), tooLong(10_000)],
      [[event, { ...event, timestamp: -1 }], atLeast(0), "logEvents.2.member.timestamp"],
      [[{ ...event, message: "" }], tooShort(1), "logEvents.1.member.message"],
    ],
  },
  PutRetentionPolicy: { ...group, retentionInDays: [[2, oneOf(RETENTION)]] },
  DeleteRetentionPolicy: group,
  PutLogGroupDeletionProtection: { logGroupIdentifier: identifier("") },
  TagResource: { ...resource, tags: TAGS },
  UntagResource: {
    ...resource,
    tagKeys: [
      [Array.from({ length: 51 }, () => "k"), tooLong(50)],
      [["k", ""], tooShort(1), "tagKeys.2.member"],
    ],
  },
  ListTagsForResource: resource,
  TagLogGroup: { ...group, tags: TAGS },
  UntagLogGroup: {
    ...group,
    tags: [
      [[], tooShort(1)],
      [["a!"], pattern(String.raw`^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$`), "tags.1.member"],
    ],
  },
  ListTagsLogGroup: group,
  DescribeLogGroups: {
    accountIdentifiers: [
      [Array.from({ length: 21 }, () => "123456789012"), tooLong(20)],
      [["12345678901"], tooShort(12), "accountIdentifiers.1.member"],
      [["12345678901x"], pattern(String.raw`^\d{12}$`), "accountIdentifiers.1.member"],
    ],
    logGroupNamePrefix: GROUP_NAME,
    logGroupNamePattern: [
      [longer(512), tooLong(512)],
      ["*", pattern(String.raw`[\.\-_/#A-Za-z0-9]*`)],
    ],
    limit: within(50),
    logGroupClass: CLASS,
    logGroupIdentifiers: [
      [[], tooShort(1)],
      [Array.from({ length: 51 }, () => "g"), tooLong(50)],
      [["a b"], pattern(String.raw`[\w#+=/:,.@*-]*`), "logGroupIdentifiers.1.member"],
    ],
  },
  DescribeLogStreams: {
    ...reads,
    logStreamNamePrefix: STREAM_NAME,
    orderBy: [["Size", oneOf("LogStreamName, LastEventTime")]],
    limit: within(50),
  },
  GetLogEvents: { ...reads, logStreamName: STREAM_NAME, ...range },
  FilterLogEvents: {
    ...reads,
    logStreamNames: [
      [[], tooShort(1)],
      [Array.from({ length: 101 }, () => "s"), tooLong(100)],
      [["s", "a:b"], pattern("[^:*]*"), "logStreamNames.2.member"],
    ],
    logStreamNamePrefix: STREAM_NAME,
    filterPattern: [[longer(1024), tooLong(1024)]],
    ...range,
  },
};

test("each constraint of each member refuses what breaks it, in AWS's words", () => {
  for (const operation of Object.keys(CONSTRAINTS) as LogsOperationName[]) {
    assert.deepEqual(Object.keys(EXAMPLES[operation]).sort(), Object.keys(CONSTRAINTS[operation]).sort(), operation);
    for (const [member, examples] of Object.entries(EXAMPLES[operation])) {
      for (const [value, constraint, path = member] of examples) {
        const told = `' at '${path}' failed to satisfy constraint: ${constraint}`;
        const isTold = (error: Error & { code?: string }): boolean =>
          error.code === "InvalidParameterException" && error.message.includes(told);
        assert.throws(() => checkInput(operation, { [member]: value }), isTold, `${operation}.${member}`);
      }
    }
  }
});

test("the value is quoted, cut when it is long", () => {
  const refusal = (logGroupName: string): string => {
    try {
      checkInput("DeleteLogGroup", { logGroupName });
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const constraint = String.raw`failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`;
  assert.equal(refusal("a b"), `1 validation error detected: Value 'a b' at 'logGroupName' ${constraint}`);
  const long = "!".repeat(400);
  assert.equal(
    refusal(long),
    `1 validation error detected: Value '${long.slice(0, 300)}...' at 'logGroupName' ${constraint}`,
  );
  assert.equal(refusal("/aws/batch/job"), "");
});

test("several violations are told together, not endlessly many", () => {
  assert.throws(() => checkInput("CreateLogStream", { logGroupName: "a b", logStreamName: "" }), {
    message:
      String.raw`2 validation errors detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+; ` +
      "Value '' at 'logStreamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
  });
  const logEvents = Array.from({ length: 9_000 }, () => ({ timestamp: 0, message: "" }));
  assert.throws(
    () => checkInput("PutLogEvents", { logEvents }),
    (error: Error) => {
      assert.match(error.message, /^9000 validation errors detected: /);
      assert.ok(error.message.length < 2_000);
      return true;
    },
  );
});
