import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RegisterJobDefinitionCommand } from "@aws-sdk/client-batch";
import { batchClient, logsClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage } from "../support/docker-image.ts";
import { ended, logLines, submit, untilStatus } from "../support/jobs.ts";
import { spawnServer } from "./server.ts";

const skip = (await dockerUnavailable()) ?? false;

test("lines that belong together are one event, also when the server dies between them", { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-go-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const server = await spawnServer(t, { driver: "docker" });
  const batch = batchClient(t, server.url);
  const script = "printf '#1\\n a\\n\\n#2\\n b\\n'; until [ -e /go/on ]; do sleep 0.05; done; printf ' c\\n#3'";
  const containerProperties = {
    ...{ image: await ensureTestImage(), command: ["sh", "-c", script], vcpus: 1, memory: 64 },
    logConfiguration: { logDriver: "awslogs" as const, options: { "awslogs-multiline-pattern": "^#[0-9]" } },
    volumes: [{ name: "go", host: { sourcePath: directory } }],
    mountPoints: [{ sourceVolume: "go", containerPath: "/go" }],
  };
  await batch.send(
    new RegisterJobDefinitionCommand({ jobDefinitionName: "traces", type: "container", containerProperties }),
  );
  const jobId = await submit(batch, ["sh", "-c", script], { jobDefinition: "traces" });
  const { container } = await untilStatus(batch, jobId, "RUNNING");
  const stream = container!.logStreamName!;
  assert.deepEqual(await logLines(logsClient(t, server.url), stream, 1), ["#1\n a\n"]);
  await server.kill();
  await server.start();
  writeFileSync(join(directory, "on"), "");
  await ended(batchClient(t, server.url), jobId);
  assert.deepEqual(await logLines(logsClient(t, server.url), stream, 3), ["#1\n a\n", "#2\n b\n c", "#3"]);
});
