import assert from "node:assert/strict";
import { test } from "node:test";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import fc from "fast-check";
import { CONSTRAINTS } from "../../src/api/logs/constraints.ts";
import type { LogsOperationName } from "../../src/api/wire/operations.ts";
import { operationsOf } from "../../src/api/wire/schema.ts";
import type { Member, Shape } from "../../src/api/wire/schema.ts";
import { send } from "../wire/harness.ts";
import { GROUP, lines, logsService } from "./service.ts";
import type { LogsService } from "./service.ts";

const ARN = "arn:aws:logs:us-east-1:123456789012:log-group:";
/** What is there, or right, for members of these names: so that requests come far. */
const LIKELY: Readonly<Record<string, readonly unknown[]>> = {
  logGroupName: [GROUP, "mine", "new"],
  logGroupIdentifier: [GROUP, "mine", `${ARN}mine`, `${ARN}${GROUP}:*`],
  logGroupIdentifiers: [["mine"], [`${ARN}mine`, GROUP]],
  resourceArn: [`${ARN}mine`, `${ARN}${GROUP}`],
  logStreamName: ["job/1", "job/2", "put", "new"],
  logStreamNames: [["job/1", "job/2"], ["put"]],
  logStreamNamePrefix: ["job/", "p"],
  logEvents: [lines(3, Date.now(), 1, (n) => `m${n}`)],
  retentionInDays: [1, 7, 3653],
  tags: [{ k: "v" }, ["k"]],
  tagKeys: [["k"]],
  limit: [1, 7, 50],
  startTime: [0, 5_005, Date.now()],
  endTime: [5_010, Date.now()],
  filterPattern: ["", "ERROR", "{ $.a > 3 }", "[level, n > 3]", "%[0-9]%"],
  orderBy: ["LastEventTime", "LogStreamName"],
  logGroupClass: ["STANDARD"],
  logGroupNamePrefix: ["/aws", "m"],
  logGroupNamePattern: ["in"],
};
const TEXTS = [
  ...["", "none", "a b", "s:x", "arn:aws:logs:eu-west-1:1:log-group:x", "arn:", "COLD", "aws/x"],
  ...["[a, b", "%(%", "ERROR:", '"', "?a -", "\ud800", "\0", "é".repeat(600)],
];
const NUMBERS = [-1, 0, 1, 10_000, 10_001, Number.MAX_SAFE_INTEGER, 0.5, 1e300];

/** Of the shape's type most of the time. */
function valueOf(shape: Shape, tokens: readonly string[]): fc.Arbitrary<unknown> {
  const anything = fc.oneof(fc.constant(null), fc.jsonValue({ maxDepth: 2 }));
  return fc.oneof({ weight: 20, arbitrary: typedValue(shape, tokens) }, { weight: 1, arbitrary: anything });
}

function typedValue(shape: Shape, tokens: readonly string[]): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "string":
      return fc.oneof(fc.constantFrom(...TEXTS, ...tokens), fc.string({ unit: "grapheme" }));
    case "boolean":
      return fc.boolean();
    case "integer":
    case "long":
    case "double":
      return fc.oneof(fc.constantFrom(...NUMBERS), fc.integer());
    case "list":
      return fc.array(valueOf(shape.item, tokens), { maxLength: 4 });
    case "map":
      return fc.dictionary(fc.constantFrom("k", "aws:x", "", "a b", "__proto__"), valueOf(shape.value, tokens), {
        maxKeys: 3,
      });
    case "structure":
      return fc.record(
        Object.fromEntries(shape.members().map((member) => [member.name, memberValue(member, tokens)])),
        { requiredKeys: shape.members().flatMap(({ name, required }) => (required ? [name] : [])) },
      );
    default:
      return fc.constant(undefined);
  }
}

function memberValue({ name, shape }: Member, tokens: readonly string[]): fc.Arbitrary<unknown> {
  const likely = name === "nextToken" ? [...tokens, ""] : (LIKELY[name] ?? []);
  if (likely.length === 0) return valueOf(shape, tokens);
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...likely) },
    { weight: 1, arbitrary: valueOf(shape, tokens) },
  );
}

const SHAPES = new Map(operationsOf(logs).map(({ name, input }) => [name, input]));
const operations = Object.keys(CONSTRAINTS) as LogsOperationName[];

function inputOf(operation: LogsOperationName, tokens: readonly string[]): fc.Arbitrary<unknown> {
  return valueOf(SHAPES.get(operation)!, tokens);
}

async function furnished(service: LogsService): Promise<string[]> {
  const { client, addStream } = service;
  service.logs.append(
    await addStream("job/1"),
    lines(20, 5_000, 1, (n) => `ERROR ${n}`),
  );
  service.logs.append(
    await addStream("job/2", { endedAt: 9_000 }),
    lines(20, 5_000, 1, (n) => `{"a":${n}}`),
  );
  await client.send(new logs.CreateLogGroupCommand({ logGroupName: "mine" }));
  await client.send(new logs.CreateLogStreamCommand({ logGroupName: "mine", logStreamName: "put" }));
  const stream = { logGroupName: GROUP, logStreamName: "job/1" };
  const page = await client.send(new logs.GetLogEventsCommand({ ...stream, limit: 3 }));
  const found = await client.send(new logs.FilterLogEventsCommand({ logGroupName: GROUP, limit: 3 }));
  return [page.nextForwardToken!, page.nextBackwardToken!, found.nextToken!, found.nextToken!.slice(1)];
}

test("no request is answered with the server's own trouble, and one that is refused changes nothing", async (t) => {
  const service = await logsService(t);
  const tokens = await furnished(service);
  const state = () =>
    Promise.all(
      ["log_groups", "log_streams", "log_events"].map((table) => service.database.read(`SELECT * FROM ${table}`)),
    );
  const request = fc
    .constantFrom(...operations)
    .chain((operation) => inputOf(operation, tokens).map((input) => ({ operation, input })));
  let served = 0;
  const property = fc.asyncProperty(request, async ({ operation, input }) => {
    const before = await state();
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `Logs_20140328.${operation}` };
    const answer = await send(service.port, { path: "/", headers, body: JSON.stringify(input) });
    assert.ok(answer.status === 200 || answer.status === 400, `${operation}: ${answer.status} ${answer.text}`);
    if (answer.status === 200) served += 1;
    else assert.deepEqual(await state(), before, answer.text);
  });
  await fc.assert(property, { numRuns: 2_000 });
  assert.ok(served > 200, `only ${served} requests were served`);
});
