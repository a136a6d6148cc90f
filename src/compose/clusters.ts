import type { KubeConfig } from "@kubernetes/client-node";
import type { ClusterPlace } from "../core/clusters/place.ts";
import { driverOfCluster } from "../core/driver-name.ts";
import { DRIVER_TAG } from "../core/resources.ts";
import type { Clock } from "../ports/clock.ts";
import type { Driver } from "../ports/driver.ts";
import type { Term } from "../ports/leadership.ts";
import type { LogSink } from "../ports/logs.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { EnvironmentSettings } from "../ports/store.ts";
import type { ClusterSetting } from "./config/kubernetes.ts";
import type { ServerOptions } from "./options.ts";
import { StartError } from "./start-error.ts";

/** What an environment says of where its jobs run. */
type PlaceWish = Pick<EnvironmentSettings, "eksConfiguration" | "tags">;

const WITHOUT_CLUSTER = "docs/kubernetes.md says how to name one in the configuration file";

/**
 * Which cluster an environment is in: that of its tag `longshore:driver`, else that of its eksConfiguration, else the default one, where pods are what runs jobs
 * by default. Undefined for environments of this machine: so are those with an eksConfiguration where no cluster is configured.
 */
export function clusterOf(
  { eksConfiguration, tags = {} }: PlaceWish,
  clusters: readonly ClusterSetting[],
  defaultDriver: ServerOptions["driver"],
): ClusterPlace | undefined {
  const wanted =
    tags[DRIVER_TAG] ?? (defaultDriver === "kubernetes" && eksConfiguration === undefined ? "kubernetes" : undefined);
  if (wanted !== undefined) {
    if (wanted !== "kubernetes" && !wanted.startsWith("kubernetes@")) return undefined;
    const name = wanted === "kubernetes" ? clusters[0]?.name : wanted.slice("kubernetes@".length);
    const cluster = clusters.find((one) => one.name === name);
    if (cluster !== undefined) return placeIn(cluster, eksConfiguration?.kubernetesNamespace);
    const which =
      name === undefined ? "No Kubernetes cluster is configured" : `No Kubernetes cluster ${name} is configured`;
    return unusable(`${which}: ${WITHOUT_CLUSTER}.`);
  }
  if (eksConfiguration === undefined || clusters.length === 0) return undefined;
  const cluster = clusters.find(({ eksClusterArn }) => eksClusterArn === eksConfiguration.eksClusterArn);
  if (cluster !== undefined) return placeIn(cluster, eksConfiguration.kubernetesNamespace);
  return unusable(
    `No configured Kubernetes cluster has the eksClusterArn ${eksConfiguration.eksClusterArn}: ${WITHOUT_CLUSTER}.`,
  );
}

/** What runs the jobs of environments that are in no cluster. */
export function ofThisMachine(driver: ServerOptions["driver"]): Exclude<ServerOptions["driver"], "kubernetes"> {
  return driver === "kubernetes" ? "auto" : driver;
}

/** @throws StartError */
export function refuseMissingCluster(
  { driver }: Pick<ServerOptions, "driver">,
  clusters: readonly ClusterSetting[],
): void {
  if (driver !== "kubernetes" || clusters.length > 0) return;
  throw new StartError(
    "BAD_OPTION",
    `--driver kubernetes needs a cluster in the configuration file, and there is none: ${WITHOUT_CLUSTER}.`,
  );
}

function placeIn({ name, namespaces, pendingPods }: ClusterSetting, wanted: string | undefined): ClusterPlace {
  const namespace = wanted ?? namespaces[0]!;
  if (!namespaces.includes(namespace)) {
    return unusable(
      `Unable to validate Kubernetes Namespace ${namespace}: the configuration of cluster ${name} has ${namespaces.join(", ")}.`,
    );
  }
  return { kind: "in-cluster", driver: driverOfCluster(name), share: { namespace, pendingPods } };
}

/** In the form in which AWS tells of it (reference 6.2). */
function unusable(problem: string): ClusterPlace {
  return { kind: "unusable", problem: `CLIENT_ERROR - ${problem}` };
}

export interface ClusterDriverParts {
  readonly clusterId: string;
  readonly logs: LogSink;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly term: Term;
  readonly directory: string;
  readonly fileSystems: ReadonlyMap<string, string>;
  onNotice(notice: string): void;
}

/** A driver for each cluster. What speaks to clusters is loaded only where there is one. */
export async function clusterDrivers(
  clusters: readonly ClusterSetting[],
  parts: ClusterDriverParts,
): Promise<Driver[]> {
  if (clusters.length === 0) return [];
  const { createKubernetesDriver } = await import("../drivers/kubernetes/driver.ts");
  const client = await import("@kubernetes/client-node");
  return clusters.map((cluster) => {
    const { namespaces, keepFailedMs } = cluster;
    const access = accessTo(cluster, new client.KubeConfig());
    return createKubernetesDriver({ ...parts, name: driverOfCluster(cluster.name), access, namespaces, keepFailedMs });
  });
}

/** @throws StartError when the file cannot be read, or has no such context. */
export function accessTo({ name, kubeconfig, context, inCluster }: ClusterSetting, access: KubeConfig): KubeConfig {
  try {
    if (inCluster === true) access.loadFromCluster();
    else if (kubeconfig !== undefined) access.loadFromFile(kubeconfig);
    else access.loadFromDefault();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(
      "BAD_CONFIGURATION",
      `How to reach the Kubernetes cluster ${name} cannot be read: ${why}. Correct kubernetes.clusters.${name} (docs/kubernetes.md).`,
    );
  }
  if (context !== undefined) {
    const known = access.getContexts().map((one) => one.name);
    if (!known.includes(context)) {
      throw new StartError(
        "BAD_CONFIGURATION",
        `kubernetes.clusters.${name}.context: there is no context "${context}"; there are ${known.join(", ") || "none"}.`,
      );
    }
    access.setCurrentContext(context);
  }
  if (access.getCurrentCluster() === null) {
    throw new StartError(
      "BAD_CONFIGURATION",
      `kubernetes.clusters.${name}: its context ${access.getCurrentContext() || "is not set"} names no cluster. Name one with "context".`,
    );
  }
  return access;
}
