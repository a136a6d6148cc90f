import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { AttemptSpec } from "../../../ports/driver.ts";
import type { Container, PodSpec } from "../api/objects.ts";
import { cannotSay } from "./refusal.ts";

export const GPU = "nvidia.com/gpu";

/** What containerProperties and ecsProperties say of one container, beside its image, program, environment and volumes. Throws Refusal. */
export function containerOfEcs(spec: AttemptSpec): Partial<Container> {
  refuseUnsayable(spec);
  const securityContext = securityOf(spec);
  return {
    ...(spec.pullPolicy !== undefined && { imagePullPolicy: spec.pullPolicy }),
    resources: resourcesOf(spec),
    ...(Object.keys(securityContext).length > 0 && { securityContext }),
  };
}

/** What they say of the pod: what several containers say is said alike by all. */
export function podOfEcs(specs: readonly AttemptSpec[]): Partial<PodSpec> {
  const [first] = specs as readonly [AttemptSpec];
  const { networkMode, pidMode, ipcMode } = first;
  if (ipcMode === "none" && specs.length > 1)
    throw cannotSay("keep its containers' shared memory apart", "ipcMode none");
  const nodeSelector = nodesFor(first.container);
  return {
    ...(networkMode === "host" && { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }),
    ...(pidMode === "host" && { hostPID: true }),
    ...(pidMode === "task" && { shareProcessNamespace: true }),
    ...(ipcMode === "host" && { hostIPC: true }),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
  };
}

function refuseUnsayable({ container }: AttemptSpec): void {
  const { ulimits = [], linuxParameters: linux, logConfiguration } = container;
  if (ulimits.length > 0)
    throw cannotSay("set limits of processes", `ulimits ${ulimits.map(({ name }) => name).join(", ")}`);
  if (linux?.devices?.length)
    throw cannotSay("be given devices of its node", `linuxParameters.devices ${linux.devices[0]!.hostPath}`);
  if (linux?.maxSwap) throw cannotSay("be given swap", `linuxParameters.maxSwap ${linux.maxSwap}`);
  const driver = logConfiguration?.logDriver ?? "awslogs";
  if (driver !== "awslogs") throw cannotSay("choose where its output goes", `logConfiguration.logDriver ${driver}`);
}

function resourcesOf(spec: AttemptSpec): NonNullable<Container["resources"]> {
  const { container, vcpuMilli, vcpuCeilingMilli, memoryMiB, pod } = spec;
  const own = (type: string) => container.resourceRequirements?.find((one) => one.type === type)?.value;
  // A container of several without memory of its own may use what all of them have together, and needs none for sure.
  const hasOwnMemory = (pod?.count ?? 1) === 1 || own("MEMORY") !== undefined || Boolean(container.memory);
  const gpus = own("GPU");
  const diskGiB = (pod?.index ?? 0) === 0 ? container.ephemeralStorage?.sizeInGiB : undefined;
  const disk = diskGiB !== undefined && { "ephemeral-storage": `${diskGiB}Gi` };
  return {
    requests: { cpu: `${vcpuMilli}m`, memory: hasOwnMemory ? `${memoryMiB}Mi` : "0", ...disk },
    limits: {
      ...(vcpuCeilingMilli !== undefined && { cpu: `${Math.max(vcpuCeilingMilli, vcpuMilli)}m` }),
      memory: `${memoryMiB}Mi`,
      ...(gpus !== undefined && { [GPU]: gpus }),
      ...disk,
    },
  };
}

function securityOf({ container, noNewPrivileges }: AttemptSpec): NonNullable<Container["securityContext"]> {
  const { privileged, readonlyRootFilesystem, user } = container;
  return {
    ...(privileged === true && { privileged }),
    ...(readonlyRootFilesystem === true && { readOnlyRootFilesystem: true }),
    ...(noNewPrivileges === true && { allowPrivilegeEscalation: false }),
    ...(user && idsOf(user)),
  };
}

/** Kubernetes does not read the image's list of users. */
function idsOf(user: string): { runAsUser: number; runAsGroup?: number } {
  const match = /^(root|\d{1,10})(?::(root|\d{1,10}))?$/.exec(user);
  if (match === null) throw cannotSay("run as a user who is not a number", `user ${user}`);
  const idOf = (name: string): number => (name === "root" ? 0 : Number(name));
  return { runAsUser: idOf(match[1]!), ...(match[2] !== undefined && { runAsGroup: idOf(match[2]) }) };
}

const ARCHITECTURES: Readonly<Record<string, string>> = { X86_64: "amd64", ARM64: "arm64" };

function nodesFor({ runtimePlatform }: ContainerProperties): Record<string, string> {
  const { cpuArchitecture, operatingSystemFamily: system } = runtimePlatform ?? {};
  return {
    ...(cpuArchitecture && { "kubernetes.io/arch": ARCHITECTURES[cpuArchitecture] ?? cpuArchitecture.toLowerCase() }),
    ...(system && { "kubernetes.io/os": system === "LINUX" ? "linux" : "windows" }),
  };
}
