import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { EcsTaskProperties, JobDetail, RetryStrategy, TaskContainerProperties } from "@aws-sdk/client-batch";
import { RegisterJobDefinitionCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import { batchClient, logsClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage } from "../support/docker-image.ts";
import { untilListening } from "../support/hello-server.ts";
import { ended, logLines } from "../support/jobs.ts";
import { spawnServer } from "./server.ts";

const skip = (await dockerUnavailable()) ?? false;

/** One container: its name, what it runs, and what else its definition says. */
type Part = readonly [name: string, script: string, more?: Partial<TaskContainerProperties>];

const before = (containerName: string, condition: string) => ({ containerName, condition });
const beside: Partial<TaskContainerProperties> = { essential: false };
/** Goes on whatever it is told. */
const DEAF = "trap '' TERM; while :; do sleep 0.1; done";

describe("jobs of several containers on a container engine", { skip, concurrency: true }, () => {
  const bench = skip === false ? open() : undefined;

  test("START, COMPLETE and SUCCESS are waited for; the shared volume and localhost are theirs; each has its log and its code", async () => {
    const shared = { mountPoints: [{ sourceVolume: "shared", containerPath: "/shared" }] };
    const { job, log, codes } = await (
      await bench!
    )(
      [
        [
          "main",
          `cat /shared/note /shared/failed; ${untilListening(7777)}; nc 127.0.0.1 7777 < /dev/null`,
          {
            ...shared,
            dependsOn: [before("server", "START"), before("writer", "SUCCESS"), before("failing", "COMPLETE")],
          },
        ],
        ["server", "nc -ll -p 7777 -e echo served & trap 'exit 0' TERM; wait", beside],
        ["writer", "sleep 0.3; echo written > /shared/note; echo I wrote", { ...beside, ...shared }],
        ["failing", "sleep 0.2; echo failed > /shared/failed; exit 3", { ...beside, ...shared }],
      ],
      { volumes: [{ name: "shared", host: {} }] },
    );
    assert.equal(job.status, "SUCCEEDED", job.statusReason);
    assert.deepEqual(codes, { main: 0, server: 0, writer: 0, failing: 3 });
    assert.deepEqual(await log("main", 3), ["written", "failed", "served"]);
    assert.deepEqual(await log("writer", 1), ["I wrote"]);
  });

  test("a SUCCESS that is none: who waits for it never starts, and with it the task", async () => {
    const { job, codes } = await (
      await bench!
    )([
      ["main", "true", { dependsOn: [before("setup", "SUCCESS")] }],
      ["setup", "exit 4", beside],
    ]);
    assert.deepEqual([job.status, job.statusReason], ["FAILED", "Task failed to start"]);
    assert.equal(codes["setup"], 4);
    assert.match(
      String(codes["main"]),
      /^CannotStartContainerError: dependency graph: .* \[setup\] for target \[main\]/,
    );
  });

  test("startTimeout bounds how long others wait for an end; stopTimeout, how long who is told to end may take", async () => {
    const [late, stubborn] = await Promise.all([
      (await bench!)([
        ["main", "true", { dependsOn: [before("slow", "COMPLETE")] }],
        ["slow", "exec sleep 60", { ...beside, startTimeout: 2, stopTimeout: 2 }],
      ]),
      (await bench!)([
        ["main", "sleep 0.2", { dependsOn: [before("deaf", "START")] }],
        ["deaf", DEAF, { ...beside, stopTimeout: 2 }],
      ]),
    ]);
    assert.match(String(late.codes["main"]), /dependency \[slow\] for target \[main\] has timed out\.$/);
    assert.deepEqual([stubborn.job.status, stubborn.codes], ["SUCCEEDED", { main: 0, deaf: 137 }]);
    assert.ok(stubborn.job.stoppedAt! - stubborn.job.startedAt! >= 2_000, "it had its two seconds");
  });

  test("what is not essential may fail; what is essential ends the others, and its code is the job's", async () => {
    const [ignored, decisive] = await Promise.all([
      (await bench!)([
        ["main", "sleep 0.5"],
        ["side", "exit 9", beside],
      ]),
      (await bench!)([
        ["main", "trap 'exit 0' TERM; sleep 60 & wait"],
        ["helper", "sleep 0.5; exit 5"],
      ]),
    ]);
    assert.deepEqual([ignored.job.status, ignored.codes], ["SUCCEEDED", { main: 0, side: 9 }]);
    assert.deepEqual([decisive.job.status, decisive.codes], ["FAILED", { main: 0, helper: 5 }]);
    assert.equal(decisive.job.statusReason, "Essential container in task exited");
  });

  test("pidMode and ipcMode `task`: they see each other's processes and shared memory", async () => {
    const look =
      "until [ -e /dev/shm/note ]; do sleep 0.1; done; cat /dev/shm/note; ps -o args | grep -c 'sleep 61[7]'";
    const parts: Part[] = [
      ["main", look],
      ["other", "echo mine > /dev/shm/note; exec sleep 617", { ...beside, stopTimeout: 2 }],
    ];
    const { job, log } = await (await bench!)(parts, { pidMode: "task", ipcMode: "task" });
    assert.equal(job.status, "SUCCEEDED", job.statusReason);
    assert.deepEqual(await log("main", 2), ["mine", "1"]);
  });

  test("a secret is that of the container which names it; a retry begins with all of them", async () => {
    const secrets = [{ name: "PASSWORD", valueFrom: "arn:aws:ssm:us-east-1:123456789012:parameter/password" }];
    const { job, log } = await (
      await bench!
    )(
      [
        [
          "main",
          "echo ${PASSWORD-none}; exit $((AWS_BATCH_JOB_ATTEMPT % 2 * 7))",
          { dependsOn: [before("keeper", "COMPLETE")] },
        ],
        ["keeper", "echo $PASSWORD | tr a-z A-Z", { ...beside, secrets }],
      ],
      { executionRoleArn: "arn:aws:iam::123456789012:role/execution" },
      { attempts: 3, evaluateOnExit: [{ onExitCode: "7", action: "RETRY" }] },
    );
    assert.equal(job.status, "SUCCEEDED", job.statusReason);
    const codes = job.attempts!.map(({ taskProperties }) =>
      taskProperties![0]!.containers!.map(({ exitCode }) => exitCode),
    );
    assert.deepEqual(codes, [
      [7, 0],
      [0, 0],
    ]);
    assert.deepEqual([await log("main", 1), await log("keeper", 1)], [["none"], ["S3CR3T"]]);
  });
});

/** A server, and what runs a job of these containers on it to its end. */
async function open() {
  const directory = mkdtempSync(join(tmpdir(), "longshore-several-"));
  after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "password"), "s3cr3t\n");
  const config = join(directory, "config.json");
  writeFileSync(config, JSON.stringify({ secrets: [{ match: "password", file: "password" }] }));
  const server = await spawnServer({ after }, { driver: "docker", vcpus: 64, more: ["--config", config] });
  const batch = batchClient({ after }, server.url);
  const logs = logsClient({ after }, server.url);
  const image = await ensureTestImage();
  let count = 0;

  return async (parts: readonly Part[], task: Partial<EcsTaskProperties> = {}, retryStrategy?: RetryStrategy) => {
    const jobDefinitionName = `several-${(count += 1)}`;
    const containers = parts.map((part) => container(image, part));
    const ecsProperties = { taskProperties: [{ containers, ...task }] };
    const definition = { jobDefinitionName, type: "container" as const, ecsProperties, retryStrategy };
    await batch.send(new RegisterJobDefinitionCommand(definition));
    const request = { jobName: "several", jobQueue: "default", jobDefinition: jobDefinitionName };
    const { jobId } = await batch.send(new SubmitJobCommand(request));
    const job = await ended(batch, jobId!);
    const containersOf = ({ ecsProperties: ran }: JobDetail) => ran!.taskProperties![0]!.containers!;
    const streamOf = (name: string) => containersOf(job).find((one) => one.name === name)!.logStreamName!;
    return {
      job,
      /** The exit code of each container, or why it has none. */
      codes: Object.fromEntries(containersOf(job).map(({ name, exitCode, reason }) => [name, exitCode ?? reason])),
      log: (name: string, lines: number) => logLines(logs, streamOf(name), lines),
    };
  };
}

function container(image: string, [name, script, more]: Part): TaskContainerProperties {
  return {
    name,
    image,
    command: ["sh", "-c", script],
    resourceRequirements: [
      { type: "VCPU", value: "1" },
      { type: "MEMORY", value: "32" },
    ],
    ...more,
  };
}
