import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { RegisterJobDefinitionCommandInput } from "@aws-sdk/client-batch";
import { RegisterJobDefinitionCommand, SubmitJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { batchClient } from "../support/clients.ts";
import { ended, submit, untilStatus } from "../support/jobs.ts";
import { KubernetesDouble } from "../support/kubernetes/double.ts";
import { until } from "../support/until.ts";
import { spawnServer } from "../e2e/server.ts";
import { kustomizeUnavailable, manifestsOf, rightsIn } from "./manifests.ts";

const NAMESPACE = "batch-jobs";
/** What concerns the whole cluster; all else is in the jobs' namespace. */
const EVERYWHERE = ["list nodes", "list pods", "watch nodes"];

const container = {
  image: "busybox",
  command: ["sleep", "0.1"],
  resourceRequirements: [
    { type: "VCPU" as const, value: "1" },
    { type: "MEMORY" as const, value: "64" },
  ],
};

const DEFINITIONS: Readonly<Record<string, Partial<RegisterJobDefinitionCommandInput>>> = {
  plain: { type: "container", containerProperties: container },
  secret: {
    type: "container",
    containerProperties: {
      ...container,
      executionRoleArn: "arn:aws:iam::123456789012:role/execution",
      secrets: [{ name: "TOKEN", valueFrom: "arn:aws:ssm:us-east-1:123456789012:parameter/token" }],
    },
  },
  nodes: {
    type: "multinode",
    nodeProperties: { numNodes: 2, mainNode: 0, nodeRangeProperties: [{ targetNodes: "0:", container }] },
  },
};

test(
  "what the servers may do in a cluster is what they do there",
  { skip: kustomizeUnavailable() ?? false },
  async (t) => {
    const cluster = await KubernetesDouble.start({ namespaces: [NAMESPACE] });
    const directory = mkdtempSync(join(tmpdir(), "longshore-rights-"));
    t.after(async () => {
      await cluster.dispose();
      rmSync(directory, { recursive: true });
    });
    writeFileSync(join(directory, "kubeconfig"), cluster.kubeconfig());
    writeFileSync(join(directory, "token"), "a secret");
    const configuration = {
      secrets: [{ match: "*", file: "token" }],
      kubernetes: { clusters: { double: { kubeconfig: "kubeconfig", namespaces: [NAMESPACE] } } },
    };
    writeFileSync(join(directory, "config.json"), JSON.stringify(configuration));
    const more = ["--driver", "kubernetes", "--config", join(directory, "config.json")];
    const server = await spawnServer(t, { more });
    const batch = batchClient(t, server.url);
    for (const [jobDefinitionName, definition] of Object.entries(DEFINITIONS)) {
      await batch.send(
        new RegisterJobDefinitionCommand({ jobDefinitionName, ...definition } as RegisterJobDefinitionCommandInput),
      );
    }
    for (const jobDefinition of Object.keys(DEFINITIONS)) {
      const request = { jobName: "job", jobQueue: "default", jobDefinition };
      const { jobId } = await batch.send(new SubmitJobCommand(request));
      assert.equal((await ended(batch, jobId!)).status, "SUCCEEDED", jobDefinition);
    }
    const long = await submit(batch, ["sleep", "600"], { jobDefinition: "plain" });
    await untilStatus(batch, long, "RUNNING");
    await batch.send(new TerminateJobCommand({ jobId: long, reason: "enough" }));
    await ended(batch, long);
    await until("no pod is left", () => cluster.pods(NAMESPACE).length === 0);

    // Stopped while its pod is being made: then it looks whether it was.
    const refused = { verb: "create", resource: "pods" } as const;
    cluster.api.faults.next(refused, { kind: "status", code: 503 }, 1_000);
    const before = cluster.api.counts.get("create pods");
    const never = await submit(batch, container.command, { jobDefinition: "plain" });
    await until("its pod is asked for", () => cluster.api.counts.get("create pods") > before);
    await batch.send(new TerminateJobCommand({ jobId: never, reason: "enough" }));
    await ended(batch, never);
    await until("it has looked", () => cluster.api.counts.get("get pods") > 0);

    const done = Object.keys(cluster.api.counts.all()).toSorted();
    const { inNamespaces, everywhere } = rightsIn(manifestsOf("overlays/example"));
    assert.deepEqual(everywhere, EVERYWHERE);
    assert.deepEqual([...new Set([...inNamespaces, ...everywhere])].toSorted(), done);
    // Of that, what the base grants is without what only jobs of several nodes need.
    assert.deepEqual(rightsIn(manifestsOf("base")).everywhere, ["list nodes", "watch nodes"]);
  },
);
