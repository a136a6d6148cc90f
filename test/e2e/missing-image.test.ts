import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { RegisterJobDefinitionCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import type { Explanation } from "../../src/core/explain/explanation.ts";
import { batchClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage } from "../support/docker-image.ts";
import { ended, submit } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { spawnServer } from "./server.ts";

const skip = (await dockerUnavailable()) ?? false;

/** A registry that has nothing, and takes for ever to say so of what is called slow. Engines take one on this machine without TLS. */
async function emptyRegistry(t: TestContext): Promise<string> {
  const registry = createServer((request, response) => {
    if (request.url?.includes("/slow/") === true) return;
    const isPing = request.url === "/v2/";
    const errors = [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }];
    response.writeHead(isPing ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isPing ? {} : { errors }));
  });
  registry.listen(0, "127.0.0.1");
  await once(registry, "listening");
  t.after(() => registry.close().closeAllConnections());
  return `127.0.0.1:${(registry.address() as AddressInfo).port}`;
}

test("an image that does not exist fails the job with AWS's reason, and the next job runs", { skip }, async (t) => {
  const server = await spawnServer(t, { driver: "docker" });
  const batch = batchClient(t, server.url);
  const registry = await emptyRegistry(t);
  const slow = `${registry}/slow/image:1`;
  const images = { missing: `${registry}/no/such/image:1`, slow, there: await ensureTestImage() };
  for (const [name, image] of Object.entries(images)) {
    const containerProperties = { image, command: ["true"], vcpus: 1, memory: 64 };
    await batch.send(
      new RegisterJobDefinitionCommand({ jobDefinitionName: name, type: "container", containerProperties }),
    );
  }
  const job = await ended(batch, await submit(batch, ["true"], { jobDefinition: "missing" }));
  assert.deepEqual([job.status, job.statusReason], ["FAILED", "Task failed to start"]);
  assert.match(job.container?.reason ?? "", /^CannotPullContainerError: .*manifest unknown/);
  assert.deepEqual([job.startedAt, job.container?.exitCode], [undefined, undefined]);

  const unknown = await ended(batch, await submit(batch, ["no-such-program"], { jobDefinition: "there" }));
  assert.deepEqual([unknown.status, unknown.statusReason], ["FAILED", "Task failed to start"]);
  assert.match(unknown.container?.reason ?? "", /^CannotStartContainerError: .*no-such-program/);

  assert.equal((await ended(batch, await submit(batch, ["true"], { jobDefinition: "there" }))).status, "SUCCEEDED");

  const waiting = await submit(batch, ["true"], { jobDefinition: "slow" });
  const explanation = await until("the pull is told", async () => {
    const told = (await (await fetch(`${server.url}/longshore/jobs/${waiting}/explanation`)).json()) as Explanation;
    return told.waitsFor === undefined ? undefined : told;
  });
  assert.deepEqual([explanation.status, explanation.waitsFor], ["STARTING", [`pulling image ${slow}`]]);
  await batch.send(new TerminateJobCommand({ jobId: waiting, reason: "enough" }));
  assert.equal((await ended(batch, waiting)).status, "FAILED");
});
