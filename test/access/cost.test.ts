import assert from "node:assert/strict";
import { test } from "node:test";
import { SubmitJobCommand } from "@aws-sdk/client-batch";
import { signedCall } from "../../src/cli/signed-call.ts";
import type { CostReport } from "../../src/ports/cost-report.ts";
import { until } from "../support/until.ts";
import { rawRequestTo } from "./raw-client.ts";
import { keyedServer } from "./server.ts";

const JOB = { jobName: "j", jobQueue: "default", jobDefinition: "default" };
const get = (path: string) => ({ method: "GET", path: `/longshore/${path}` });

test("costs are for who may describe jobs, and of their own account and region", async (t) => {
  const everything = { Effect: "Allow", Action: "*", Resource: "*" };
  const server = await keyedServer(t, [
    {},
    { statements: [everything, { Effect: "Deny", Action: "batch:DescribeJobs", Resource: "*" }] },
    { account: "210987654321" },
  ]);
  const { jobId } = await server.client().send(new SubmitJobCommand(JOB));
  const [ours, undescribing, theirs] = server.keys.map((key) => rawRequestTo(server.url, key));
  const elsewhere = rawRequestTo(server.url, server.keys[0]!, "eu-west-1");
  const attempts = async (caller: typeof elsewhere) => {
    const { status, text } = await caller("longshore", get("cost?by=job"));
    assert.equal(status, 200);
    return (JSON.parse(text) as CostReport).total.attempts;
  };
  await until("it is counted", async () => (await attempts(ours!)) === 1);
  assert.equal(await attempts(theirs!), 0);
  assert.equal(await attempts(elsewhere), 0);
  const odd = await ours!("longshore", get("cost?by=tag%3Aa%20b%2Bc%2Fd%21"));
  assert.equal((JSON.parse(odd.text) as CostReport).by, "tag:a b+c/d!");
  // As the command line signs it.
  const url = new URL("/longshore/cost?by=tag%3Aa%20b%2Bc%2Fd%21&limit=7", server.url);
  const signed = await signedCall<CostReport>(
    url,
    "GET",
    { credentials: server.keys[0]!, region: "us-east-1" },
    undefined,
  );
  assert.deepEqual([signed.by, signed.total.attempts], ["tag:a b+c/d!", 1]);
  for (const path of ["cost", "advice", `jobs/${jobId}/usage`]) {
    assert.equal((await undescribing!("longshore", get(path))).status, 403);
    assert.equal((await fetch(`${server.url}/longshore/${path}`)).status, 403);
  }
  assert.equal((await ours!("longshore", get(`jobs/${jobId}/usage`))).status, 200);
  assert.equal((await theirs!("longshore", get(`jobs/${jobId}/usage`))).status, 404);
  assert.equal((await theirs!("longshore", get(`cost?job=${jobId}`))).status, 404);
});
