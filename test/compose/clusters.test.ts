import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterOf } from "../../src/compose/clusters.ts";
import type { ClusterSetting } from "../../src/compose/config/kubernetes.ts";

const EKS = "arn:aws:eks:us-east-1:123456789012:cluster/prod";
const CLUSTERS: readonly ClusterSetting[] = [
  { name: "lab", namespaces: ["lab", "more"], pendingPods: 7, keepFailedMs: 0 },
  { name: "prod", namespaces: ["jobs"], eksClusterArn: EKS, pendingPods: 100, keepFailedMs: 0 },
];

const LAB = { kind: "in-cluster", driver: "kubernetes@lab", share: { namespace: "lab", pendingPods: 7 } };
const PROD = { kind: "in-cluster", driver: "kubernetes@prod", share: { namespace: "jobs", pendingPods: 100 } };

function eks(kubernetesNamespace: string, eksClusterArn = EKS) {
  return { eksConfiguration: { eksClusterArn, kubernetesNamespace } };
}

function tagged(driver: string) {
  return { tags: { "longshore:driver": driver } };
}

test("an environment is in the cluster of its tag, else in that of its eksConfiguration, else in the default one if pods are the default", () => {
  assert.deepEqual(clusterOf(eks("jobs"), CLUSTERS, "auto"), PROD);
  assert.deepEqual(clusterOf(tagged("kubernetes"), CLUSTERS, "auto"), LAB);
  assert.deepEqual(clusterOf(tagged("kubernetes@prod"), CLUSTERS, "auto"), PROD);
  assert.deepEqual(clusterOf({ ...eks("lab"), ...tagged("kubernetes") }, CLUSTERS, "auto"), LAB);
  assert.deepEqual(clusterOf({}, CLUSTERS, "kubernetes"), LAB);
  assert.deepEqual(clusterOf(eks("jobs"), CLUSTERS, "kubernetes"), PROD);
});

test("on this machine: what has no such tag, what has another one, and pods where no cluster is configured", () => {
  assert.equal(clusterOf({}, CLUSTERS, "auto"), undefined);
  assert.equal(clusterOf({ ...eks("jobs"), ...tagged("docker") }, CLUSTERS, "kubernetes"), undefined);
  assert.equal(clusterOf(eks("jobs"), [], "auto"), undefined);
});

test("a cluster or a namespace that is not configured makes it INVALID, with the reason", () => {
  const problem = (...of: Parameters<typeof clusterOf>) => {
    const place = clusterOf(...of);
    return place?.kind === "unusable" ? place.problem : undefined;
  };
  assert.match(problem(tagged("kubernetes"), [], "auto")!, /^CLIENT_ERROR - No Kubernetes cluster is configured: docs/);
  assert.match(problem(tagged("kubernetes@dev"), CLUSTERS, "auto")!, /No Kubernetes cluster dev is configured/);
  assert.match(
    problem(eks("other"), CLUSTERS, "auto")!,
    /Unable to validate Kubernetes Namespace other: .*prod has jobs/,
  );
  const elsewhere = EKS.replace("prod", "else");
  assert.match(
    problem(eks("jobs", elsewhere), CLUSTERS, "auto")!,
    /No configured Kubernetes cluster has the eksClusterArn .*else/,
  );
});
