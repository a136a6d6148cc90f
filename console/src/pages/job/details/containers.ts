import type {
  EksContainerDetail,
  JobDetail,
  KeyValuePair,
  MountPoint,
  ResourceRequirement,
  Secret,
  Ulimit,
  Volume,
} from "@aws-sdk/client-batch";

/** A container as it ran, in whichever of DescribeJobs' shapes it was told. */
export interface RanContainer {
  readonly name?: string;
  readonly image?: string | undefined;
  readonly command: readonly string[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  /** Their names, and where their values are kept: never the values. */
  readonly secrets: readonly { readonly name: string; readonly from: string }[];
  /** What was asked for, by kind. */
  readonly resources: readonly { readonly kind: string; readonly value: string }[];
  readonly mounts: readonly string[];
  /** The rest that was said of it. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
}

/** The containers of a job; of a multi-node parallel job those of its first node range, each node has its own page. */
export function containersOf(job: JobDetail): RanContainer[] {
  const { container, ecsProperties, eksProperties, nodeProperties } = job;
  const [range] = nodeProperties?.nodeRangeProperties ?? [];
  const task = (ecsProperties ?? range?.ecsProperties)?.taskProperties?.[0];
  if (task !== undefined) return (task.containers ?? []).map((one) => ofEcs(one, task.volumes ?? []));
  const pod = (eksProperties ?? range?.eksProperties)?.podProperties;
  if (pod !== undefined) return [...(pod.initContainers ?? []), ...(pod.containers ?? [])].map(ofPod);
  const single = range?.container ?? container;
  return single === undefined || Object.keys(single).length === 0 ? [] : [ofEcs(single, single.volumes ?? [])];
}

interface EcsContainer {
  readonly name?: string | undefined;
  readonly image?: string | undefined;
  readonly command?: string[] | undefined;
  readonly environment?: KeyValuePair[] | undefined;
  readonly secrets?: Secret[] | undefined;
  readonly resourceRequirements?: ResourceRequirement[] | undefined;
  readonly vcpus?: number | undefined;
  readonly memory?: number | undefined;
  readonly mountPoints?: MountPoint[] | undefined;
  readonly user?: string | undefined;
  readonly privileged?: boolean | undefined;
  readonly readonlyRootFilesystem?: boolean | undefined;
  readonly ulimits?: Ulimit[] | undefined;
  readonly jobRoleArn?: string | undefined;
  readonly executionRoleArn?: string | undefined;
  readonly essential?: boolean | undefined;
  readonly instanceType?: string | undefined;
}

function ofEcs(container: EcsContainer, volumes: readonly Volume[]): RanContainer {
  const { name, image, command = [], environment = [], secrets = [], resourceRequirements = [] } = container;
  const { vcpus, memory, mountPoints = [], ulimits = [] } = container;
  const hosts = new Map(volumes.map((volume) => [volume.name, volumeText(volume)]));
  return {
    ...(name !== undefined && { name }),
    ...{ image, command },
    environment: environment.map((one) => ({ name: one.name ?? "", value: one.value ?? "" })),
    secrets: secrets.map((one) => ({ name: one.name ?? "", from: one.valueFrom ?? "" })),
    resources: [
      ...(vcpus === undefined || vcpus === 0 ? [] : [{ kind: "VCPU", value: String(vcpus) }]),
      ...(memory === undefined || memory === 0 ? [] : [{ kind: "MEMORY", value: String(memory) }]),
      ...resourceRequirements.map(({ type, value }) => ({ kind: type ?? "", value: value ?? "" })),
    ],
    mounts: mountPoints.map(
      ({ sourceVolume = "", containerPath = "", readOnly = false }) =>
        `${hosts.get(sourceVolume) ?? sourceVolume} at ${containerPath}${readOnly ? ", read only" : ""}`,
    ),
    settings: settingsOf({
      User: container.user,
      Privileged: container.privileged,
      "Read-only root file system": container.readonlyRootFilesystem,
      "Job role": container.jobRoleArn,
      "Execution role": container.executionRoleArn,
      Essential: container.essential,
      "Instance type": container.instanceType,
      Limits: ulimits.map(({ name: kind, softLimit, hardLimit }) => `${kind} ${softLimit}:${hardLimit}`).join(", "),
    }),
  };
}

function ofPod(container: EksContainerDetail): RanContainer {
  const { name, image, command = [], args = [], env = [], resources = {}, volumeMounts = [] } = container;
  const asked = { ...resources.requests, ...resources.limits };
  return {
    ...(name !== undefined && { name }),
    ...{ image, command: [...command, ...args] },
    environment: env.map((one) => ({ name: one.name ?? "", value: one.value ?? "" })),
    secrets: [],
    resources: Object.entries(asked).map(([kind, value]) => ({ kind, value })),
    mounts: volumeMounts.map(
      ({ name: volume = "", mountPath = "", readOnly = false }) =>
        `${volume} at ${mountPath}${readOnly ? ", read only" : ""}`,
    ),
    settings: settingsOf({
      User: container.securityContext?.runAsUser,
      Privileged: container.securityContext?.privileged,
      "Pull policy": container.imagePullPolicy,
    }),
  };
}

function volumeText({ name = "", host, efsVolumeConfiguration: efs }: Volume): string {
  if (host?.sourcePath !== undefined) return `${name} (${host.sourcePath} of the host)`;
  return efs === undefined ? name : `${name} (EFS ${efs.fileSystemId})`;
}

function settingsOf(values: Readonly<Record<string, string | number | boolean | undefined>>) {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined || value === "" || value === false) return [];
    return [{ name, value: value === true ? "Yes" : String(value) }];
  });
}
