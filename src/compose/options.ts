import { readdirSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { Capacity } from "../core/resources.ts";
import type { OversizedJobs } from "../core/submission/oversized.ts";
import { CRASH_AT, crashPointFlaw } from "../ports/crash-points.ts";
import { StartError } from "./start-error.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly dataDir: string;
  /** PostgreSQL that keeps what the data directory's database would; it may have a password in it. */
  readonly databaseUrl?: string;
  /** Where other servers on the same PostgreSQL reach this one; by default where it listens. */
  readonly advertise?: string;
  /** The configuration file; by default config.json in the data directory, if it is there. */
  readonly configFile?: string;
  readonly driver: "auto" | "process" | "docker" | "kubernetes";
  /** What the machine is taken to have; by default what it has. */
  readonly vcpus?: number;
  readonly memoryMiB?: number;
  readonly gpus?: number;
  /** What becomes of jobs that ask for more than the machine has; by default they wait. */
  readonly oversizedJobs?: OversizedJobs;
  /** Variables that every job gets where it does not set them itself. */
  readonly jobVariables?: Readonly<Record<string, string>>;
  /** Exactly what AWS Batch does and allows: none of Longshore's extensions, and AWS's quotas. */
  readonly strict?: boolean;
  /** For how many days jobs are kept after their end; by default for ever, or 7 days with `strict`. */
  readonly historyDays?: number;
  /** How many jobs of each queue are kept that are over, the newest; by default all. */
  readonly historyJobs?: number;
  /** Only requests signed with a known key are served, also from this machine. Elsewhere that is always so. */
  readonly requireAuth?: boolean;
  /** Names under which clients reach this server, besides this machine's own. */
  readonly allowedHosts?: readonly string[];
  /** A registered host that does not answer for so long is lost; by default a minute. */
  readonly hostLossSeconds?: number;
  readonly logLevel?: string;
}

/** What the machine is taken to have. Throws a StartError that names the option which is wrong. */
export function validated({
  host,
  port,
  vcpus,
  memoryMiB,
  gpus,
  historyDays,
  advertise,
  historyJobs,
  allowedHosts = [],
}: ServerOptions): Capacity {
  const flaw = crashPointFlaw(process.env[CRASH_AT]);
  if (flaw !== undefined) throw new StartError("BAD_OPTION", `${CRASH_AT} is for tests: ${flaw}. Unset it.`);
  if (host === "") throw new StartError("BAD_OPTION", "--host must be an address or a name of this machine.");
  if (advertise !== undefined && !/^http:\/\/[^/?#@]+\/?$/.test(advertise)) {
    const message = `--advertise must be like http://10.0.0.5:4590, without a path, not ${advertise}.`;
    throw new StartError("BAD_OPTION", message);
  }
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
    ["history-jobs", historyJobs],
  ] as const) {
    if (value !== undefined && (!Number.isInteger(value) || value < 1 || value > 1_000_000_000)) {
      throw new StartError("BAD_OPTION", `--${name} must be a whole number of at least 1, not ${value}.`);
    }
  }
  if (gpus !== undefined && (!Number.isInteger(gpus) || gpus < 0 || gpus > MAX_GPUS)) {
    throw new StartError("BAD_OPTION", `--machine-gpus must be a whole number from 0 to ${MAX_GPUS}, not ${gpus}.`);
  }
  const has = gpus ?? gpusOfMachine();
  return {
    vcpuMilli: (vcpus ?? availableParallelism()) * 1000,
    memoryMiB: memoryMiB ?? Math.floor(totalmem() / 2 ** 20),
    ...(has > 0 && { gpus: has }),
  };
}

const MAX_GPUS = 1_000;

/** NVIDIA's driver has a directory for each. */
function gpusOfMachine(): number {
  try {
    return readdirSync("/proc/driver/nvidia/gpus").length;
  } catch {
    return 0;
  }
}

const HOST_NAME = /^([a-z0-9._-]{1,253}|\[[0-9a-f:]{2,45}\])$/;

/** Whether requests without a known key are served: only those that come from this machine, and only if its user wants that. */
export function isOpenServer({ host, requireAuth }: Pick<ServerOptions, "host" | "requireAuth">): boolean {
  return isLoopback(host) && requireAuth !== true;
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
