import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { KubernetesDouble } from "../support/kubernetes/double.ts";
import { until } from "../support/until.ts";
import { pod } from "./client.ts";

const run = promisify(execFile);
const absent = await run("kubectl", ["version", "--client"]).then(
  () => false as const,
  () => "there is no kubectl",
);

test("kubectl makes, shows, marks, follows, awaits and deletes a pod", { skip: absent }, async (t) => {
  const double = await KubernetesDouble.start();
  const directory = mkdtempSync(path.join(tmpdir(), "kubectl-"));
  t.after(async () => {
    await double.dispose();
    rmSync(directory, { recursive: true });
  });
  const config = path.join(directory, "config");
  writeFileSync(config, double.kubeconfig());
  // Its caches go there too.
  const env = { ...process.env, HOME: directory, KUBECONFIG: config };
  const kubectl = async (...args: string[]): Promise<string> => (await run("kubectl", args, { env })).stdout;
  const file = path.join(directory, "pod.json");
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Pod",
      ...pod("k", "trap 'echo bye; exit 3' TERM; echo hello; while :; do sleep 0.1; done 2>/dev/null"),
    }),
  );
  assert.equal(await kubectl("create", "--validate=false", "-f", file), "pod/k created\n");
  await assert.rejects(kubectl("create", "--validate=false", "-f", file), /AlreadyExists.*pods "k" already exists/);
  await kubectl("annotate", "pod", "k", "seen=yes");
  await kubectl("wait", "--for=condition=Ready", "pod/k", "--timeout=60s");
  await until("its output", async () => (await kubectl("logs", "k")) === "hello\n");
  const followed = kubectl("logs", "-f", "k");
  assert.equal(
    await kubectl("get", "pod", "k", "-o", "jsonpath={.metadata.annotations.seen} {.status.phase}"),
    "yes Running",
  );
  assert.match(await kubectl("get", "nodes"), /^node-1 /m);
  assert.match(await kubectl("delete", "pod", "k"), /^pod "k" deleted/);
  assert.match(await followed, /^hello\n(bye\n)?$/);
  await assert.rejects(kubectl("get", "pod", "k"), /\(NotFound\): pods "k" not found/);
});
