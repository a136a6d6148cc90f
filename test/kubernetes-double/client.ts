import { CoreV1Api, KubeConfig, Watch } from "@kubernetes/client-node";
import type { V1Pod } from "@kubernetes/client-node";
import { KubernetesDouble } from "../support/kubernetes/double.ts";
import type { KubernetesDoubleOptions } from "../support/kubernetes/double.ts";
import { until } from "../support/until.ts";

/** A double and the public client of the field, which knows nothing of it. */
export interface Client {
  readonly double: KubernetesDouble;
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
}

export const namespace = "default";

export async function withDouble(
  options: KubernetesDoubleOptions,
  run: (client: Client) => Promise<void>,
): Promise<void> {
  const double = await KubernetesDouble.start({ retryMs: 40, ...options });
  try {
    const config = new KubeConfig();
    config.loadFromString(double.kubeconfig());
    await run({ double, config, core: config.makeApiClient(CoreV1Api) });
  } finally {
    await double.dispose();
  }
}

export function pod(
  name: string,
  script: string,
  spec: Partial<V1Pod["spec"]> = {},
  metadata: V1Pod["metadata"] = {},
): V1Pod {
  const container = { name: "main", image: "busybox", command: ["sh", "-c", script] };
  return { metadata: { name, ...metadata }, spec: { restartPolicy: "Never", containers: [container], ...spec } };
}

/** Waits until the pod is as it is wanted. */
export function untilPod(core: CoreV1Api, name: string, what: string, is: (pod: V1Pod) => boolean): Promise<V1Pod> {
  return until(`${name} is ${what}`, async () => {
    const found = await core.readNamespacedPod({ namespace, name });
    return is(found) ? found : undefined;
  });
}

export function untilPhase(core: CoreV1Api, name: string, phase: string): Promise<V1Pod> {
  return untilPod(core, name, phase, ({ status }) => status?.phase === phase);
}

interface Seen {
  readonly type: string;
  readonly object: V1Pod & { readonly code?: number; readonly message?: string };
}

interface Watching {
  readonly seen: readonly Seen[];
  /** Settles when the watch has ended; the error that it ended with, if any. */
  readonly ended: Promise<unknown>;
  stop(): void;
}

/** Watches pods from a version on. */
export async function watchPods(config: KubeConfig, query: Record<string, string>): Promise<Watching> {
  const seen: Seen[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const controller = await new Watch(config).watch(
    path,
    query,
    (type, object) => void seen.push({ type, object }),
    resolve,
  );
  return { seen, ended, stop: () => controller.abort() };
}
