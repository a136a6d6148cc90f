import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BatchClient } from "@aws-sdk/client-batch";
import { createQueue } from "../api/server.ts";
import { KubernetesDouble } from "../support/kubernetes/double.ts";
import type { KubernetesDoubleOptions } from "../support/kubernetes/double.ts";
import type { Owner } from "./server.ts";

export const EKS_CLUSTER = "arn:aws:eks:us-east-1:123456789012:cluster/prod";
export const NAMESPACE = "jobs";

/** Of a compute environment on EKS. */
const EKS = {
  type: "EC2",
  allocationStrategy: "BEST_FIT_PROGRESSIVE",
  minvCpus: 0,
  maxvCpus: 64,
  instanceTypes: ["m5.large"],
  subnets: ["subnet-0123456789abcdef0"],
  securityGroupIds: ["sg-0123456789abcdef0"],
  instanceRole: "node",
};

/** A cluster, and what a server needs to be told of it. */
export interface ClusterBench {
  readonly cluster: KubernetesDouble;
  /** A directory on the machine whose processes the pods are. */
  readonly directory: string;
  /** Flags of `longshore up`. */
  readonly flags: readonly string[];
}

export async function clusterBench(
  owner: Owner,
  options: KubernetesDoubleOptions = {},
  more: Readonly<Record<string, unknown>> = {},
): Promise<ClusterBench> {
  const cluster = await KubernetesDouble.start({ namespaces: [NAMESPACE], token: "of-the-server", ...options });
  const directory = mkdtempSync(join(tmpdir(), "longshore-cluster-"));
  owner.after(async () => {
    await cluster.dispose();
    rmSync(directory, { recursive: true, force: true });
  });
  writeFileSync(join(directory, "kubeconfig"), cluster.kubeconfig());
  const prod = { kubeconfig: "kubeconfig", eksClusterArn: EKS_CLUSTER, namespaces: [NAMESPACE], ...more };
  const file = join(directory, "config.json");
  writeFileSync(file, JSON.stringify({ kubernetes: { clusters: { prod } } }));
  return { cluster, directory, flags: ["--config", file] };
}

/** An environment on EKS and its queue, both of this name. */
export function createEksQueue(batch: BatchClient, name: string): Promise<void> {
  return createQueue(batch, name, EKS, {
    eksConfiguration: { eksClusterArn: EKS_CLUSTER, kubernetesNamespace: NAMESPACE },
  });
}
