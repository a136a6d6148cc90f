import { NO_IMAGE } from "../../../ports/driver.ts";
import type { AttemptSpec } from "../../../ports/driver.ts";
import type { Container, Pod, PodSpec } from "../api/objects.ts";
import type { GangPart, Member } from "../names.ts";
import { ANNOTATION, FINALIZER, LABEL, labelValue, partOf, podName, ROOM_GATE } from "../names.ts";
import { containerNames } from "./container-names.ts";
import { containerOfEcs, podOfEcs } from "./ecs-container.ts";
import type { FileSystems } from "./ecs-volumes.ts";
import { volumesOf } from "./ecs-volumes.ts";
import { escaped } from "./escape.ts";
import { orderOf } from "./init-order.ts";
import { containerAt, containerOfProperties, podOfProperties } from "./pod-properties.ts";
import { hasSecrets, secretName, SECRETS_GATE, secretVariables } from "./secrets.ts";

/** Between SIGTERM and SIGKILL where nobody says when. */
const GRACE_SECONDS = 30;

/** What the server decides for all its pods. */
export interface PodSettings {
  readonly clusterId: string;
  readonly epoch: number;
  /** Of attempts that have no pod of their own. */
  readonly namespace: string;
  /** The image of attempts that name none (NO_IMAGE). */
  readonly defaultImage: string;
  readonly fileSystems: FileSystems;
}

/**
 * The attempts of one pod as the pod that the API is asked to make. Throws Refusal for what a pod has no words for.
 *
 * @param specs all of the pod, by index.
 */
export function podManifest(specs: readonly AttemptSpec[], settings: PodSettings): Pod {
  const [first] = specs as readonly [AttemptSpec];
  const { id, namespace, properties } = partOf(first, settings.namespace);
  const { init, main } = orderIn(specs);
  const names = containerNames(specs);
  const containers = containersOf(specs, names, settings);
  const members: Member[] = [...init, ...main].map((index) => ({
    attemptId: specs[index]!.attemptId,
    container: names[index]!,
    isInit: init.includes(index),
  }));
  const gang = gangOf(first);
  const gates = [
    ...(gang?.isMain === true && gang.count > 1 ? [{ name: ROOM_GATE }] : []),
    ...(hasSecrets(specs) ? [{ name: SECRETS_GATE }] : []),
  ];
  const { labels, annotations } = properties?.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(id),
      namespace,
      labels: { ...labels, ...ownLabels(first, id, settings) },
      annotations: {
        ...annotations,
        [ANNOTATION.members]: JSON.stringify(members),
        ...(gang !== undefined && { [ANNOTATION.gang]: JSON.stringify(gang) }),
      },
      finalizers: [FINALIZER],
    },
    spec: {
      restartPolicy: "Never",
      enableServiceLinks: false,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      ...(properties === undefined ? podOfTask(specs, settings) : podOfProperties(properties)),
      ...(init.length > 0 && { initContainers: init.map((index) => containers[index]!) }),
      containers: main.map((index) => containers[index]!),
      ...(gates.length > 0 && { schedulingGates: gates }),
    },
  };
}

function ownLabels(
  { jobId, node }: AttemptSpec,
  podId: string,
  { clusterId, epoch }: PodSettings,
): Record<string, string> {
  const job = labelValue(jobId);
  return {
    [LABEL.cluster]: labelValue(clusterId),
    [LABEL.pod]: podId,
    [LABEL.job]: job,
    [LABEL.batchJob]: job,
    [LABEL.epoch]: String(epoch),
    ...(node !== undefined && { [LABEL.gang]: node.id }),
  };
}

/** What the job's own pod says comes in its order: init containers first. */
function orderIn(specs: readonly AttemptSpec[]): {
  readonly init: readonly number[];
  readonly main: readonly number[];
} {
  const properties = specs[0]!.pod?.properties;
  if (properties === undefined) return orderOf(specs);
  const count = properties.initContainers?.length ?? 0;
  const all = specs.map((_, index) => index);
  return { init: all.slice(0, count), main: all.slice(count) };
}

function podOfTask(specs: readonly AttemptSpec[], { fileSystems }: PodSettings): Partial<PodSpec> {
  const { volumes } = volumesOf(specs, fileSystems);
  const [first] = specs as readonly [AttemptSpec];
  const pulls = [
    ...(first.pullSecrets ?? []),
    ...(specs.some(({ container }) => container.repositoryCredentials) ? [secretName(first, "login")] : []),
  ];
  return {
    automountServiceAccountToken: false,
    ...podOfEcs(specs),
    ...(volumes.length > 0 && { volumes }),
    ...(pulls.length > 0 && { imagePullSecrets: pulls.map((name) => ({ name })) }),
  };
}

function containersOf(specs: readonly AttemptSpec[], names: readonly string[], settings: PodSettings): Container[] {
  const mounts = specs[0]!.pod?.properties === undefined ? volumesOf(specs, settings.fileSystems).mounts : [];
  return specs.map((spec, index) => {
    const { container, entrypoint, environment, pod } = spec;
    const { properties } = pod ?? {};
    const mounted = mounts[index] ?? [];
    return {
      name: names[index]!,
      image: imageOf(spec, settings),
      ...(entrypoint?.length && { command: entrypoint.map(escaped) }),
      ...(container.command?.length && { args: container.command.map(escaped) }),
      env: [
        ...secretVariables(spec, index),
        ...Object.entries(environment).map(([name, value]) => ({ name, value: escaped(value) })),
      ],
      ...(properties === undefined
        ? { ...containerOfEcs(spec), ...(mounted.length > 0 && { volumeMounts: [...mounted] }) }
        : containerOfProperties(containerAt(properties, index))),
    };
  });
}

export function imageOf({ container }: AttemptSpec, { defaultImage }: Pick<PodSettings, "defaultImage">): string {
  return container.image === undefined || container.image === NO_IMAGE ? defaultImage : container.image;
}

/** Which node of a multi-node parallel job it is. The main one begins first; it is known by the variables that AWS Batch gives. */
export function gangOf({ node, environment }: AttemptSpec): GangPart | undefined {
  if (node === undefined) return undefined;
  const { id, index, count, each } = node;
  const main = environment["AWS_BATCH_JOB_MAIN_NODE_INDEX"] ?? "0";
  return { id, index, count, ...(each !== undefined && { each }), isMain: String(index) === main };
}
