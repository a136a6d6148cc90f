import assert from "node:assert/strict";
import { test } from "node:test";
import { batchClient, logsClient } from "../support/clients.ts";
import { ended, logLines, submitScript } from "../support/jobs.ts";
import { clusterBench } from "./cluster-bench.ts";
import { failingServer, newDataDir, spawnServer } from "./server.ts";
import { removeDataDir } from "../support/leftovers.ts";

test("--driver kubernetes: what names no place runs in the first cluster, without an image in its default one", async (t) => {
  const { flags } = await clusterBench(t, { images: { "busybox:latest": { cmd: ["sh"] } } });
  const { url } = await spawnServer(t, { driver: "kubernetes", more: flags });
  const batch = batchClient(t, url);
  const job = await ended(batch, await submitScript(batch, "echo in $AWS_BATCH_CE_NAME"));
  assert.deepEqual([job.status, job.container?.exitCode], ["SUCCEEDED", 0]);
  assert.deepEqual(await logLines(logsClient(t, url), job.container!.logStreamName!, 1), ["in default"]);
});

test("--driver kubernetes without a cluster is refused, with what to do", async (t) => {
  const dataDir = newDataDir();
  t.after(() => removeDataDir(dataDir));
  const { exitCode, stderr } = await failingServer(dataDir, { driver: "kubernetes" });
  assert.notEqual(exitCode, 0);
  assert.match(
    stderr,
    /--driver kubernetes needs a cluster in the configuration file, and there is none: docs\/kubernetes\.md/,
  );
});
