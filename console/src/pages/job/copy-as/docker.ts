import type {
  EksContainerDetail,
  JobDetail,
  KeyValuePair,
  LinuxParameters,
  ResourceRequirement,
} from "@aws-sdk/client-batch";
import type { MountPoint, Tmpfs, Ulimit, Volume } from "@aws-sdk/client-batch";
import { batchVariables } from "../details/batch-variables.ts";
import { shellCommand } from "./shell.ts";

export interface DockerText {
  /** Of its container, where the job has several. */
  readonly name?: string;
  readonly command: string;
  /** What docker run cannot do, or what had to be left out. */
  readonly notes: readonly string[];
}

/** `docker run` for each container of a job, as near as an engine without a batch system comes to it. */
export function dockerCommands(job: JobDetail): DockerText[] {
  const { container, ecsProperties, eksProperties, nodeProperties } = job;
  const [range] = nodeProperties?.nodeRangeProperties ?? [];
  const task = (ecsProperties ?? range?.ecsProperties)?.taskProperties?.[0];
  if (task !== undefined) {
    return (task.containers ?? []).map((one) => dockerRun(job, one, task.volumes ?? []));
  }
  const pod = (eksProperties ?? range?.eksProperties)?.podProperties;
  if (pod !== undefined) {
    return [...(pod.initContainers ?? []), ...(pod.containers ?? [])].map((one) => dockerRun(job, fromPod(one), []));
  }
  const single = range?.container ?? container ?? {};
  return [dockerRun(job, single, single.volumes ?? [])];
}

interface Container {
  readonly name?: string | undefined;
  readonly image?: string | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly command?: readonly string[] | undefined;
  readonly environment?: readonly KeyValuePair[] | undefined;
  readonly secrets?: readonly { readonly name: string | undefined }[] | undefined;
  readonly resourceRequirements?: readonly ResourceRequirement[] | undefined;
  readonly vcpus?: number | undefined;
  readonly memory?: number | undefined;
  readonly mountPoints?: readonly MountPoint[] | undefined;
  readonly ulimits?: readonly Ulimit[] | undefined;
  readonly user?: string | undefined;
  readonly privileged?: boolean | undefined;
  readonly readonlyRootFilesystem?: boolean | undefined;
  readonly linuxParameters?: LinuxParameters | undefined;
}

function dockerRun(job: JobDetail, container: Container, volumes: readonly Volume[]): DockerText {
  const { name, image, entrypoint = [], command = [], environment = [], secrets = [] } = container;
  const variables = [
    ...environment.map((one) => ({ name: one.name ?? "", value: one.value ?? "" })),
    ...batchVariables(job),
  ];
  const need = (type: string, legacy: number | undefined): string | undefined =>
    container.resourceRequirements?.find((one) => one.type === type)?.value ??
    (legacy === undefined || legacy === 0 ? undefined : String(legacy));
  const [vcpus, memory, gpus] = [need("VCPU", container.vcpus), need("MEMORY", container.memory), need("GPU", 0)];
  const [program, ...before] = entrypoint;
  const lines = [
    ["docker", "run", "--rm"],
    ...(vcpus === undefined ? [] : [["--cpus", vcpus]]),
    ...(memory === undefined ? [] : [["--memory", `${memory}m`]]),
    ...(gpus === undefined ? [] : [["--gpus", gpus]]),
    ...variables.map((one) => ["--env", `${one.name}=${one.value}`]),
    // Without a value docker takes it from one's own environment.
    ...secrets.map((one) => ["--env", one.name ?? ""]),
    ...mounts(container.mountPoints ?? [], volumes),
    ...(container.user === undefined || container.user === "" ? [] : [[`--user=${container.user}`]]),
    ...(container.privileged === true ? [["--privileged"]] : []),
    ...(container.readonlyRootFilesystem === true ? [["--read-only"]] : []),
    ...(container.ulimits ?? []).map((one) => ["--ulimit", `${one.name}=${one.softLimit}:${one.hardLimit}`]),
    ...linux(container.linuxParameters ?? {}),
    ...(program === undefined ? [] : [[`--entrypoint=${program}`]]),
    [image ?? "IMAGE", ...before, ...command],
  ];
  return {
    ...(name !== undefined && { name }),
    command: shellCommand(lines),
    notes: notesOf(job, container, volumes),
  };
}

function mounts(points: readonly MountPoint[], volumes: readonly Volume[]): string[][] {
  const byName = new Map(volumes.map((volume) => [volume.name, volume]));
  return points.map(({ sourceVolume = "", containerPath = "", readOnly = false }) => {
    const path = byName.get(sourceVolume)?.host?.sourcePath;
    const fields = [
      path === undefined ? "type=volume" : "type=bind",
      ...(path === undefined ? [] : [`source=${path}`]),
      `target=${containerPath}`,
      ...(readOnly ? ["readonly"] : []),
    ];
    return ["--mount", fields.map(csvField).join(",")];
  });
}

/** The engine's client reads the fields of a mount as CSV. */
function csvField(field: string): string {
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function linux(parameters: LinuxParameters): string[][] {
  const { initProcessEnabled, sharedMemorySize, maxSwap, swappiness, tmpfs = [], devices = [] } = parameters;
  return [
    ...(initProcessEnabled === true ? [["--init"]] : []),
    ...(sharedMemorySize === undefined ? [] : [["--shm-size", `${sharedMemorySize}m`]]),
    ...(swappiness === undefined || maxSwap === undefined ? [] : [["--memory-swappiness", String(swappiness)]]),
    ...tmpfs.map((one: Tmpfs) => [
      "--tmpfs",
      `${one.containerPath}:${[`size=${one.size}m`, ...(one.mountOptions ?? [])].join(",")}`,
    ]),
    ...devices.map(({ hostPath = "", containerPath = hostPath, permissions = [] }) => {
      const rights = permissions.map((permission) => permission.slice(0, 1).toLowerCase()).join("") || "rwm";
      return ["--device", `${hostPath}:${containerPath}:${rights.replace("m", "")}${rights.includes("m") ? "m" : ""}`];
    }),
  ];
}

function fromPod(container: EksContainerDetail): Container {
  const { name, image, command, args, env = [], resources = {}, securityContext = {} } = container;
  const asked = { ...resources.requests, ...resources.limits };
  const memory = asked["memory"]?.replace(/Mi$/, "");
  return {
    ...{ name, image, entrypoint: command, command: args },
    environment: env,
    resourceRequirements: [
      ...(asked["cpu"] === undefined ? [] : [{ type: "VCPU" as const, value: asked["cpu"] }]),
      ...(memory === undefined ? [] : [{ type: "MEMORY" as const, value: memory }]),
    ],
    ...(securityContext.runAsUser !== undefined && { user: String(securityContext.runAsUser) }),
    privileged: securityContext.privileged,
    readonlyRootFilesystem: securityContext.readOnlyRootFilesystem,
  };
}

/** As src/core/driver-name.ts: of jobs that run without a container. */
const NO_IMAGE = "scratch";

function notesOf(
  job: JobDetail,
  { image, secrets = [], mountPoints = [] }: Container,
  volumes: readonly Volume[],
): string[] {
  const efs = volumes.filter(({ efsVolumeConfiguration: of }) => of !== undefined);
  const isMounted = (name: string | undefined): boolean =>
    mountPoints.some(({ sourceVolume }) => sourceVolume === name);
  return [
    ...(image === NO_IMAGE
      ? ["The job has no image, as it runs as a plain process: put one in the place of scratch."]
      : []),
    ...(secrets.length === 0
      ? []
      : ["Secrets are taken from your own environment: set those variables before you run it."]),
    ...efs.flatMap(({ name }) => (isMounted(name) ? [`The EFS volume ${name} is an empty one here.`] : [])),
    ...(job.timeout === undefined ? [] : ["The job's timeout is not kept."]),
    ...(job.nodeProperties === undefined ? [] : ["This is the first range of nodes alone: the others are not there."]),
    ...(job.eksProperties === undefined ? [] : ["The volumes of the pod are left out."]),
  ];
}
