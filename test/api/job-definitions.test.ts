import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ContainerProperties, JobDefinition, RegisterJobDefinitionCommandInput } from "@aws-sdk/client-batch";
import {
  DeregisterJobDefinitionCommand,
  DescribeJobDefinitionsCommand,
  RegisterJobDefinitionCommand,
} from "@aws-sdk/client-batch";
import { DEREGISTER_RULES, DESCRIBE_RULES } from "../../src/api/batch/definitions/job-definitions.ts";
import { assertEachRuleBroken } from "../support/rules.ts";
import { describeJob, submit } from "../support/jobs.ts";
import { apiServer, CONTAINER, refused, register } from "./server.ts";

const { batch } = await apiServer({ after });

async function describe(input: object): Promise<JobDefinition[]> {
  return (await batch.send(new DescribeJobDefinitionsCommand(input))).jobDefinitions!;
}
const revisionsOf = async (input: object) =>
  (await describe(input)).map(({ jobDefinitionName, revision }) => `${jobDefinitionName}:${revision}`);

type Container = Partial<ContainerProperties>;
type More = Partial<RegisterJobDefinitionCommandInput>;
const requirements = (...pairs: readonly (readonly [string, string])[]): Container => ({
  resourceRequirements: pairs.map(([type, value]) => ({ type: type as "VCPU", value })),
});
const onFargate: More = { platformCapabilities: ["FARGATE"] };
const ROLE = { executionRoleArn: "arn:aws:iam::123456789012:role/r" };
const NONE: Container = { resourceRequirements: [] };

const ACCEPTED: readonly [string, Container, More][] = [
  ["vcpus and memory", { ...NONE, vcpus: 2, memory: 128 }, {}],
  ["a Fargate pair", { ...ROLE, ...requirements(["VCPU", "0.25"], ["MEMORY", "512"]) }, onFargate],
  ["the largest Fargate pair", { ...ROLE, ...requirements(["VCPU", "32"], ["MEMORY", "249856"]) }, onFargate],
  [
    "a mount point without readOnly, a privileged container, host volumes",
    {
      privileged: true,
      volumes: [{ name: "v", host: { sourcePath: "/data" } }],
      mountPoints: [{ sourceVolume: "v", containerPath: "/data" }],
    },
    {},
  ],
  [
    "the usual idiom for Spot",
    {},
    {
      retryStrategy: {
        attempts: 10,
        evaluateOnExit: [
          { onStatusReason: "Host EC2*", action: "RETRY" },
          { onReason: "*", action: "EXIT" },
        ],
      },
    },
  ],
  ["a timeout of 60 s", {}, { timeout: { attemptDurationSeconds: 60 } }],
  ["a parameter name with dots", {}, { parameters: { "metaflow.user": "me" } }],
];

for (const [index, [what, container, more]] of ACCEPTED.entries()) {
  test(`RegisterJobDefinition takes ${what}, and a description can be registered again as it is`, async () => {
    const name = `accepted-${index}`;
    await register(batch, name, container, more);
    const [{ jobDefinitionArn, revision, status, containerOrchestrationType, ...first } = {} as JobDefinition] =
      await describe({ jobDefinitionName: name });
    assert.deepEqual(
      [jobDefinitionArn?.endsWith(`/${name}:1`), revision, status, containerOrchestrationType],
      [true, 1, "ACTIVE", "ECS"],
    );
    for (const [member, value] of Object.entries(container)) {
      assert.deepEqual(first.containerProperties?.[member as keyof ContainerProperties], value, member);
    }
    await batch.send(new RegisterJobDefinitionCommand({ ...first, type: "container" }));
    const [second] = await describe({ jobDefinitions: [`${name}:2`] });
    assert.deepEqual(
      { ...second },
      {
        ...first,
        jobDefinitionArn: jobDefinitionArn!.replace(/1$/, "2"),
        revision: 2,
        status,
        containerOrchestrationType,
      },
    );
  });
}

test("what AWS fills in: lists, parameters, tags; empty variables go, exit actions are in lower case", async () => {
  await register(
    batch,
    "filled-in",
    {
      ...CONTAINER,
      command: undefined,
      environment: [
        { name: "EMPTY", value: "" },
        { name: "SET", value: "1" },
      ],
    },
    {
      retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "RETRY", onExitCode: "1" }] },
    },
  );
  const [found] = await describe({ jobDefinitionName: "filled-in" });
  const { command, environment, mountPoints, secrets, ulimits, volumes } = found!.containerProperties!;
  assert.deepEqual(
    { command, environment, mountPoints, secrets, ulimits, volumes, parameters: found!.parameters, tags: found!.tags },
    {
      command: [],
      environment: [{ name: "SET", value: "1" }],
      mountPoints: [],
      secrets: [],
      ulimits: [],
      volumes: [],
      parameters: {},
      tags: {},
    },
  );
  assert.deepEqual(found!.retryStrategy, { attempts: 2, evaluateOnExit: [{ action: "retry", onExitCode: "1" }] });
});

test("a Fargate definition names its platform version", async () => {
  await register(batch, "platform", { ...ROLE, ...requirements(["VCPU", "1"], ["MEMORY", "2048"]) }, onFargate);
  const [found] = await describe({ jobDefinitionName: "platform" });
  assert.deepEqual(found?.containerProperties?.fargatePlatformConfiguration, { platformVersion: "LATEST" });
});

test("revisions: one higher each time, also after deregistration; a name means the highest ACTIVE one", async () => {
  for (let n = 0; n < 3; n += 1) await register(batch, "revised");
  const deregister = (jobDefinition: string) => batch.send(new DeregisterJobDefinitionCommand({ jobDefinition }));
  await deregister("revised:3");
  await deregister("revised:3");
  assert.deepEqual(await revisionsOf({ jobDefinitionName: "revised", status: "ACTIVE" }), ["revised:2", "revised:1"]);
  assert.deepEqual(await revisionsOf({ jobDefinitionName: "revised", status: "INACTIVE" }), ["revised:3"]);
  assert.deepEqual(await revisionsOf({ jobDefinitionName: "revised" }), ["revised:3", "revised:2", "revised:1"]);
  const used = async (jobDefinition: string) =>
    (await describeJob(batch, await submit(batch, ["true"], { jobDefinition }))).jobDefinition!.split("/")[1];
  const unrevisioned = "arn:aws:batch:us-east-1:123456789012:job-definition/revised";
  assert.equal(await used("revised"), "revised:2");
  assert.equal(await used(unrevisioned), "revised:2");
  assert.equal(await used("revised:1"), "revised:1");
  assert.equal(await used(`${unrevisioned}:1`), "revised:1");
  await assert.rejects(
    used("revised:3"),
    refused("JobDefinition name revised:3 does not exist or is not in ACTIVE status"),
  );
  await assert.rejects(used(`${unrevisioned}:3`), refused(`JobDefinition ${unrevisioned}:3 not found.`));
  await assert.rejects(
    used("revised:latest"),
    refused("Provided name revised:latest is not supported pattern[a-zA-Z_0-9-]{1,128}"),
  );
  assert.ok((await register(batch, "revised")).endsWith(":4"));
  await assert.rejects(
    deregister("revised"),
    refused("jobDefinition must be name:revision or an ARN with a revision."),
  );
  for (const revision of [1, 2, 4]) await deregister(`${unrevisioned}:${revision}`);
  await assert.rejects(
    used("revised"),
    refused("JobDefinition name revised does not exist or is not in ACTIVE status"),
  );
});

test("DescribeJobDefinitions: by name and revision or ARN, in pages, at most 100", async () => {
  for (let n = 0; n < 3; n += 1) await register(batch, "paged");
  const arn = "arn:aws:batch:us-east-1:123456789012:job-definition/paged:2";
  assert.deepEqual(await revisionsOf({ jobDefinitions: ["paged:3", arn, "nothing:1"] }), ["paged:3", "paged:2"]);
  const first = await batch.send(new DescribeJobDefinitionsCommand({ jobDefinitionName: "paged", maxResults: 2 }));
  assert.deepEqual(
    first.jobDefinitions?.map(({ revision }) => revision),
    [3, 2],
  );
  const rest = { jobDefinitionName: "paged", maxResults: 2, nextToken: first.nextToken };
  assert.deepEqual(await revisionsOf(rest), ["paged:1"]);
  await assert.rejects(
    describe({ ...rest, jobDefinitionName: "other" }),
    refused("The nextToken is not valid for this request."),
  );
});

test("DescribeJobDefinitions: of those listed, what a name and a status leave", async () => {
  for (const name of ["listed-1", "listed-1", "listed-2"]) await register(batch, name);
  await batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: "listed-1:1" }));
  const jobDefinitions = ["listed-1:1", "listed-1:2", "listed-2:1"];
  assert.deepEqual(await revisionsOf({ jobDefinitions, status: "ACTIVE" }), ["listed-1:2", "listed-2:1"]);
  assert.deepEqual(await revisionsOf({ jobDefinitions, status: "INACTIVE" }), ["listed-1:1"]);
  assert.deepEqual(await revisionsOf({ jobDefinitions, jobDefinitionName: "listed-2" }), ["listed-2:1"]);
});

test("what DescribeJobDefinitions and DeregisterJobDefinition refuse", async () => {
  await assert.rejects(
    describe({ jobDefinitions: Array.from({ length: 101 }, (_, n) => `d:${n}`) }),
    refused("jobDefinitions can have at most 100 entries."),
  );
  await assert.rejects(
    describe({ status: "GONE" }),
    refused("Job definition status GONE is not valid. Valid values: [ACTIVE, INACTIVE]"),
  );
  await assert.rejects(
    batch.send(new DeregisterJobDefinitionCommand({ jobDefinition: "revised" })),
    refused("jobDefinition must be name:revision or an ARN with a revision."),
  );
  const broken = ["tooManyNames", "definitionStatus", "definitionRevisionRequired"];
  assertEachRuleBroken([DESCRIBE_RULES, DEREGISTER_RULES], broken);
});
