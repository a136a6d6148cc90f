import assert from "node:assert/strict";
import { test } from "node:test";
import { rawRequestTo } from "./raw-client.ts";
import { keyedServer } from "./server.ts";

const EVERYTHING = { Effect: "Allow", Action: "*", Resource: "*" };

test("instances are for who may describe them and list jobs; what environments hold, for who may describe these", async (t) => {
  const without = (Action: string, Resource = "*") => ({
    statements: [EVERYTHING, { Effect: "Deny", Action, Resource }],
  });
  const instance = "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0";
  const server = await keyedServer(t, [
    {},
    without("ec2:DescribeInstances"),
    without("batch:ListJobs"),
    without("batch:DescribeComputeEnvironments"),
    without("ec2:TerminateInstances", instance),
  ]);
  const requests = [
    { method: "GET", path: "/longshore/instances" },
    { method: "GET", path: "/longshore/environments" },
    { method: "DELETE", path: "/longshore/instances/i-0123456789abcdef0" },
    { method: "DELETE", path: "/longshore/instances/i-0123456789abcdef1" },
  ];
  const statuses = await Promise.all(
    server.keys.map(async (key) => {
      const ask = rawRequestTo(server.url, key);
      const answers = await Promise.all(requests.map((request) => ask("longshore", request)));
      return answers.map(({ status }) => status);
    }),
  );
  // 400: there is no such instance.
  assert.deepEqual(statuses, [
    [200, 200, 400, 400],
    [403, 200, 403, 403],
    [403, 200, 403, 403],
    [200, 403, 400, 400],
    [200, 200, 403, 400],
  ]);
});
