import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ContainerProperties, JobDefinition, RegisterJobDefinitionCommandInput } from "@aws-sdk/client-batch";
import {
  DeregisterJobDefinitionCommand,
  DescribeJobDefinitionsCommand,
  RegisterJobDefinitionCommand,
} from "@aws-sdk/client-batch";
import { describeJob, submit } from "../support/jobs.ts";
import { apiServer, CONTAINER, prefixed, refused, register } from "./server.ts";

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
const retry = (condition: object): More => ({
  retryStrategy: { attempts: 2, evaluateOnExit: [{ action: "RETRY", ...condition }] },
});
const onFargate: More = { platformCapabilities: ["FARGATE"] };
const ROLE = { executionRoleArn: "arn:aws:iam::123456789012:role/r" };
const NONE: Container = { resourceRequirements: [] };

// Reference 4.1 to 4.5, 4.9, 5.1, 5.2.
const REFUSED: readonly [string, Container, More, string | RegExp][] = [
  ["a bad name", {}, { jobDefinitionName: "a:b" }, "Provided name a:b is not supported pattern[a-zA-Z_0-9-]{1,128}"],
  ["no container", {}, { containerProperties: undefined }, prefixed("ECS Container Image must be provided.")],
  ["no image", { image: "" }, {}, prefixed("ECS Container Image must be provided.")],
  ["no vCPU", requirements(["MEMORY", "64"]), {}, prefixed("vCPU is required.")],
  ["no memory", requirements(["VCPU", "1"]), {}, prefixed("Memory is required.")],
  ["half a vCPU", requirements(["VCPU", "0.5"], ["MEMORY", "64"]), {}, prefixed("vCPU must be at least 1, got 0.5.")],
  ["2 MiB", requirements(["VCPU", "1"], ["MEMORY", "2"]), {}, prefixed("Memory must be at least 4 Mib, got 2 Mib.")],
  [
    "a GPU that is no number",
    requirements(["VCPU", "1"], ["MEMORY", "64"], ["GPU", "x"]),
    {},
    prefixed("Value x for type GPU in resourceRequirement is not valid. Please provide a numeric value."),
  ],
  [
    "a resource twice",
    requirements(["VCPU", "1"], ["VCPU", "2"], ["MEMORY", "64"]),
    {},
    prefixed("Cannot provide duplicates in resourceRequirements."),
  ],
  [
    "vcpus beside VCPU",
    { vcpus: 1 },
    {},
    prefixed("Cannot use both ECS containerProperties vcpus and resourceRequirement VCPU."),
  ],
  [
    "memory beside MEMORY",
    { memory: 64 },
    {},
    prefixed("Cannot use both ECS containerProperties memory and resourceRequirement MEMORY."),
  ],
  [
    "a variable of AWS Batch's own",
    { environment: [{ name: "AWS_BATCH_JOB_ID", value: "x" }] },
    {},
    /AWS_BATCH_JOB_ID is reserved/,
  ],
  [
    "two capabilities",
    {},
    { platformCapabilities: ["EC2", "FARGATE"] },
    prefixed("Exactly 1 capability must be provided."),
  ],
  [
    "an unknown capability",
    {},
    { platformCapabilities: ["MOON" as "EC2"] },
    prefixed("Capability MOON is not valid. Valid capabilities: [FARGATE, EC2, MANAGED_INSTANCES]"),
  ],
  [
    "Fargate without execution role",
    requirements(["VCPU", "1"], ["MEMORY", "2048"]),
    onFargate,
    prefixed("executionRoleArn is required for Fargate jobs."),
  ],
  [
    "Fargate with an odd pair",
    { ...ROLE, ...requirements(["VCPU", "0.25"], ["MEMORY", "4096"]) },
    onFargate,
    prefixed("Fargate resource requirements (0.25 vCPU, 4096 MiB) not valid."),
  ],
  ...(
    [
      [
        "ulimits",
        { ulimits: [{ name: "nofile", softLimit: 1, hardLimit: 1 }] },
        "ulimits is not applicable for Fargate.",
      ],
      [
        "a privileged container",
        { privileged: true },
        "Fargate requires that the ‘privileged’ setting be ‘false’ at the container level.",
      ],
      ["swap", { linuxParameters: { maxSwap: 1 } }, "linuxParameter.maxSwap is not allowed for Fargate."],
      [
        "a device",
        { linuxParameters: { devices: [{ hostPath: "/dev/fuse" }] } },
        "linuxParameter.devices is not allowed for Fargate.",
      ],
      [
        "a host volume",
        { volumes: [{ name: "v", host: { sourcePath: "/data" } }] },
        "host.sourcePath should not be set for volumes in Fargate.",
      ],
      ["syslog", { logConfiguration: { logDriver: "syslog" } }, "Log driver for Fargate is not valid: syslog"],
    ] as const
  ).map(([what, container, message]): [string, Container, More, RegExp] => [
    `Fargate with ${what}`,
    { ...ROLE, ...requirements(["VCPU", "1"], ["MEMORY", "2048"]), ...(structuredClone(container) as Container) },
    onFargate,
    prefixed(message),
  ]),
  [
    "networkConfiguration on EC2",
    { networkConfiguration: { assignPublicIp: "ENABLED" } },
    {},
    prefixed("networkConfiguration not applicable for EC2."),
  ],
  [
    "fargatePlatformConfiguration on EC2",
    { fargatePlatformConfiguration: {} },
    {},
    prefixed("fargatePlatformConfiguration not applicable for EC2."),
  ],
  [
    "Fargate with a GPU",
    { ...ROLE, ...requirements(["VCPU", "1"], ["MEMORY", "2048"], ["GPU", "1"]) },
    onFargate,
    prefixed("GPU is not applicable for Fargate."),
  ],
  [
    "a retry strategy without attempts",
    {},
    { retryStrategy: { evaluateOnExit: [] } },
    prefixed("RetryAttempts must be provided with retry strategy."),
  ],
  ["0 attempts", {}, { retryStrategy: { attempts: 0 } }, prefixed("Retry attempts must be between 1 and 10.")],
  ["11 attempts", {}, { retryStrategy: { attempts: 11 } }, prefixed("Retry attempts must be between 1 and 10.")],
  [
    "six exit conditions",
    {},
    {
      retryStrategy: {
        attempts: 2,
        evaluateOnExit: Array.from({ length: 6 }, () => ({ action: "RETRY" as const, onExitCode: "1" })),
      },
    },
    prefixed("EvaluateOnExit cannot have more than 5 entries."),
  ],
  [
    "an exit condition without condition",
    {},
    retry({}),
    prefixed("EvaluateOnExit should contain at least one of onExitCode, onReason or onStatusReason"),
  ],
  [
    "a pattern of 513 characters",
    {},
    retry({ onReason: "a".repeat(513) }),
    prefixed("Evaluate on exit condition cannot exceed 512 characters."),
  ],
  [
    "a pattern with restricted characters",
    {},
    retry({ onReason: "a|b" }),
    prefixed("Evaluate on exit condition contains restricted characters."),
  ],
  [
    "an exit code pattern with letters",
    {},
    retry({ onExitCode: "1a" }),
    prefixed("Evaluate on exit condition contains restricted characters."),
  ],
  [
    "a star in the middle",
    {},
    retry({ onStatusReason: "Host*EC2" }),
    prefixed("Evaluate on exit condition contains restricted characters."),
  ],
  ["an unknown exit action", {}, retry({ onReason: "*", action: "PANIC" }), /PANIC is not valid/],
  [
    "a timeout of 59 s",
    {},
    { timeout: { attemptDurationSeconds: 59 } },
    prefixed("Job timeout attemptDurationSeconds must be at least 60."),
  ],
  [
    "a priority of 10000",
    {},
    { schedulingPriority: 10_000 },
    prefixed("Scheduling priority must be between 0 and 9999."),
  ],
  ["more than 24 KiB", { command: ["x".repeat(25_000)] }, {}, /Job definition cannot exceed 24 KiB/],
  [
    "a tag that begins with aws:",
    {},
    { tags: { "aws:x": "y" } },
    prefixed("Tag keys and values must not start with aws:."),
  ],
  [
    "multinode, which comes later",
    {},
    { type: "multinode" },
    /^A multinode job definition is not available yet in Longshore /,
  ],
  [
    "ecsProperties, which come later",
    {},
    { ecsProperties: { taskProperties: [] } },
    /^ecsProperties is not available yet in Longshore /,
  ],
  ["eksProperties, which come later", {}, { eksProperties: {} }, /^eksProperties is not available yet in Longshore /],
];

for (const [index, [what, container, more, message]] of REFUSED.entries()) {
  test(`RegisterJobDefinition refuses ${what}`, async () => {
    const name = `refused-${index}`;
    await assert.rejects(register(batch, name, container, more), refused(message));
    assert.deepEqual(await describe({ jobDefinitionName: name }), []);
  });
}

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
  await assert.rejects(
    describe({ jobDefinitions: Array.from({ length: 101 }, (_, n) => `d:${n}`) }),
    refused("jobDefinitions can have at most 100 entries."),
  );
});
