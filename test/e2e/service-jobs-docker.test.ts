import assert from "node:assert/strict";
import { test } from "node:test";
import { TerminateServiceJobCommand } from "@aws-sdk/client-batch";
import { GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { batchClient, logsClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage, testEngine } from "../support/docker-image.ts";
import {
  createServiceQueue,
  serviceEnded,
  submitService,
  trainingRequest,
  untilServiceStatus,
} from "../support/service-jobs.ts";
import { spawnServer } from "./server.ts";

const skip = (await dockerUnavailable()) ?? false;

test(
  "training jobs run in their images, with entrypoint, arguments and environment, and outlive the server",
  { skip },
  async (t) => {
    const server = await spawnServer(t, { driver: "docker" });
    const batch = batchClient(t, server.url);
    const TrainingImage = await ensureTestImage();
    await createServiceQueue(batch, "training");
    const train = (ContainerEntrypoint: string[], ContainerArguments?: string[]) =>
      trainingRequest("", {
        AlgorithmSpecification: { TrainingImage, ContainerEntrypoint, ContainerArguments },
        HyperParameters: { epochs: "3" },
      });

    const good = await serviceEnded(batch, await submitService(batch, train(["echo", "epochs"], ["and", "more"])));
    assert.deepEqual([good.status, good.statusReason], ["SUCCEEDED", "Received status from SageMaker: Completed"]);
    const arn = good.latestAttempt!.serviceResourceId!.value!;
    const stream = {
      logGroupName: "/aws/sagemaker/TrainingJobs",
      logStreamName: `${arn.slice(arn.indexOf("/") + 1)}/algo-1`,
      startFromHead: true,
    };
    const { events } = await logsClient(t, server.url).send(new GetLogEventsCommand(stream));
    assert.deepEqual(
      events!.map(({ message }) => message),
      ["epochs and more"],
    );

    const bad = await serviceEnded(batch, await submitService(batch, train(["sh", "-c", `exit $SM_HP_EPOCHS`])));
    assert.equal(bad.statusReason, "Received status from SageMaker: AlgorithmError:, exit code: 3");

    const missing = await serviceEnded(batch, await submitService(batch, train(["no-such-program"])));
    assert.match(missing.statusReason!, /^Received status from SageMaker: ClientError: CannotStartContainerError: /);

    const id = await submitService(batch, train(["sleep", "600"]));
    const running = await untilServiceStatus(batch, id, "RUNNING");
    await server.kill();
    await server.start();
    const after = batchClient(t, server.url);
    const found = await untilServiceStatus(after, id, "RUNNING");
    assert.equal(found.startedAt, running.startedAt);
    assert.equal(found.scheduledAt, running.scheduledAt);
    await after.send(new TerminateServiceJobCommand({ jobId: id, reason: "enough" }));
    // `sleep` is process 1 of its container and hears no SIGTERM.
    const [, task] = /AWSBatchtrain([0-9a-f]{32})$/.exec(running.latestAttempt!.serviceResourceId!.value!)!;
    const engine = await testEngine();
    await engine.getContainer(`longshore-${task}`).kill();
    const stopped = await serviceEnded(after, id);
    assert.deepEqual([stopped.status, stopped.statusReason, stopped.isTerminated], ["FAILED", "enough", true]);
  },
);
