import { resolve } from "node:path";
import type { JsonObject } from "../../input/json-object.ts";
import { httpUrl } from "./http-url.ts";

/** A Kubernetes cluster that runs jobs as pods. */
export interface ClusterSetting {
  /** What the tag `longshore:driver` calls it: `kubernetes@NAME`. */
  readonly name: string;
  /** The file that says how to reach it; without it what kubectl would take: KUBECONFIG, ~/.kube/config, or of a pod the cluster that it is in. */
  readonly kubeconfig?: string;
  /** Of that file; without it its current one. */
  readonly context?: string;
  /** The cluster that this server's own pod is in, whatever files there are. */
  readonly inCluster?: true;
  /** Compute environments with this eksConfiguration.eksClusterArn are in it. */
  readonly eksClusterArn?: string;
  /** The only ones that pods are made in. The first is that of environments which name none. */
  readonly namespaces: readonly string[];
  /** Where pods reach this server. */
  readonly endpoint?: string;
  /** So many pods of one compute environment may wait in the cluster for a place. */
  readonly pendingPods: number;
  /** For so long pods that failed stay for people to look at, ms. */
  readonly keepFailedMs: number;
}

/** As many as a cluster's autoscaler can do something with, and few enough that the order of the others stays the scheduler's. */
const PENDING_PODS = 100;
const MOST_CLUSTERS = 20;
const NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** `{"clusters": {NAME: {...}}}`, the default cluster first. Files are meant from `directory`. */
export function clusterSettings(section: JsonObject, directory: string): ClusterSetting[] {
  const clusters = section.object("clusters");
  section.end();
  const names = clusters.names();
  if (names.length === 0 || names.length > MOST_CLUSTERS) {
    section.fail("clusters", `must have 1 to ${MOST_CLUSTERS} clusters by their names.`);
  }
  const settings = names.map((name) => {
    if (!NAME.test(name)) clusters.fail(name, "must be a name of at most 63 small letters, digits, - and dots.");
    return clusterSetting(name, clusters.object(name), directory);
  });
  const arns = settings.flatMap(({ eksClusterArn }) => eksClusterArn ?? []);
  const twice = arns.find((arn, index) => arns.indexOf(arn) !== index);
  if (twice !== undefined) section.fail("clusters", `has the eksClusterArn "${twice}" twice.`);
  return settings;
}

function clusterSetting(name: string, cluster: JsonObject, directory: string): ClusterSetting {
  const text = (member: string): string | undefined => cluster.optional(member, (one) => cluster.string(one));
  const kubeconfig = text("kubeconfig");
  const context = text("context");
  const inCluster = cluster.optional("inCluster", (one) => cluster.flag(one)) ?? false;
  const eksClusterArn = text("eksClusterArn");
  const endpoint = cluster.optional("endpoint", (one) => endpointOf(cluster, one));
  const namespaces = cluster.filled("namespaces");
  const pendingPods = cluster.optional("pendingPods", (one) => cluster.number(one, { least: 1, most: 100_000 }));
  const keepMinutes = cluster.optional("keepFailedPodsMinutes", (one) => cluster.number(one, { most: 43_200 })) ?? 0;
  cluster.end();
  const bad = namespaces.find((namespace) => !LABEL.test(namespace));
  if (bad !== undefined) cluster.fail("namespaces", `must be names of Kubernetes namespaces, unlike "${bad}".`);
  if (inCluster && (kubeconfig !== undefined || context !== undefined)) {
    cluster.fail("inCluster", "cannot be true beside kubeconfig or context.");
  }
  if (eksClusterArn !== undefined && !/^arn:[^:]+:eks:[^:]*:[^:]*:cluster\/.+$/.test(eksClusterArn)) {
    cluster.fail("eksClusterArn", "must be the ARN of an EKS cluster.");
  }
  return {
    ...{ name, namespaces, pendingPods: pendingPods ?? PENDING_PODS, keepFailedMs: keepMinutes * 60_000 },
    ...(kubeconfig !== undefined && { kubeconfig: resolve(directory, kubeconfig) }),
    ...(context !== undefined && { context }),
    ...(inCluster && { inCluster }),
    ...(eksClusterArn !== undefined && { eksClusterArn }),
    ...(endpoint !== undefined && { endpoint }),
  };
}

function endpointOf(cluster: JsonObject, member: string): string {
  const text = cluster.string(member);
  return httpUrl(text)?.search === ""
    ? text.replace(/\/$/, "")
    : cluster.fail(member, "must be a URL of http or https without credentials.");
}
