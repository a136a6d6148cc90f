import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RegisterJobDefinitionCommand } from "@aws-sdk/client-batch";
import { batchClient, logsClient } from "../support/clients.ts";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage } from "../support/docker-image.ts";
import { ended, logLines, submit } from "../support/jobs.ts";
import { assertNowhere } from "../support/nowhere.ts";
import { spawnServer } from "./server.ts";

const SECRET = "s3cret-of-the-database";
const ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf";
const ROLE = "arn:aws:iam::123456789012:role/execution";
/** What the program gives away of it. */
const DIGEST = createHash("md5").update(SECRET).digest("hex");

const images = {
  process: "scratch",
  ...((await dockerUnavailable()) === undefined && { docker: await ensureTestImage() }),
};

test("a secret is in the job's environment and nowhere else: not in the data directory, the server's log, or its answers", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-secrets-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "db"), JSON.stringify({ password: SECRET }));
  const config = join(directory, "config.json");
  writeFileSync(config, JSON.stringify({ secrets: [{ match: "prod/db", file: "db" }] }));
  const server = await spawnServer(t, { more: ["--driver", "auto", "--config", config, "--log-level", "debug"] });
  const batch = batchClient(t, server.url);
  const logs = logsClient(t, server.url);
  const run = async (image: string, valueFrom: string) => {
    const secrets = [{ name: "PASSWORD", valueFrom }];
    const containerProperties = { image, command: ["true"], vcpus: 1, memory: 64, secrets, executionRoleArn: ROLE };
    const request = { jobDefinitionName: "reads", type: "container" as const, containerProperties };
    await batch.send(new RegisterJobDefinitionCommand(request));
    const script = 'printf %s "$PASSWORD" | md5sum | cut -c1-32';
    return ended(batch, await submit(batch, ["sh", "-c", script], { jobDefinition: "reads" }));
  };
  for (const image of Object.values(images)) {
    const job = await run(image, `${ARN}:password::`);
    assert.equal(job.status, "SUCCEEDED", job.container?.reason);
    assert.deepEqual(await logLines(logs, job.container!.logStreamName!, 1), [DIGEST]);
    assert.deepEqual(job.container?.secrets, [{ name: "PASSWORD", valueFrom: `${ARN}:password::` }]);
    assert.ok(!JSON.stringify(job).includes(SECRET));

    const missing = await run(image, `${ARN}:pin::`);
    assert.deepEqual([missing.status, missing.statusReason], ["FAILED", "Task failed to start"]);
    const reason =
      "ResourceInitializationError: unable to pull secrets or registry auth: retrieved secret from Secrets Manager did not contain json key pin";
    assert.ok(missing.container?.reason?.startsWith(reason), missing.container?.reason);
  }
  assertNowhere(SECRET, server);
});
