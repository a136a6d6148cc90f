import type { CoreV1Api, VersionApi } from "@kubernetes/client-node";
import { accessTo } from "../clusters.ts";
import { readConfiguration } from "../config/configuration.ts";
import type { ClusterSetting } from "../config/kubernetes.ts";
import { StartError } from "../start-error.ts";
import type { Check, Finding } from "./finding.ts";
import { ok, problem, skipped, warning } from "./finding.ts";

type Found = Omit<Finding, "check">;

/** Whether the clusters of the configuration answer, and let us look. */
export function clusterCheck(dataDir: string, configFile: string | undefined): Check {
  return {
    name: "kubernetes",
    async find() {
      const clusters = configured(dataDir, configFile);
      if ("level" in clusters) return clusters;
      if (clusters.length === 0) return skipped("No Kubernetes cluster is configured: jobs run on this machine.");
      return Promise.all(clusters.map(lookAt));
    },
  };
}

function configured(dataDir: string, configFile: string | undefined): readonly ClusterSetting[] | Found {
  try {
    return readConfiguration(dataDir, configFile).clusters;
  } catch (error) {
    if (error instanceof StartError)
      return problem(error.message, "Then run this again: the server does not start so.");
    throw error;
  }
}

async function lookAt(setting: ClusterSetting): Promise<Found> {
  const { CoreV1Api: Core, KubeConfig, VersionApi: Version } = await import("@kubernetes/client-node");
  const access = accessTo(setting, new KubeConfig());
  const server = access.getCurrentCluster()!.server;
  try {
    return await describe(setting, access.makeApiClient(Version), access.makeApiClient(Core));
  } catch (error) {
    return problem(
      `The Kubernetes cluster ${setting.name} at ${server} does not answer as it should: ${whyOf(error)}.`,
      `Try: kubectl get pods -n ${setting.namespaces[0]}; then correct kubernetes.clusters.${setting.name} (docs/kubernetes.md).`,
    );
  }
}

async function describe({ name, namespaces }: ClusterSetting, version: VersionApi, core: CoreV1Api): Promise<Found> {
  const { gitVersion } = await version.getCode();
  for (const namespace of namespaces) {
    try {
      await core.listNamespacedPod({ namespace, limit: 1 });
    } catch (error) {
      return problem(
        `Pods in namespace ${namespace} of the Kubernetes cluster ${name} cannot be listed: ${whyOf(error)}.`,
        "Make the namespace, and give the server's account the role in deploy/kubernetes.",
      );
    }
  }
  const says = `The Kubernetes cluster ${name} (${gitVersion}) answers; jobs run in ${namespaces.join(", ")}.`;
  try {
    await core.listNode({ limit: 1 });
  } catch (error) {
    return warning(
      `${says} Its nodes cannot be listed: ${whyOf(error)}.`,
      "Without them instances are not shown, and nodes that are lost are noticed late: give the server's account the cluster role in deploy/kubernetes.",
    );
  }
  return ok(says);
}

/** Of an answer its message, else what kept it from coming. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const said = "body" in error ? messageOf(error.body) : undefined;
  const short = /^Message: (.+)$/m.exec(error.message)?.[1];
  return (said ?? cause ?? short ?? error.message).split("\n")[0]!.replace(/\.$/, "");
}

/** Of a Status, as an object or as the text that it came in. */
function messageOf(body: unknown): string | undefined {
  if (typeof body === "string") {
    try {
      return messageOf(JSON.parse(body));
    } catch {
      return undefined;
    }
  }
  const isStatus = typeof body === "object" && body !== null && "message" in body;
  return isStatus && typeof body.message === "string" ? body.message : undefined;
}
