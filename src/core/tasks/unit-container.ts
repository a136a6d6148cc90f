import type {
  ContainerProperties,
  EcsProperties,
  EksContainer,
  EksContainerVolumeMount,
  EksPodProperties,
  EksProperties,
  EksVolume,
  MountPoint,
  NodeRangeProperty,
  ResourceRequirement,
  Volume,
} from "@aws-sdk/client-batch";
import type { JobProperties } from "../submission/job-properties.ts";
import { rangeOfEachNode } from "./nodes.ts";
import { podContainerRequirements } from "../submission/requirements.ts";
import type { Unit } from "./task.ts";
import { DEFAULT_NAME } from "../submission/log-target.ts";

/** What a driver runs for a unit. */
export interface UnitContainer {
  readonly container: ContainerProperties;
  /** Replaces the image's entrypoint; the container's command is then its arguments. Only pods can have one. */
  readonly entrypoint?: readonly string[];
  /** `$(NAME)` in the entrypoint and in the command stands for a variable of the environment, as with Kubernetes. */
  readonly expandsVariables?: true;
  /** Of pods: when the image is pulled, and which secrets may hold a login for its registry. */
  readonly pullPolicy?: "Always" | "IfNotPresent" | "Never";
  readonly pullSecrets?: readonly string[];
  /** Whose processes, and whose shared memory, it sees: those of its task, or of the machine. Without it its own. */
  readonly pidMode?: "host" | "task";
  readonly ipcMode?: "host" | "task" | "none";
  /** The machine's own network. AWS gives it to tasks on EC2 and to pods that do not ask; here only who asks for it has it. */
  readonly networkMode?: "host";
  /** Of pods. */
  readonly noNewPrivileges?: true;
}

/** The unit's container in the shape that drivers run, with its task's volumes. */
export function unitContainer(properties: JobProperties, unit: Unit): UnitContainer {
  const { container, ecsProperties, eksProperties } = ofNode(properties, unit.node);
  if (ecsProperties !== undefined) {
    return { container: taskContainer(ecsProperties, unit.name), ...taskModes(ecsProperties) };
  }
  if (eksProperties !== undefined) {
    const { shareProcessNamespace, hostNetwork } = eksProperties.podProperties ?? {};
    return {
      ...podContainer(eksProperties, unit.name),
      ...(shareProcessNamespace === true && { pidMode: "task" }),
      ...(hostNetwork === true && { networkMode: "host" }),
    };
  }
  if (container === undefined) throw new Error(`no container ${unit.name}`);
  return { container };
}

/** What a job, or one of its nodes, says of its pod. */
export function podPropertiesOf(properties: JobProperties, node: number | undefined): EksPodProperties | undefined {
  return ofNode(properties, node).eksProperties?.podProperties;
}

function ofNode(properties: JobProperties, node: number | undefined): JobProperties | NodeRangeProperty {
  return properties.nodeProperties === undefined || node === undefined
    ? properties
    : rangeOfEachNode(properties.nodeProperties)[node]!;
}

function taskContainer({ taskProperties = [] }: EcsProperties, wanted: string): ContainerProperties {
  const [task] = taskProperties;
  const found = task?.containers?.find(({ name = DEFAULT_NAME.ecs }) => name === wanted);
  if (task === undefined || found === undefined) throw new Error(`no container ${wanted}`);
  const { name: _, dependsOn: _d, essential: _e, startTimeout: _s, stopTimeout: _t, ...container } = found;
  const { taskRoleArn, executionRoleArn, volumes, networkConfiguration, runtimePlatform, ephemeralStorage } = task;
  return {
    ...container,
    jobRoleArn: taskRoleArn,
    executionRoleArn,
    volumes,
    networkConfiguration,
    runtimePlatform,
    ephemeralStorage,
  };
}

function taskModes({ taskProperties = [] }: EcsProperties): Omit<UnitContainer, "container"> {
  const { pidMode, ipcMode, networkMode } = taskProperties[0] ?? {};
  return {
    ...(networkMode === "host" && { networkMode }),
    ...(pidMode !== undefined && { pidMode: pidMode as "host" | "task" }),
    ...(ipcMode !== undefined && { ipcMode: ipcMode as "host" | "task" | "none" }),
  };
}

/** Of what Kubernetes knows and a container engine does not, nothing is left: service accounts, DNS policies, secrets and claims as volumes. */
function podContainer({ podProperties }: EksProperties, wanted: string): UnitContainer {
  const { initContainers = [], containers = [], volumes = [], imagePullSecrets = [] } = podProperties ?? {};
  const found = [...initContainers, ...containers].find(({ name = DEFAULT_NAME.eks }) => name === wanted);
  if (found === undefined) throw new Error(`no container ${wanted}`);
  const { image, command, args, env = [], imagePullPolicy, securityContext, volumeMounts = [] } = found;
  const mounted = volumeMounts.flatMap((mount) => mountedVolume(mount, volumes) ?? []);
  return {
    container: {
      image,
      ...(args !== undefined && { command: args }),
      environment: env,
      resourceRequirements: podRequirementsAsEcs(found),
      volumes: mounted.map(({ volume }) => volume),
      mountPoints: mounted.map(({ mountPoint }) => mountPoint),
      privileged: securityContext?.privileged,
      readonlyRootFilesystem: securityContext?.readOnlyRootFilesystem,
      user: userOf(found),
    },
    ...(command?.length && { entrypoint: command }),
    expandsVariables: true,
    ...(securityContext?.allowPrivilegeEscalation === false && { noNewPrivileges: true }),
    ...(imagePullPolicy !== undefined && { pullPolicy: imagePullPolicy as UnitContainer["pullPolicy"] & string }),
    ...(imagePullSecrets.length > 0 && { pullSecrets: imagePullSecrets.map(({ name }) => name!) }),
  };
}

function podRequirementsAsEcs(container: EksContainer): ResourceRequirement[] {
  const { vcpuMilli, memoryMiB, gpus } = podContainerRequirements(container);
  return [
    { type: "VCPU", value: String(vcpuMilli / 1000) },
    { type: "MEMORY", value: String(memoryMiB) },
    ...(gpus > 0 ? [{ type: "GPU" as const, value: String(gpus) }] : []),
  ];
}

function userOf({ securityContext }: EksContainer): string | undefined {
  const { runAsUser, runAsGroup } = securityContext ?? {};
  if (runAsUser === undefined) return undefined;
  return runAsGroup === undefined ? String(runAsUser) : `${runAsUser}:${runAsGroup}`;
}

/** A host path is one with ECS too, and an empty directory is a volume without a place on the host. */
function mountedVolume(
  { name, mountPath, subPath, readOnly }: EksContainerVolumeMount,
  volumes: readonly EksVolume[],
): { volume: Volume; mountPoint: MountPoint } | undefined {
  const volume = volumes.find((one) => one.name === name);
  if (volume?.hostPath === undefined && volume?.emptyDir === undefined) return undefined;
  const path = volume.hostPath?.path;
  const sourceVolume = subPath ? `${name}/${subPath}` : name;
  const sourcePath = subPath && path ? `${path}/${subPath}` : path;
  return {
    volume: { name: sourceVolume, host: sourcePath === undefined ? {} : { sourcePath } },
    mountPoint: { sourceVolume, containerPath: mountPath, readOnly },
  };
}
