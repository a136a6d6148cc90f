import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { BatchOperationName } from "../../src/api/wire/operations.ts";
import { send } from "../every-operation/world.ts";
import { apiServer, prefixed, refused } from "./server.ts";

const { batch } = await apiServer({ after });

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `name-${n}`);
const tags = (count: number) => Object.fromEntries(names(count).map((name) => [name, ""]));
const QUEUE = "arn:aws:batch:us-east-1:123456789012:job-queue/default";
const reason = "enough";

/** Reference 9: what one request can name, with the largest that is right. */
const LISTS: readonly [BatchOperationName, (count: number) => object, number, string | RegExp][] = [
  ...(
    [
      ["DescribeComputeEnvironments", "computeEnvironments"],
      ["DescribeJobQueues", "jobQueues"],
      ["DescribeJobDefinitions", "jobDefinitions"],
      ["DescribeServiceEnvironments", "serviceEnvironments"],
    ] as const
  ).map(([operation, member]): (typeof LISTS)[number] => [
    operation,
    (count) => ({ [member]: names(count).map((name) => (member === "jobDefinitions" ? `${name}:1` : name)) }),
    100,
    `${member} can have at most 100 entries.`,
  ]),
  [
    "DescribeSchedulingPolicies",
    (count) => ({ arns: names(count).map((name) => `arn:aws:batch:us-east-1:123456789012:scheduling-policy/${name}`) }),
    100,
    "arns can have at most 100 entries.",
  ],
  ["DescribeJobs", (count) => ({ jobs: names(count) }), 100, prefixed("Maximum number of jobs supported is  100")],
  ...(["CancelJobs", "TerminateJobs", "TerminateServiceJobs"] as const).map((operation): (typeof LISTS)[number] => [
    operation,
    (count) => ({ jobs: names(count), reason }),
    50,
    prefixed("jobs must have 1 to 50 entries."),
  ]),
  [
    "TagResource",
    (count) => ({ resourceArn: QUEUE, tags: tags(count) }),
    50,
    prefixed("A resource can have at most 50 tags."),
  ],
  [
    "UntagResource",
    (count) => ({ resourceArn: QUEUE, tagKeys: names(count) }),
    50,
    prefixed("tagKeys must have 1 to 50 entries."),
  ],
];

for (const [operation, input, most, message] of LISTS) {
  test(`${operation} takes ${most} entries and not one more`, async () => {
    await send(batch, operation, input(most));
    await assert.rejects(send(batch, operation, input(most + 1)), refused(message));
  });
}

/** Reference 1.5: those that have pages of 1 to 100. */
const PAGED: readonly [BatchOperationName, object][] = [
  ["DescribeComputeEnvironments", {}],
  ["DescribeJobQueues", {}],
  ["DescribeJobDefinitions", {}],
  ["DescribeServiceEnvironments", {}],
  ["ListConsumableResources", {}],
  ["ListSchedulingPolicies", {}],
  ["ListQuotaShares", { jobQueue: "default" }],
];

for (const [operation, input] of PAGED) {
  test(`${operation}: pages of 1 to 100; an empty token is the first page, an invented one is refused`, async () => {
    for (const maxResults of [1, 100]) await send(batch, operation, { ...input, maxResults, nextToken: "" });
    for (const maxResults of [0, 101]) {
      const message = "maxResults must be between 1 and 100.";
      await assert.rejects(send(batch, operation, { ...input, maxResults }), refused(message));
    }
    const message = "The nextToken is not valid for this request.";
    await assert.rejects(send(batch, operation, { ...input, nextToken: "MTAw" }), refused(message));
  });
}
