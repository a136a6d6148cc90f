import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CancelJobCommand,
  DeleteJobQueueCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  DescribeServiceEnvironmentsCommand,
  ListJobsCommand,
  UpdateJobQueueCommand,
} from "@aws-sdk/client-batch";
import { PageTokens } from "../../src/api/wire/page-tokens.ts";
import { batchClient } from "../support/clients.ts";
import { submit } from "../support/jobs.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import { apiServer, createQueue, refused, untilQueue } from "./server.ts";

const HOUR_MS = 3_600_000;

function tokens(key = "key", clock = new VirtualClock()) {
  return { clock, tokens: new PageTokens(key, () => clock.now()) };
}

test("a token opens for the query and the key that it was signed for", () => {
  const one = tokens().tokens;
  const token = one.sign(["query", 1], { after: "ü:1" });
  assert.deepEqual(one.open(["query", 1], token), { place: { after: "ü:1" } });
  assert.deepEqual(tokens().tokens.open(["query", 1], token), { place: { after: "ü:1" } }, "after a restart");
  assert.equal(one.open(["query", 2], token), undefined);
  assert.equal(tokens("other").tokens.open(["query", 1], token), undefined);
});

test("no single bit of a token can be changed, and nothing invented opens", () => {
  const { tokens: one } = tokens();
  const bytes = Buffer.from(one.sign("query", 7), "base64url");
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const forged = Buffer.from(bytes);
    forged[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(one.open("query", forged.toString("base64url")), undefined, `bit ${bit}`);
  }
  for (const invented of ["", "A", "made up", "A".repeat(22), bytes.subarray(0, 16).toString("base64url"), "[1,2]"]) {
    assert.equal(one.open("query", invented), undefined, invented);
  }
});

test("a token lives for a day", () => {
  const { clock, tokens: one } = tokens();
  const token = one.sign("query", 1);
  clock.advance(24 * HOUR_MS);
  assert.ok(one.open("query", token));
  clock.advance(1);
  assert.equal(one.open("query", token), undefined);
});

test("a token is of one operation and one region only", async () => {
  const { batch, url } = await apiServer({ after });
  await createQueue(batch, "second");
  const { nextToken } = await batch.send(new DescribeJobQueuesCommand({ maxResults: 1 }));
  assert.ok(nextToken);
  const next = await batch.send(new DescribeJobQueuesCommand({ maxResults: 1, nextToken }));
  assert.deepEqual(
    next.jobQueues?.map(({ jobQueueName }) => jobQueueName),
    ["second"],
  );
  const invalid = refused("The nextToken is not valid for this request.");
  await assert.rejects(batch.send(new DescribeComputeEnvironmentsCommand({ nextToken })), invalid);
  const elsewhere = batchClient({ after }, url, "eu-west-1");
  await assert.rejects(elsewhere.send(new DescribeJobQueuesCommand({ nextToken })), invalid);
});

test("what is asked for by name is one page: of a valid size, and without a token", async () => {
  const { batch } = await apiServer({ after });
  const named = (page: object) => [
    new DescribeJobQueuesCommand({ jobQueues: ["default"], ...page }),
    new DescribeComputeEnvironmentsCommand({ computeEnvironments: ["default"], ...page }),
    new DescribeServiceEnvironmentsCommand({ serviceEnvironments: ["none"], ...page }),
    new DescribeJobDefinitionsCommand({ jobDefinitions: ["default:1"], ...page }),
  ];
  const send = async (command: ReturnType<typeof named>[number]): Promise<unknown> => batch.send(command as never);
  for (const command of named({ maxResults: 1, nextToken: "" })) await send(command);
  for (const command of named({ nextToken: "made up" })) {
    await assert.rejects(send(command), refused("The nextToken is not valid for this request."));
  }
  for (const command of named({ maxResults: 0 })) {
    await assert.rejects(send(command), refused("maxResults must be between 1 and 100."));
  }
});

test("a page goes on where the last one ended, also when its last item is gone", async () => {
  const { batch } = await apiServer({ after });
  const name = (n: number): string => `queue-${n}`;
  for (let n = 1; n <= 4; n += 1) await createQueue(batch, name(n));
  const list = async (nextToken?: string) => {
    const { jobQueues = [], ...more } = await batch.send(new DescribeJobQueuesCommand({ maxResults: 3, nextToken }));
    return { names: jobQueues.map(({ jobQueueName }) => jobQueueName), ...more };
  };
  const first = await list();
  assert.deepEqual(first.names, ["default", name(1), name(2)]);
  await batch.send(new UpdateJobQueueCommand({ jobQueue: name(2), state: "DISABLED" }));
  await untilQueue(batch, name(2), "VALID");
  await batch.send(new DeleteJobQueueCommand({ jobQueue: name(2) }));
  await untilQueue(batch, name(2), "gone");
  assert.deepEqual((await list(first.nextToken)).names, [name(3), name(4)]);
});

test("a page of jobs goes on where the last one ended, whatever became of its jobs meanwhile", async () => {
  const { batch } = await apiServer({ after });
  const huge = { containerOverrides: { resourceRequirements: [{ type: "MEMORY" as const, value: "100000000" }] } };
  const ids: string[] = [];
  for (let n = 0; n < 5; n += 1) ids.push(await submit(batch, ["true"], huge));
  const query = { jobQueue: "default", jobStatus: "RUNNABLE" as const, maxResults: 2 };
  const first = await batch.send(new ListJobsCommand(query));
  const listed = first.jobSummaryList!.map(({ jobId }) => jobId!);
  assert.deepEqual(listed, [ids[4], ids[3]]);
  for (const jobId of [ids[3]!, ids[1]!]) await batch.send(new CancelJobCommand({ jobId, reason: "not this one" }));
  await submit(batch, ["true"], huge);
  const second = await batch.send(new ListJobsCommand({ ...query, nextToken: first.nextToken }));
  assert.deepEqual(
    second.jobSummaryList!.map(({ jobId }) => jobId),
    [ids[2], ids[0]],
  );
});
