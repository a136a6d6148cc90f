import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { NodeOverrides, ResourceRequirement, SubmitJobCommandInput } from "@aws-sdk/client-batch";
import { SubmitJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { describeJob, ended, submit } from "../support/jobs.ts";
import { apiServer, CONTAINER, prefixed, refused, register } from "./server.ts";

const { batch } = await apiServer({ after });
const UNKNOWN = "Resource type IMAGE is not valid. Valid types: [VCPU, MEMORY, GPU]";

/** The SDK's type knows AWS's own types only, and sends whatever it is given. */
const image = (value: string): ResourceRequirement => ({ type: "IMAGE" as "VCPU", value });
const blocked = { memory: "100000000" };
const huge: ResourceRequirement = { type: "MEMORY", value: blocked.memory };

async function submitAs(job: Partial<SubmitJobCommandInput> & { jobDefinition: string }): Promise<string> {
  const { jobId } = await batch.send(new SubmitJobCommand({ jobName: "test", jobQueue: "default", ...job }));
  return jobId!;
}

async function cancelled(jobId: string) {
  const job = await describeJob(batch, jobId);
  await batch.send(new TerminateJobCommand({ jobId, reason: "seen" }));
  return job;
}

test("an image at submission is the container's; it is no requirement, and the definition's stays what it is", async () => {
  const jobDefinition = await register(batch, "one", { image: "mine:1" });
  const requirements = [image("registry.example/other:2"), huge];
  const job = await cancelled(
    await submit(batch, ["true"], { jobDefinition, containerOverrides: { resourceRequirements: requirements } }),
  );
  assert.equal(job.container?.image, "registry.example/other:2");
  assert.deepEqual(job.container?.resourceRequirements, [{ type: "VCPU", value: "1" }, huge]);
  const plain = await cancelled(
    await submit(batch, ["true"], { jobDefinition, containerOverrides: { resourceRequirements: [huge] } }),
  );
  assert.equal(plain.container?.image, "mine:1");
});

test("the job runs what the image says: here, no image means a plain process", async () => {
  const jobDefinition = await register(batch, "none", { image: "no-such-image:1" });
  const jobId = await submit(batch, ["true"], {
    jobDefinition,
    containerOverrides: { resourceRequirements: [image("scratch")] },
  });
  const job = await ended(batch, jobId);
  assert.deepEqual([job.status, job.container?.image], ["SUCCEEDED", "scratch"]);
});

test("each container of a task can have its own", async () => {
  const container = (name: string) => ({ name, ...CONTAINER, image: `${name}:1` });
  const containers = [container("web"), container("work")];
  const jobDefinition = await register(
    batch,
    "task",
    {},
    {
      containerProperties: undefined,
      ecsProperties: { taskProperties: [{ containers }] },
    },
  );
  const over = [{ name: "work", resourceRequirements: [image("work:2"), huge] }];
  const job = await cancelled(
    await submitAs({ jobDefinition, ecsPropertiesOverride: { taskProperties: [{ containers: over }] } }),
  );
  const shown = job.ecsProperties?.taskProperties?.[0]?.containers;
  assert.deepEqual(
    shown?.map((one) => one.image),
    ["web:1", "work:2"],
  );
  assert.deepEqual(shown?.[1]?.resourceRequirements, [{ type: "VCPU", value: "1" }, huge]);
});

test("so can the nodes of a multi-node parallel job", async () => {
  const jobDefinition = await register(
    batch,
    "nodes",
    {},
    {
      ...{ type: "multinode", containerProperties: undefined },
      nodeProperties: {
        ...{ numNodes: 2, mainNode: 0 },
        nodeRangeProperties: [{ targetNodes: "0:1", container: { ...CONTAINER, image: "node:1" } }],
      },
    },
  );
  const nodeOverrides: NodeOverrides = {
    nodePropertyOverrides: [
      { targetNodes: "0:1", containerOverrides: { resourceRequirements: [image("node:2"), huge] } },
    ],
  };
  const job = await cancelled(await submitAs({ jobDefinition, nodeOverrides }));
  assert.equal(job.nodeProperties?.nodeRangeProperties?.[0]?.container?.image, "node:2");
});

test("definitions have a member for it, and with --strict there is no such override", async () => {
  const resourceRequirements = [...CONTAINER.resourceRequirements!, image("other")];
  await assert.rejects(register(batch, "bad", { resourceRequirements }), refused(prefixed(UNKNOWN)));
  const strict = await apiServer({ after }, { strict: true });
  const containerOverrides = { resourceRequirements: [image("other")] };
  await assert.rejects(submit(strict.batch, ["true"], { containerOverrides }), refused(prefixed(UNKNOWN)));
});
