import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateComputeEnvironmentCommand } from "@aws-sdk/client-batch";
import { environmentRequest, UNMANAGED } from "../api/server.ts";
import { rawRequestTo } from "./raw-client.ts";
import { keyedServer } from "./server.ts";

const EVERYTHING = { Effect: "Allow", Action: "*", Resource: "*" };

test("hosts are shown to who may describe environments, and changed by who may update theirs; others' are not there", async (t) => {
  const machines = "arn:aws:batch:us-east-1:123456789012:compute-environment/machines";
  const server = await keyedServer(t, [
    {},
    { statements: [EVERYTHING, { Effect: "Deny", Action: "batch:DescribeComputeEnvironments", Resource: "*" }] },
    { statements: [EVERYTHING, { Effect: "Deny", Action: "batch:UpdateComputeEnvironment", Resource: machines }] },
    { account: "210987654321" },
  ]);
  await server.client(0).send(new CreateComputeEnvironmentCommand(environmentRequest("machines", {}, UNMANAGED)));
  const hosts = "/longshore/environments/machines/hosts";
  const requests = [
    { method: "GET", path: "/longshore/hosts" },
    { method: "POST", path: hosts, body: JSON.stringify({ name: "a", endpoint: "unix:///no.sock" }) },
    { method: "POST", path: `${hosts}/a/drain` },
    { method: "DELETE", path: `${hosts}/a` },
    { method: "POST", path: `/longshore/environments/${encodeURIComponent(machines)}/hosts/a/drain` },
  ];
  const statuses = await Promise.all(
    server.keys.map(async (key) => {
      const ask = rawRequestTo(server.url, key);
      const answers = await Promise.all(requests.map((request) => ask("longshore", request)));
      return answers.map(({ status }) => status);
    }),
  );
  // 400: no engine answers there, or the environment is not there; 404: there is no such host.
  assert.deepEqual(statuses, [
    [200, 400, 404, 404, 404],
    [403, 400, 404, 404, 404],
    [200, 403, 403, 403, 403],
    [200, 400, 400, 400, 400],
  ]);
});
