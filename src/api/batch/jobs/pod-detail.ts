import type {
  EksAttemptContainerDetail,
  EksAttemptDetail,
  EksConfiguration,
  EksContainer,
  EksProperties,
  EksPropertiesDetail,
} from "@aws-sdk/client-batch";
import { runsPodsOfCluster } from "../../../core/driver-name.ts";
import { unitAttemptId, uuidFrom } from "../../../core/ids.ts";
import type { Attempt } from "../../../core/job.ts";
import type { UnitState } from "../../../core/tasks/task.ts";
import { DEFAULT_NAME } from "../../../core/submission/log-target.ts";
import type { JobRecord } from "../../../ports/store.ts";

/** Where pods run, beside what their jobs say. */
export interface Cluster {
  /** The name of the node where pods are containers of this machine. */
  readonly nodeName: string;
  /** By the ARN of the compute environment; those that were deleted are not there. */
  readonly configurations: ReadonlyMap<string, EksConfiguration>;
}

/** The pod of a job, as its last attempt left it (reference 3.4). */
export function podDetail(job: JobRecord, { podProperties }: EksProperties, cluster: Cluster): EksPropertiesDetail {
  if (podProperties === undefined) return {};
  const { initContainers, containers = [], ...pod } = podProperties;
  const last = job.state.attempts.at(-1);
  const states = last?.units ?? [];
  const withOutcome = (list: readonly EksContainer[], first: number) =>
    list.map((container, index) => ({ ...container, ...outcomeOf(states[first + index]) }));
  return {
    podProperties: {
      ...pod,
      ...(initContainers !== undefined && { initContainers: withOutcome(initContainers, 0) }),
      containers: withOutcome(containers, initContainers?.length ?? 0),
      ...(last !== undefined && { podName: podName(last), ...nodeName(last, cluster) }),
    },
  };
}

/** One attempt of a job that is a pod. */
export function podAttempt(attempt: Attempt, { podProperties }: EksProperties, cluster: Cluster): EksAttemptDetail {
  const { initContainers = [], containers = [], metadata } = podProperties ?? {};
  const { startedAt, stoppedAt, statusReason } = attempt;
  const configuration = cluster.configurations.get(attempt.environmentArn);
  const namespace = metadata?.namespace ?? configuration?.kubernetesNamespace;
  return {
    initContainers: attemptContainers(attempt, initContainers, 0),
    containers: attemptContainers(attempt, containers, initContainers.length),
    ...(configuration !== undefined && { eksClusterArn: configuration.eksClusterArn }),
    podName: podName(attempt),
    ...(namespace !== undefined && { podNamespace: namespace }),
    ...nodeName(attempt, cluster),
    startedAt,
    stoppedAt,
    statusReason,
  };
}

function attemptContainers(
  attempt: Attempt,
  containers: readonly EksContainer[],
  first: number,
): EksAttemptContainerDetail[] {
  return containers.map(({ name = DEFAULT_NAME.eks }, index) => {
    const state = attempt.units?.[first + index];
    const hasBegun = state?.startedAt !== undefined;
    return {
      name,
      // In the form of Kubernetes: the run time, and what it calls the container.
      ...(hasBegun && { containerID: `${attempt.driver}://${unitAttemptId(attempt.id, first + index)}` }),
      ...outcomeOf(state),
    };
  });
}

function outcomeOf(state: UnitState | undefined) {
  return {
    ...(state?.exitCode !== undefined && { exitCode: state.exitCode }),
    ...(state?.reason !== undefined && { reason: state.reason }),
  };
}

/** In a cluster it is known when the pod has begun. */
function nodeName({ driver, machine }: Attempt, { nodeName: thisMachine }: Cluster): { nodeName?: string } {
  if (!runsPodsOfCluster(driver)) return { nodeName: thisMachine };
  return machine === undefined ? {} : { nodeName: machine.name };
}

function podName({ id }: Attempt): string {
  return `aws-batch.${uuidFrom(id)}`;
}
