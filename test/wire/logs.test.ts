import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  StartQueryCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import { resourceNotFoundException } from "../../src/api/wire/errors.ts";
import { logsClient, send, startServer } from "./harness.ts";

const headers = (target: string) => ({ "content-type": "application/x-amz-json-1.1", "x-amz-target": target });

test("a CloudWatch Logs client reads events, and errors by their class", async (t) => {
  const { endpoint } = await startServer(t, {
    logs: {
      async GetLogEvents(input, call) {
        const message = `${input.logGroupName} ${input.logStreamName} ${input.limit} ${call.region}`;
        return { events: [{ timestamp: 1, message }], nextForwardToken: "f/1", nextBackwardToken: undefined };
      },
      async FilterLogEvents() {
        throw resourceNotFoundException("The specified log stream does not exist.");
      },
    },
  });
  const client = logsClient(t, endpoint, "eu-central-1");
  const output = await client.send(new GetLogEventsCommand({ logGroupName: "g", logStreamName: "s", limit: 5 }));
  assert.deepEqual(output.events, [{ timestamp: 1, message: "g s 5 eu-central-1" }]);
  assert.equal(output.nextForwardToken, "f/1");
  await assert.rejects(client.send(new FilterLogEventsCommand({ logGroupName: "g" })), (error: unknown) => {
    assert.ok(error instanceof ResourceNotFoundException);
    assert.equal(error.message, "The specified log stream does not exist.");
    assert.equal(error.$metadata.httpStatusCode, 400);
    return true;
  });
  await assert.rejects(client.send(new GetLogEventsCommand({ logStreamName: undefined })), {
    name: "InvalidParameterException",
    message: "logStreamName is required",
  });
  await assert.rejects(client.send(new DescribeLogGroupsCommand({})), {
    message: "DescribeLogGroups is not available yet in Longshore 1.2.3.",
  });
  await assert.rejects(client.send(new StartQueryCommand({ startTime: 0, endTime: 1, queryString: "" })), {
    name: "ClientException",
    message: "StartQuery is not available yet in Longshore 1.2.3.",
  });
});

test("the awsJson1.1 form of answers, and targets that name nothing", async (t) => {
  const { port } = await startServer(t, { logs: { DescribeLogStreams: async () => ({ logStreams: [] }) } });
  const ask = (target: string, body: string) => send(port, { path: "/", headers: headers(target), body });
  const answer = await ask("Logs_20140328.DescribeLogStreams", "{}");
  assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "application/x-amz-json-1.1"]);
  assert.equal(answer.text, '{"logStreams":[]}');
  const wrongType = await ask("Logs_20140328.DescribeLogStreams", '{"limit":"5"}');
  assert.equal(wrongType.headers["content-type"], "application/x-amz-json-1.1");
  assert.deepEqual(wrongType.json, {
    __type: "SerializationException",
    message: "limit: expected a whole number, got a string",
  });
  for (const target of ["Logs_20140328.constructor", "Logs_20140328.", "DescribeLogStreams", "AWSBatch.SubmitJob"]) {
    const unknown = await ask(target, "{}");
    assert.deepEqual([unknown.status, unknown.json.__type], [404, "UnknownOperationException"], target);
    assert.ok(unknown.json.message?.includes(target));
  }
  const none = await send(port, { path: "/", body: "{}" });
  assert.match(none.json.message ?? "", /header X-Amz-Target/);
});
