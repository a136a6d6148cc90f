import { existsSync } from "node:fs";
import { release } from "node:os";
import type { OutputKeeper } from "../container/log-config.ts";

/** What an engine can, as far as it matters to containers. */
export interface EngineTraits {
  /** How it is to keep the output of containers until it is copied. */
  readonly outputKeeper: OutputKeeper;
  /** The system that its containers run: `linux` or `windows`. */
  readonly system: string;
  /** The processors whose programs it runs, in Go's names; undefined: nobody knows which others it emulates. */
  readonly architectures: readonly string[] | undefined;
}

/** Until the engine has said more. */
export const UNKNOWN_TRAITS: EngineTraits = { outputKeeper: "json-file", system: "linux", architectures: undefined };

/** What it says of itself; older engines, and Podman, leave some of it out. */
export interface EngineInfo {
  /** The same only of the same engine. */
  readonly ID?: string;
  readonly ServerVersion?: string;
  readonly NCPU?: number;
  /** In bytes. */
  readonly MemTotal?: number;
  /** Since version 28: what the devices of its machine are called. */
  readonly DiscoveredDevices?: readonly { readonly ID?: string }[] | null;
  readonly Plugins?: { readonly Log?: readonly string[] | null };
  readonly OSType?: string;
  readonly Architecture?: string;
  readonly KernelVersion?: string;
  /** Of its machine. */
  readonly Name?: string;
  readonly CgroupDriver?: string;
  readonly CgroupVersion?: string;
}

const GO_NAMES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };
/** Where a kernel of Linux is told of programs that run others, by the file that QEMU's packages make. */
const EMULATORS = { amd64: "/proc/sys/fs/binfmt_misc/qemu-x86_64", arm64: "/proc/sys/fs/binfmt_misc/qemu-aarch64" };

export function traitsOf(info: EngineInfo): EngineTraits {
  const { Plugins, OSType = "linux", Architecture = "", KernelVersion } = info;
  const own = GO_NAMES[Architecture] ?? Architecture;
  // With another kernel, it is another machine, real or virtual: Docker Desktop's emulates.
  const isHere = process.platform === "linux" && KernelVersion === release();
  const emulated = Object.entries(EMULATORS).flatMap(([name, file]) => (existsSync(file) ? [name] : []));
  return {
    // Podman has no `local`.
    outputKeeper: Plugins?.Log?.includes("local") === true ? "local" : "json-file",
    system: OSType,
    architectures: isHere ? [...new Set([own, ...emulated])] : undefined,
  };
}

/** Why an engine cannot run what is made for a platform (`linux/arm64`); undefined when it can, or nobody knows. */
export function cannotRun(platform: string | undefined, { system, architectures }: EngineTraits): string | undefined {
  if (platform === undefined) return undefined;
  const [wanted = "", architecture = ""] = platform.split("/");
  if (wanted !== system) return `the job is for ${wanted}, and the container engine runs containers of ${system} only`;
  if (architectures === undefined || architectures.includes(architecture)) return undefined;
  return `exec format error: the job is for ${architecture}, and this machine runs ${architectures.join(" and ")} only, without an emulator (such as Debian's qemu-user-static)`;
}
