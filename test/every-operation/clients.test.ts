import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import * as batch from "@aws-sdk/client-batch";
import type { BatchInput, BatchOperationName, BatchOutput } from "../../src/api/wire/operations.ts";
import { operationsOf } from "../../src/api/wire/schema.ts";
import { apiServer } from "../api/server.ts";
import { findClient, runClient } from "../e2e/client-program.ts";
import type { Call } from "./session.ts";
import { everyOperation } from "./session.ts";
import type { Said } from "./world.ts";
import { send } from "./world.ts";

const ALL = operationsOf(batch)
  .map(({ name }) => name)
  .sort();

/** Clients of 2022, as Debian has them, know these and all that came before. */
const KNOWN_SINCE_2022 = 24;

test("the JavaScript SDK: every operation", async (t) => {
  const { batch: client } = await apiServer(t);
  const called = new Set<string>();
  await everyOperation((operation, input) => {
    called.add(operation);
    return send(client, operation, input);
  });
  assert.deepEqual([...called].sort(), ALL);
});

test("the JavaScript SDK: every paginator gives each item once, whatever the page", async (t) => {
  const { batch: client } = await apiServer(t);
  const names = Array.from({ length: 5 }, (_, index) => `resource-${index}`);
  for (const name of names) {
    await client.send(new batch.CreateConsumableResourceCommand({ consumableResourceName: name, totalQuantity: 1 }));
    await client.send(new batch.CreateSchedulingPolicyCommand({ name, fairsharePolicy: {} }));
    await client.send(
      new batch.CreateServiceEnvironmentCommand({
        serviceEnvironmentName: name,
        serviceEnvironmentType: "SAGEMAKER_TRAINING",
        capacityLimits: [{ maxCapacity: 1, capacityUnit: "NUM_INSTANCES" }],
      }),
    );
    await client.send(
      new batch.SubmitJobCommand({ jobName: name, jobQueue: "default", jobDefinition: "default", dependsOn: [] }),
    );
  }
  const config = { client, pageSize: 2 };
  const seen = async <Page>(pages: AsyncIterable<Page>, items: (page: Page) => (string | undefined)[] | undefined) => {
    const all: (string | undefined)[] = [];
    for await (const page of pages) all.push(...(items(page) ?? []));
    return all.toSorted((a, b) => (a! < b! ? -1 : 1));
  };
  assert.deepEqual(
    await seen(batch.paginateListConsumableResources(config, {}), ({ consumableResources }) =>
      consumableResources?.map((one) => one.consumableResourceName),
    ),
    names,
  );
  assert.deepEqual(
    await seen(batch.paginateListSchedulingPolicies(config, {}), ({ schedulingPolicies }) =>
      schedulingPolicies?.map(({ arn }) => arn?.split("/")[1]),
    ),
    names,
  );
  assert.deepEqual(
    await seen(batch.paginateDescribeServiceEnvironments(config, {}), ({ serviceEnvironments }) =>
      serviceEnvironments?.map((one) => one.serviceEnvironmentName),
    ),
    names,
  );
  const filters = [{ name: "JOB_NAME", values: ["resource-*"] }];
  assert.deepEqual(
    await seen(batch.paginateListJobs(config, { jobQueue: "default", filters }), ({ jobSummaryList }) =>
      jobSummaryList?.map(({ jobName }) => jobName),
    ),
    names,
  );
});

const python = findClient("boto3", ["python3", "/usr/bin/python3"], ["-c", "import boto3"]);
test("boto3: every operation that it knows", { skip: "missing" in python && python.missing }, async (t) => {
  if ("missing" in python) return;
  const { batch: client, url } = await apiServer(t);
  await session(client, boto3(t, python.program, url));
});

const cli = findClient("The AWS CLI", ["aws", "/usr/bin/aws"], ["--version"]);
test("the AWS CLI: every operation that it knows", { skip: "missing" in cli && cli.missing }, async (t) => {
  if ("missing" in cli) return;
  const { batch: client, url } = await apiServer(t);
  // Each call is a process: the first of each operation is enough.
  const called = new Set<string>();
  await session(client, async (operation, input) => {
    if (called.has(operation)) return { unknown: "called before" };
    called.add(operation);
    return awsCli(cli.program, url, operation, input);
  });
});

/** What a client gives back, or `unknown` where it is older than the operation or one of its members, or need not be asked. */
type Answer = { readonly output: object } | { readonly error: string } | { readonly unknown: string };
type Ask = (operation: string, input: object) => Promise<Answer>;

/** A session in which the SDK stands in for what the client does not know. */
async function session(sdk: BatchClient, ask: Ask): Promise<void> {
  const called = new Set<string>();
  const call: Call = async <Op extends BatchOperationName>(operation: Op, input: BatchInput<Op>) => {
    const answer = await ask(operation, input);
    if ("error" in answer) throw new Error(answer.error);
    if ("unknown" in answer) return send(sdk, operation, input);
    called.add(operation);
    return answer.output as Said<BatchOutput<Op>>;
  };
  await everyOperation(call, (operation, input) => send(sdk, operation, input));
  assert.ok(called.size >= KNOWN_SINCE_2022, `only ${[...called].join(", ")} were called`);
}

function boto3(t: TestContext, program: string, url: string): Ask {
  const child = spawn(program, [join(import.meta.dirname, "boto3-client.py"), url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  return (operation, input) => {
    const answer = last.then(async () => {
      child.stdin.write(`${JSON.stringify({ operation, input })}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error("boto3's program ended");
      return JSON.parse(value) as Answer;
    });
    last = answer.catch(() => {});
    return answer;
  };
}

async function awsCli(program: string, url: string, operation: string, input: object): Promise<Answer> {
  const name = operation.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  const args = ["--endpoint-url", url, "--output", "json", "batch", name, "--cli-input-json", JSON.stringify(input)];
  try {
    const said = await runClient(program, args);
    return { output: said.trim() === "" ? {} : (JSON.parse(said) as object) };
  } catch (error) {
    const message = String(error);
    const isUnknown = /Invalid choice|invalid choice|Unknown parameter in input/.test(message);
    return isUnknown ? { unknown: message } : { error: message };
  }
}
