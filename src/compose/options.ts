import { availableParallelism, totalmem } from "node:os";
import type { Capacity } from "../core/resources.ts";
import { StartError } from "./start-error.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly dataDir: string;
  readonly driver: "auto" | "process" | "docker";
  /** What the machine is taken to have; by default what it has. */
  readonly vcpus?: number;
  readonly memoryMiB?: number;
  /** Variables that every job gets where it does not set them itself. */
  readonly jobVariables?: Readonly<Record<string, string>>;
  /** Exactly what AWS Batch does and allows: none of Longshore's extensions, and AWS's quotas. */
  readonly strict?: boolean;
  /** For how many days jobs are kept after their end; by default for ever, or 7 days with `strict`. */
  readonly historyDays?: number;
  /** Only requests signed with a known key are served, also from this machine. Elsewhere that is always so. */
  readonly requireAuth?: boolean;
  /** Names under which clients reach this server, besides this machine's own. */
  readonly allowedHosts?: readonly string[];
  readonly logLevel?: string;
}

/** What the machine is taken to have. Throws a StartError that names the option which is wrong. */
export function validated({ host, port, vcpus, memoryMiB, historyDays, allowedHosts = [] }: ServerOptions): Capacity {
  if (host === "") throw new StartError("BAD_OPTION", "--host must be an address or a name of this machine.");
  const strange = allowedHosts.find((name) => !HOST_NAME.test(name));
  if (strange !== undefined) {
    const message = `--allowed-host must be a host name or address in lower case, without port, not ${strange}.`;
    throw new StartError("BAD_OPTION", message);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new StartError("BAD_OPTION", `The port must be a whole number from 0 to 65535, not ${port}.`);
  }
  for (const [name, value] of [
    ["vcpus", vcpus],
    ["memory-mib", memoryMiB],
    ["history", historyDays],
  ] as const) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1 || value > 1_000_000_000)) {
      throw new StartError("BAD_OPTION", `--${name} must be a whole number of at least 1, not ${value}.`);
    }
  }
  return {
    vcpuMilli: (vcpus ?? availableParallelism()) * 1000,
    memoryMiB: memoryMiB ?? Math.floor(totalmem() / 2 ** 20),
  };
}

const HOST_NAME = /^([a-z0-9._-]{1,253}|\[[0-9a-f:]{2,45}\])$/;

/** Whether requests without a known key are served: only those that come from this machine, and only if its user wants that. */
export function isOpenServer({ host, requireAuth }: Pick<ServerOptions, "host" | "requireAuth">): boolean {
  return isLoopback(host) && requireAuth !== true;
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
