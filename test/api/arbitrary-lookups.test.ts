import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { ended, submit } from "../support/jobs.ts";
import { apiServer } from "./server.ts";

/** Whatever is asked of ECS, EC2 and the metadata: an answer in the protocol's form, never a failure of the server's. fast-check prints the seed. */

const { url, batch } = await apiServer({ after });
const job = await ended(batch, await submit(batch, ["true"]));
const { taskArn = "", containerInstanceArn = "" } = job.container!;
const [, cluster = "", id = ""] = taskArn.split("/");

const RUNS = { numRuns: 300 };
const ECS = "arn:aws:ecs:us-east-1:123456789012";
const KNOWN = [taskArn, containerInstanceArn, cluster, id, `${ECS}:cluster/${cluster}`];
const ALMOST = ["default", "arn:", `${ECS}:task/`, "_Batch_", `x_Batch_${"0".repeat(36)}`, "i-00000000", "__proto__"];
const word = fc.oneof(fc.constantFrom(...KNOWN, ...ALMOST), fc.string(), fc.string({ unit: "binary" }));
const value = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 4, arbitrary: fc.array(word, { maxLength: 4 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  DescribeTasks: ["cluster", "tasks", "include"],
  ListTasks: ["cluster", "containerInstance", "family", "nextToken", "maxResults", "desiredStatus", "launchType"],
  DescribeContainerInstances: ["cluster", "containerInstances"],
  ListContainerInstances: ["cluster", "filter", "status", "maxResults", "nextToken"],
  DescribeClusters: ["clusters", "include"],
  ListClusters: ["maxResults", "nextToken"],
  RegisterTaskDefinition: ["family"],
};

test("ECS", async () => {
  const request = fc
    .constantFrom(...Object.keys(MEMBERS))
    .chain((operation) =>
      fc.tuple(
        fc.constant(operation),
        fc.record(Object.fromEntries(MEMBERS[operation]!.map((name) => [name, value])), { requiredKeys: [] }),
      ),
    );
  const ask = async ([operation, input]: [string, object]): Promise<void> => {
    const headers = {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AmazonEC2ContainerServiceV20141113.${operation}`,
    };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(input) });
    const text = await answer.text();
    assert.ok(answer.status === 200 || answer.status === 400, `${answer.status} ${text}`);
    assert.equal(typeof JSON.parse(text), "object");
  };
  await fc.assert(fc.asyncProperty(request, ask), RUNS);
});

test("EC2 and STS", async () => {
  const names = ["Action", "Version", "InstanceId.1", "Filter.1.Name", "Filter.1.Value.1", "Filter.2", "MaxResults"];
  const name = fc.oneof(fc.constantFrom(...names, "NextToken", "DryRun"), fc.string());
  const values = ["DescribeInstances", "GetCallerIdentity", "2016-11-15", "2011-06-15", "instance-id", "5", "tag:x"];
  const pair = fc.tuple(name, fc.oneof(fc.constantFrom(...values), word));
  const begin = fc.constantFrom("", "Action=DescribeInstances&Version=2016-11-15&");
  const ask = async (first: string, more: [string, string][]): Promise<void> => {
    const body = first + new URLSearchParams(more).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded", "x-amz-date": "now" };
    const answer = await fetch(url, { method: "POST", headers, body });
    const text = await answer.text();
    assert.ok([200, 400, 412].includes(answer.status), `${answer.status} ${text}`);
    assert.match(text, /^<\?xml version="1.0" encoding="UTF-8"\?>\n<\w+/);
  };
  await fc.assert(fc.asyncProperty(begin, fc.array(pair), ask), RUNS);
});

test("container metadata", async () => {
  const containerId = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{32}(-\d{1,9})?$/), fc.constant(id));
  const ask = async (asked: string): Promise<void> => {
    const answer = await fetch(`${url}/ecs/v4/${encodeURIComponent(asked)}`);
    assert.ok(answer.status < 500, `${answer.status} ${await answer.text()}`);
  };
  await fc.assert(fc.asyncProperty(containerId, ask), RUNS);
});
