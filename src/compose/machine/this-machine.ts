import { readFileSync } from "node:fs";
import { arch, hostname, networkInterfaces } from "node:os";
import type { Machine } from "../../ports/machine.ts";

export function thisMachine(): Machine {
  return {
    architecture: arch() === "arm64" ? "arm64" : "x86_64",
    address: addressOf() ?? "127.0.0.1",
    hostName: hostname(),
  };
}

/** Names the time since the machine was switched on; undefined where the kernel does not. */
export function thisBoot(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Networks that container engines make are known to this machine only. */
const OF_CONTAINERS = /^(docker|podman|cni|br-|veth|virbr)/;

function addressOf(): string | undefined {
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const found = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
    if (found !== undefined && !OF_CONTAINERS.test(name)) return found.address;
  }
  return undefined;
}
