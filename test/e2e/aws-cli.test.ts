import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobDetail } from "@aws-sdk/client-batch";
import { until } from "../support/until.ts";
import { findClient, runClient } from "./client-program.ts";
import { spawnServer } from "./server.ts";

const cli = findClient("The AWS CLI", ["aws", "/usr/bin/aws"], ["--version"]);

if ("missing" in cli) test("sessions of the AWS CLI", { skip: cli.missing }, () => {});
else sessions(cli.program);

type Json = Record<string, unknown>;

/** One process a call is slow: each test submits all that it needs before it waits. */
function sessions(aws: string): void {
  const server = spawnServer({ after });

  const call = async <T = Json>(service: string, operation: string, ...args: readonly string[]): Promise<T> => {
    const { url } = await server;
    const said = await runClient(aws, ["--endpoint-url", url, "--output", "json", service, operation, ...args]);
    return (said === "" ? {} : JSON.parse(said)) as T;
  };
  const submit = async (command: readonly string[], ...args: readonly string[]): Promise<string> => {
    const where = ["--job-name", "cli", "--job-queue", "default", "--job-definition", "default"];
    const overrides = ["--container-overrides", JSON.stringify({ command })];
    return (await call<{ jobId: string }>("batch", "submit-job", ...where, ...overrides, ...args)).jobId;
  };
  const describe = async (...jobIds: readonly string[]): Promise<JobDetail[]> =>
    (await call<{ jobs: JobDetail[] }>("batch", "describe-jobs", "--jobs", ...jobIds)).jobs;
  const untilAll = (statuses: readonly string[], ...jobIds: readonly string[]): Promise<JobDetail[]> =>
    until(`${jobIds.join(", ")}: ${statuses.join(" or ")}`, async () => {
      const jobs = await describe(...jobIds);
      return jobs.every(({ status }) => statuses.includes(status!)) && jobs;
    });
  const over = (...jobIds: readonly string[]): Promise<JobDetail[]> => untilAll(["SUCCEEDED", "FAILED"], ...jobIds);
  const output = async (job: JobDetail): Promise<string[]> => {
    const stream = ["--log-group-name", "/aws/batch/job", "--log-stream-name", job.container!.logStreamName!];
    return until(`output of ${job.jobId}`, async () => {
      const { events } = await call<{ events: { message: string }[] }>("logs", "get-log-events", ...stream);
      return events.length > 0 && events.map(({ message }) => message);
    });
  };

  test("aws: submit, wait, describe, read the logs; parameters and overrides", async () => {
    const registered = await call(
      ...(["batch", "register-job-definition", "--job-definition-name", "greet", "--type", "container"] as const),
      ...["--parameters", "greeting=hello,name=nobody", "--container-properties"],
      '{"image":"scratch","command":["sh","-c","echo Ref::greeting Ref::name $COLOUR"],"vcpus":1,"memory":64,"environment":[{"name":"COLOUR","value":"red"}]}',
    );
    assert.equal(registered["revision"], 1);
    const submitted = await call<{ jobId: string; jobArn: string; jobName: string }>(
      ...(["batch", "submit-job", "--job-name", "hello", "--job-queue", "default"] as const),
      ...["--job-definition", "greet", "--parameters", "name=world", "--tags", "team=blue"],
      ...["--container-overrides", "environment=[{name=COLOUR,value=blue}],memory=128"],
    );
    assert.equal(submitted.jobArn, `arn:aws:batch:us-east-1:123456789012:job/${submitted.jobId}`);
    const [job] = await over(submitted.jobId);
    assert.deepEqual(
      [job?.status, job?.statusReason, job?.container?.exitCode, job?.container?.memory, job?.tags],
      ["SUCCEEDED", "Essential container in task exited", 0, 128, { team: "blue" }],
    );
    assert.deepEqual(await output(job!), ["hello world blue"]);
    const filters = ["--filters", "name=JOB_NAME,values=HEL*"];
    const listed = await call<{ jobSummaryList: { jobId: string }[] }>(
      ...(["batch", "list-jobs", "--job-queue", "default"] as const),
      ...filters,
    );
    assert.deepEqual(
      listed.jobSummaryList.map(({ jobId }) => jobId),
      [submitted.jobId],
    );
  });

  test("aws: an array and dependencies, plain, SEQUENTIAL and N_TO_N", async () => {
    const array = ["--array-properties", "size=2"];
    const first = await submit(["sh", "-c", "echo $AWS_BATCH_JOB_ARRAY_INDEX"], ...array);
    const like = await submit(["true"], ...array, "--depends-on", `jobId=${first},type=N_TO_N`);
    const chain = await submit(["true"], ...array, "--depends-on", `jobId=${like}`, "type=SEQUENTIAL");
    const last = await submit(["true"], "--depends-on", `jobId=${chain}`);
    const children = [first, like, chain].flatMap((id) => [`${id}:0`, `${id}:1`]);
    const [lastJob, parent, ...rest] = await over(last, first, ...children);
    assert.deepEqual([lastJob?.status, parent?.status], ["SUCCEEDED", "SUCCEEDED"]);
    assert.equal(parent?.arrayProperties?.statusSummary?.["SUCCEEDED"], 2);
    const [first0, first1, like0, like1, chain0, chain1] = rest;
    assert.ok(first0!.stoppedAt! <= like0!.startedAt! && first1!.stoppedAt! <= like1!.startedAt!, "N_TO_N");
    assert.ok(chain0!.stoppedAt! <= chain1!.startedAt!, "SEQUENTIAL");
    assert.ok(Math.max(like0!.stoppedAt!, like1!.stoppedAt!) <= chain0!.startedAt!, "on the whole array");
    assert.ok(chain1!.stoppedAt! <= lastJob!.startedAt!, "plain");
    assert.deepEqual(await output(first1!), ["1"]);
  });

  test("aws: cancel a waiting job, terminate a running one; errors have AWS's texts", async () => {
    const running = await submit(["sleep", "60"]);
    const waiting = await submit(["true"], "--depends-on", `jobId=${running}`);
    await untilAll(["RUNNING"], running);
    await call("batch", "cancel-job", "--job-id", waiting, "--reason", "changed my mind");
    await call("batch", "terminate-job", "--job-id", running, "--reason", "enough");
    const [cancelled, terminated] = await over(waiting, running);
    assert.deepEqual([cancelled?.status, cancelled?.statusReason], ["FAILED", "changed my mind"]);
    assert.deepEqual(
      [terminated?.status, terminated?.statusReason, terminated?.container?.exitCode],
      ["FAILED", "enough", 143],
    );
    await assert.rejects(call("batch", "list-jobs", "--job-queue", "nowhere"), {
      message:
        /An error occurred \(ClientException\) when calling the ListJobs operation: JobQueue nowhere not found\./,
    });
  });

  test("aws: who calls, and what a job runs on, found as clients find it", async () => {
    const identity = { Account: "123456789012", UserId: "123456789012", Arn: "arn:aws:iam::123456789012:root" };
    assert.deepEqual(await call("sts", "get-caller-identity"), identity);
    const [job] = await over(await submit(["true"]));
    const { taskArn, containerInstanceArn } = job!.container!;
    const cluster = ["--cluster", taskArn!.split("/")[1]!];
    const described = await call<{ tasks: Json[] }>("ecs", "describe-tasks", ...cluster, "--tasks", taskArn!);
    const [task] = described.tasks;
    assert.deepEqual(
      [task?.["lastStatus"], task?.["containerInstanceArn"], task?.["stopCode"]],
      ["STOPPED", containerInstanceArn, "EssentialContainerExited"],
    );
    const listed = await call<{ containerInstanceArns: string[] }>("ecs", "list-container-instances", ...cluster);
    assert.deepEqual(listed.containerInstanceArns, [containerInstanceArn]);
    const instances = [
      "--container-instances",
      containerInstanceArn!,
      "--query",
      "containerInstances[0].ec2InstanceId",
    ];
    const ec2InstanceId = await call<string>("ecs", "describe-container-instances", ...cluster, ...instances);
    const query = ["--query", "Reservations[].Instances[].[InstanceId,State.Name,Placement.AvailabilityZone]"];
    const filters = ["--filters", `Name=instance-id,Values=${ec2InstanceId},i-00000000`];
    assert.deepEqual(await call("ec2", "describe-instances", ...filters, ...query), [
      [ec2InstanceId, "running", "us-east-1a"],
    ]);
    await assert.rejects(call("ec2", "describe-instances", "--instance-ids", "i-00000000"), {
      message: /\(InvalidInstanceID\.NotFound\) when calling .*: The instance ID 'i-00000000' does not exist/,
    });
    await assert.rejects(call("ecs", "describe-tasks", "--cluster", "none", "--tasks", taskArn!), {
      message: /\(ClusterNotFoundException\) when calling the DescribeTasks operation: Cluster not found\./,
    });
  });

  test("aws: tags, by ARNs with whatever an ARN may have in it", async () => {
    const tags = (operation: string, ...args: readonly string[]) => call("batch", operation, ...args);
    const { jobDefinitionArn } = await call<{ jobDefinitionArn: string }>(
      ...([
        "batch",
        "register-job-definition",
        "--job-definition-name",
        "a_tagged-one",
        "--type",
        "container",
      ] as const),
      ...["--container-properties", '{"image":"scratch","command":["true"],"vcpus":1,"memory":64}'],
    );
    const jobId = await submit(["true"]);
    const prefix = "arn:aws:batch:us-east-1:123456789012";
    for (const arn of [jobDefinitionArn, `${prefix}:job/${jobId}`]) {
      const resource = ["--resource-arn", arn];
      await tags("tag-resource", ...resource, "--tags", '{"cost centre":"42","a/b:c":"ü=+@"}');
      await tags("tag-resource", ...resource, "--tags", "team=blue");
      await tags("untag-resource", ...resource, "--tag-keys", "cost centre", "not there");
      assert.deepEqual(await tags("list-tags-for-resource", ...resource), { tags: { "a/b:c": "ü=+@", team: "blue" } });
    }
    for (const arn of [`${prefix}:job/${jobId}:0`, `${prefix}:job-queue/no where`]) {
      await assert.rejects(tags("list-tags-for-resource", "--resource-arn", arn), {
        message: /An error occurred \(ClientException\) when calling the ListTagsForResource operation: .*arn:aws/,
      });
    }
  });
}
