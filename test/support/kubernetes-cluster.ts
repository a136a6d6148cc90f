import { randomBytes } from "node:crypto";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { KubernetesDouble } from "./kubernetes/double.ts";
import type { KubernetesDoubleOptions } from "./kubernetes/double.ts";
import { until } from "./until.ts";

/** A cluster that tests may use: the double, or a real one, of which they have one namespace. */
export interface TestCluster {
  readonly access: KubeConfig;
  readonly namespace: string;
  /** An image that has a POSIX `sh`, `sleep`, `tail` and `env`. */
  readonly image: string;
  dispose(): Promise<void>;
}

/** A real one, for the tests that can run on any. */
export const KUBECONFIG = process.env["LONGSHORE_TEST_KUBECONFIG"];
const IMAGE = process.env["LONGSHORE_TEST_IMAGE"] ?? "busybox";

export interface DoubleCluster extends TestCluster {
  readonly double: KubernetesDouble;
}

export async function doubleCluster(options?: KubernetesDoubleOptions): Promise<DoubleCluster> {
  const double = await KubernetesDouble.start(options);
  const access = new KubeConfig();
  access.loadFromString(double.kubeconfig());
  return { double, access, namespace: "default", image: "busybox", dispose: () => double.dispose() };
}

/** A namespace of its own in the cluster of a kubeconfig's current context. */
export async function realCluster(kubeconfig: string): Promise<TestCluster> {
  const access = new KubeConfig();
  access.loadFromFile(kubeconfig);
  const core = access.makeApiClient(CoreV1Api);
  const namespace = `longshore-test-${randomBytes(4).toString("hex")}`;
  await core.createNamespace({ body: { metadata: { name: namespace } } });
  // Pods are refused before the namespace has its service account.
  await until("the namespace has its service account", () =>
    core.readNamespacedServiceAccount({ namespace, name: "default" }).then(Boolean, () => false),
  );
  return {
    access,
    namespace,
    image: IMAGE,
    async dispose() {
      await removePods(access, namespace, "");
      await core.deleteNamespace({ name: namespace });
    },
  };
}

/** Removes pods whatever holds them back. Resolves when they are gone. */
export async function removePods(access: KubeConfig, namespace: string, labelSelector: string): Promise<void> {
  const core = access.makeApiClient(CoreV1Api);
  await until("the pods are gone", async () => {
    const { items } = await core.listNamespacedPod({ namespace, labelSelector });
    for (const { metadata } of items) {
      const name = metadata!.name!;
      const body = [{ op: "remove", path: "/metadata/finalizers" }];
      if ((metadata!.finalizers ?? []).length > 0) await ifThere(core.patchNamespacedPod({ namespace, name, body }));
      await ifThere(core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 }));
    }
    return items.length === 0;
  });
}

/** It may be gone by now, or have lost its finalizers. */
async function ifThere(request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    const { code } = error as { readonly code?: number };
    if (code !== 404 && code !== 409 && code !== 422) throw error;
  });
}
