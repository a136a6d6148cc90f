import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test } from "node:test";
import { promisify } from "node:util";
import type { JobDefinition, JobDetail, SubmitJobRequest } from "@aws-sdk/client-batch";
import {
  DescribeJobDefinitionsCommand,
  DescribeJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
} from "@aws-sdk/client-batch";
import { awsCommand } from "../../console/src/pages/job/copy-as/aws-cli.ts";
import { boto3Text } from "../../console/src/pages/job/copy-as/boto3.ts";
import { dockerCommands } from "../../console/src/pages/job/copy-as/docker.ts";
import { longshoreCommand } from "../../console/src/pages/job/copy-as/longshore-cli.ts";
import { shellWord } from "../../console/src/pages/job/copy-as/shell.ts";
import { submissionOf } from "../../console/src/pages/job/copy-as/submission.ts";
import { findClient } from "../e2e/client-program.ts";
import { spawnServer } from "../e2e/server.ts";
import { batchClient } from "../support/clients.ts";
import { ensureTestImage } from "../support/docker-image.ts";
import { findSocket } from "../../src/drivers/docker/engine/probe.ts";

const run = promisify(execFile);
const aws = findClient("The AWS CLI", ["aws", "/usr/bin/aws"], ["--version"]);
const python = findClient("boto3", ["python3", "/usr/bin/python3"], ["-c", "import boto3"]);
const LONGSHORE = `${import.meta.dirname}/../../longshore`;

/** What shells, Python, JSON and terminals take for more than text. */
const HOSTILE = [
  `it's "quoted" \\ back\\\\slashed`,
  "$HOME $(touch /tmp/hacked) `id` ${x} !! ~ * ? [a] {b,c} | & ; < > #",
  "two\nlines\r\n\tand a tab",
  "ünïcödé 日本語 🚢 \u202eright to left\u202c",
  "--looks-like=an-option",
  "-",
  "%s %d \\033[31m \u001b[31mred",
  "<script>alert(1)</script> &amp;",
  "'",
  "file:///etc/passwd",
];

const hasEngine = (await findSocket(undefined, 10_000)) !== undefined;
const server = await spawnServer({ after });
const batch = batchClient({ after }, server.url);

async function registered(name: string, more: object): Promise<JobDefinition> {
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: name, type: "container", ...more }));
  const { jobDefinitions = [] } = await batch.send(new DescribeJobDefinitionsCommand({ jobDefinitionName: name }));
  return jobDefinitions[0]!;
}

async function describe(jobId: string): Promise<JobDetail> {
  const { jobs = [] } = await batch.send(new DescribeJobsCommand({ jobs: [jobId] }));
  return jobs[0]!;
}

async function submitted(request: SubmitJobRequest): Promise<JobDetail> {
  const { jobId } = await batch.send(new SubmitJobCommand(request));
  return describe(jobId!);
}

/** All of a job but what differs from one run to the next. */
function essence(job: JobDetail): object {
  const { jobName, jobQueue, jobDefinition, dependsOn, parameters, retryStrategy, timeout, tags, propagateTags } = job;
  const { image, command, environment, resourceRequirements } = job.container ?? {};
  const { ecsProperties, arrayProperties, consumableResourceProperties, schedulingPriority, shareIdentifier } = job;
  const containers = ecsProperties?.taskProperties?.[0]?.containers?.map((container) => ({
    name: container.name,
    command: container.command,
    environment: container.environment,
    resourceRequirements: container.resourceRequirements,
  }));
  return {
    ...{ jobName, jobQueue, jobDefinition, dependsOn, parameters, retryStrategy, timeout, tags, propagateTags },
    ...{ image, command, environment, resourceRequirements, containers, size: arrayProperties?.size },
    ...{ consumableResourceProperties, schedulingPriority, shareIdentifier },
  };
}

const plain = await registered("plain", {
  containerProperties: {
    image: "scratch",
    command: ["echo", "Ref::what", "Ref::rest"],
    resourceRequirements: [
      { type: "VCPU", value: "1" },
      { type: "MEMORY", value: "64" },
    ],
    environment: [{ name: "KEPT", value: "as it is" }],
  },
  parameters: { what: "nothing", rest: "x" },
  retryStrategy: { attempts: 2 },
});
const several = await registered("several", {
  ecsProperties: {
    taskProperties: [
      {
        containers: ["one", "two"].map((name) => ({
          name,
          image: "scratch",
          command: ["true"],
          essential: true,
          resourceRequirements: [
            { type: "VCPU", value: "1" },
            { type: "MEMORY", value: "64" },
          ],
        })),
      },
    ],
  },
});
// What waits for it never starts, and stays as it was submitted.
const holder = await submitted({
  jobName: "holder",
  jobQueue: "default",
  jobDefinition: "plain",
  containerOverrides: { command: ["sleep", "600"] },
});
const dependsOn = [{ jobId: holder.jobId! }];

const originals: readonly { readonly job: JobDetail; readonly definition: JobDefinition }[] = [
  {
    definition: plain,
    job: await submitted({
      jobName: "hostile",
      jobQueue: "default",
      jobDefinition: "plain",
      dependsOn,
      containerOverrides: {
        command: ["printf", ...HOSTILE],
        environment: HOSTILE.map((value, index) => ({ name: `V${index}`, value })),
        resourceRequirements: [{ type: "MEMORY", value: "128" }],
      },
      retryStrategy: { attempts: 3, evaluateOnExit: [{ onReason: "disk is: full.*", action: "EXIT" }] },
      timeout: { attemptDurationSeconds: 99 },
      tags: { team: "a_b = c/d", "key with space": "" },
      propagateTags: true,
    }),
  },
  {
    definition: plain,
    job: await submitted({
      jobName: "array",
      jobQueue: "default",
      jobDefinition: "plain",
      dependsOn: [...dependsOn, { type: "SEQUENTIAL" }],
      arrayProperties: { size: 3 },
      parameters: { what: HOSTILE.join(" ") },
    }),
  },
  {
    definition: several,
    job: await submitted({
      jobName: "several",
      jobQueue: "default",
      jobDefinition: "several",
      dependsOn,
      ecsPropertiesOverride: {
        taskProperties: [{ containers: [{ name: "two", command: ["echo", ...HOSTILE] }] }],
      },
    }),
  },
];

const variables = {
  ...process.env,
  AWS_ENDPOINT_URL: server.url,
  AWS_REGION: "us-east-1",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "any",
  AWS_SECRET_ACCESS_KEY: "any",
  AWS_PAGER: "",
};

async function shell(command: string): Promise<string> {
  const { stdout } = await run("sh", ["-c", command], { env: variables });
  return stdout;
}

test("aws batch submit-job submits the same again", { skip: "missing" in aws && aws.missing }, async () => {
  await Promise.all(
    originals.map(async ({ job, definition }) => {
      const said = await shell(awsCommand(submissionOf(job, definition)));
      assert.deepEqual(essence(await describe((JSON.parse(said) as { jobId: string }).jobId)), essence(job));
    }),
  );
});

test("so does boto3", { skip: "missing" in python && python.missing }, async () => {
  assert.ok("program" in python);
  const texts = originals.map(({ job, definition }) => boto3Text(submissionOf(job, definition)));
  const { stdout } = await run(python.program, ["-c", texts.join("\n")], { env: variables });
  const copies = await Promise.all(stdout.trim().split("\n").map(describe));
  assert.deepEqual(
    copies.map(essence),
    originals.map(({ job }) => essence(job)),
  );
});

test("so does longshore submit, where it has the options", async () => {
  for (const { job, definition } of originals) {
    const { command, missing } = longshoreCommand(submissionOf(job, definition));
    if (missing.length > 0) continue;
    const said = await shell(`longshore() { '${LONGSHORE}' "$@"; }\n${command}`);
    assert.deepEqual(essence(await describe(said.trim())), essence(job));
  }
  const all = originals.map(({ job, definition }) => longshoreCommand(submissionOf(job, definition)).missing);
  assert.deepEqual(all, [["propagateTags", "retryStrategy.evaluateOnExit"], [], ["ecsPropertiesOverride"]]);
});

test("any word comes through a shell as it is", async () => {
  const { stdout } = await run("sh", ["-c", `printf '%s\\0' ${HOSTILE.map(shellWord).join(" ")}`]);
  assert.deepEqual(stdout.split("\0").slice(0, -1), HOSTILE);
});

test("docker run runs it without a server", { skip: !hasEngine && "no container engine answers" }, async () => {
  const image = await ensureTestImage();
  const definition = await registered("in-docker", {
    containerProperties: {
      image,
      command: ["sh", "-c", 'printf "%s|" "$@" "$V" "$AWS_BATCH_JOB_ID" "$(id -u)" "$(ulimit -n)"', "sh", ...HOSTILE],
      user: "1234",
      environment: [{ name: "V", value: HOSTILE.join("") }],
      ulimits: [{ name: "nofile", softLimit: 100, hardLimit: 200 }],
      readonlyRootFilesystem: true,
      resourceRequirements: [
        { type: "VCPU", value: "1" },
        { type: "MEMORY", value: "64" },
      ],
    },
  });
  const job = await submitted({
    jobName: "in-docker",
    jobQueue: "default",
    jobDefinition: definition.jobDefinitionName,
    dependsOn,
  });
  const [docker] = dockerCommands(job);
  const said = await shell(docker!.command);
  assert.equal(said, [...HOSTILE, HOSTILE.join(""), job.jobId, "1234", "100", ""].join("|"));
});
