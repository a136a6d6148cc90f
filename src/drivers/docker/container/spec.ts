import type { ContainerCreateOptions, DeviceRequest, HostConfig } from "dockerode";
import type { AttemptSpec, SharedNetwork } from "../../../ports/driver.ts";
import type { EngineTraits } from "../engine/engine-traits.ts";
import { eventStartOf } from "../event-start.ts";
import { imageOf, platformOf } from "../images/image.ts";
import { logConfig, ownLogDriver } from "./log-config.ts";
import { linuxOptions, memoryLimits, ulimit } from "./linux.ts";
import { mounts } from "./mounts.ts";
import { containerName } from "../../../core/driver-name.ts";
import { holderName, LABEL, networkName, nodeName } from "../names.ts";
import type { Provided } from "./provided.ts";
import { secretNames } from "./provided.ts";

/** The kernel's least CPU weight. */
const LEAST_CPU_SHARES = 2;
/** The kernel's usual period, and its least quota in it. */
const CPU_PERIOD_US = 100_000;
const LEAST_QUOTA_US = 1_000;

/** What the server decides for all its containers. */
export interface ContainerSettings {
  readonly clusterId: string;
  /** The image of attempts that name none (NO_IMAGE). */
  readonly defaultImage: string;
  readonly engine: EngineTraits;
  /** Whether the engine is asked to limit what a container writes: until it has said that it cannot. */
  readonly limitsStorage: boolean;
  /** The container whose network it is to be in, where it has none of its own. */
  readonly lentNetwork?: string | undefined;
  /** Below which of the engine's control groups the container's own is to be; by default the engine chooses. */
  readonly cgroupParent?: string | undefined;
}

/**
 * The attempt as the engine's create request. The rules are those of ECS: `command` replaces the image's command and leaves its
 * entrypoint (unless the attempt brings one) and working directory; memory is a hard limit.
 *
 * Of a container's properties these have nothing here to act on: `networkConfiguration`, `executionRoleArn`, `fargatePlatformConfiguration`,
 * `enableExecuteCommand`, `instanceType`.
 */
export function containerOptions(
  attempt: AttemptSpec,
  settings: ContainerSettings,
  provided: Provided,
): ContainerCreateOptions & { name: string } {
  const { container } = attempt;
  const secret = secretNames(container);
  const logDriver = ownLogDriver(container);
  const eventStart = eventStartOf(container);
  const platform = platformOf(attempt);
  return {
    name: containerName(attempt.attemptId),
    Image: imageOf(attempt, settings),
    ...(platform !== undefined && { platform }),
    Env: Object.entries({ ...provided.variables, ...attempt.environment }).map(([name, value]) => `${name}=${value}`),
    Labels: {
      [LABEL.cluster]: settings.clusterId,
      [LABEL.attempt]: attempt.attemptId,
      [LABEL.job]: attempt.jobId,
      ...(attempt.task !== undefined && { [LABEL.task]: attempt.task.id }),
      ...(attempt.node !== undefined && { [LABEL.nodes]: attempt.node.id }),
      ...(settings.lentNetwork !== undefined && { [LABEL.network]: settings.lentNetwork }),
      ...(logDriver !== undefined && { [LABEL.logDriver]: logDriver }),
      ...(eventStart !== undefined && { [LABEL.eventStart]: JSON.stringify(eventStart) }),
      ...(secret.length > 0 && { [LABEL.secrets]: JSON.stringify(secret) }),
    },
    HostConfig: hostConfig(attempt, settings, provided),
    ...(attempt.task === undefined ? endpoint(attempt.node) : {}),
    ...(attempt.entrypoint?.length ? { Entrypoint: [...attempt.entrypoint] } : {}),
    ...(container.command?.length ? { Cmd: [...container.command] } : {}),
    ...(container.user ? { User: container.user } : {}),
  };
}

function hostConfig(attempt: AttemptSpec, settings: ContainerSettings, provided: Provided): HostConfig {
  const { container } = attempt;
  return {
    ...cpu(attempt),
    ...memoryLimits(attempt.memoryMiB, container.linuxParameters),
    ...(settings.cgroupParent !== undefined && { CgroupParent: settings.cgroupParent }),
    ReadonlyRootfs: container.readonlyRootFilesystem === true,
    Privileged: container.privileged === true,
    Ulimits: (container.ulimits ?? []).map(ulimit),
    ...linuxOptions(container.linuxParameters),
    ...mounts(attempt, settings.clusterId, provided.directories),
    ...gpus(attempt),
    ...storage(attempt, settings),
    ...(attempt.noNewPrivileges === true && { SecurityOpt: ["no-new-privileges"] }),
    ...namespaces(attempt, settings),
    LogConfig: logConfig(container, settings.engine.outputKeeper, provided),
    RestartPolicy: { Name: "no" },
  };
}

/** What the container shares with the others of its task, or with the machine. */
function namespaces(
  { task, node, networkMode, pidMode, ipcMode }: AttemptSpec,
  { lentNetwork }: ContainerSettings,
): HostConfig {
  const holder = task && `container:${holderName(task.id)}`;
  const shared = holder ?? (lentNetwork && `container:${lentNetwork}`);
  const isOnMachine = networkMode === "host" && node === undefined;
  return {
    ...(isOnMachine && { ...REACHES_MACHINE, NetworkMode: "host" }),
    // In a shared network the names of hosts are shared too.
    ...(!isOnMachine && (shared === undefined ? network(node) : { NetworkMode: shared })),
    ...(pidMode === "host" && { PidMode: "host" }),
    ...(pidMode === "task" && holder !== undefined && { PidMode: holder }),
    ...((ipcMode === "host" || ipcMode === "none") && { IpcMode: ipcMode }),
    ...(ipcMode === "task" && holder !== undefined && { IpcMode: holder }),
  };
}

/** Jobs call the server and other services of the machine that they run on. */
const REACHES_MACHINE: HostConfig = { ExtraHosts: ["host.docker.internal:host-gateway"] };

/** The network of a container that has one of its own, or of a task's holder. */
export function network(node: SharedNetwork | undefined): HostConfig {
  return {
    ...REACHES_MACHINE,
    ...(node !== undefined && { NetworkMode: networkName(node.id) }),
  };
}

/** How the other nodes find it. */
export function endpoint(node: SharedNetwork | undefined): Pick<ContainerCreateOptions, "NetworkingConfig"> {
  if (node === undefined) return {};
  return { NetworkingConfig: { EndpointsConfig: { [networkName(node.id)]: { Aliases: [nodeName(node.index)] } } } };
}

/**
 * vCPUs are a weight against others, and there may be a ceiling. As quota and period: the engine refuses more CPUs than its machine has, whose
 * capacity may have been said to be larger.
 */
function cpu({ vcpuMilli, vcpuCeilingMilli: ceilingMilli }: AttemptSpec): HostConfig {
  const CpuShares = Math.max(LEAST_CPU_SHARES, Math.round((vcpuMilli * 1024) / 1000));
  if (ceilingMilli === undefined) return { CpuShares };
  return {
    CpuShares,
    CpuPeriod: CPU_PERIOD_US,
    CpuQuota: Math.max(LEAST_QUOTA_US, (ceilingMilli * CPU_PERIOD_US) / 1000),
  };
}

/** Those that the attempt holds, or as many as it asks for. An engine without them refuses to start the container, which says so. */
function gpus({ container, gpuIds = [] }: AttemptSpec): HostConfig {
  const requirement = container.resourceRequirements?.find(({ type }) => type === "GPU");
  const count = Number(requirement?.value ?? 0);
  if (gpuIds.length === 0 && count === 0) return {};
  const which = gpuIds.length === 0 ? { Count: count } : { DeviceIDs: [...gpuIds] };
  const request: DeviceRequest = { ...which, Capabilities: [["gpu"]] };
  return { DeviceRequests: [request] };
}

function storage({ container }: AttemptSpec, { limitsStorage }: ContainerSettings): HostConfig {
  const sizeGiB = container.ephemeralStorage?.sizeInGiB;
  return sizeGiB === undefined || !limitsStorage ? {} : { StorageOpt: { size: `${sizeGiB}G` } };
}
