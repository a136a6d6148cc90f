import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { mountedHierarchies } from "../../drivers/cgroups/hierarchies.ts";
import { openEnterableGroups } from "../../drivers/process/attempt-groups.ts";
import { readMachine } from "../../drivers/process/host.ts";
import type { Check } from "./finding.ts";
import { ok, problem, skipped, warning } from "./finding.ts";

const OLDEST_NODE = 24;
const FEW_FILES = 4_096;
const FEW_PROCESSES = 1_000;
const LITTLE_MIB = 512;
const BYTES_PER_MIB = 2 ** 20;

export const machineChecks: readonly Check[] = [
  {
    name: "node",
    find() {
      const version = process.versions.node;
      if (Number.parseInt(version, 10) >= OLDEST_NODE) return ok(`Node.js ${version}.`);
      return problem(
        `Node.js ${version} is older than ${OLDEST_NODE}.`,
        "Start Longshore by its launcher, `./longshore`, which brings one, or put a newer node first on PATH.",
      );
    },
  },
  { name: "cgroups", find: findCgroups },
  { name: "limits", find: findLimits },
  { name: "memory", find: findMemory },
];

/** What the limits of plain processes are made of; containers have their engine's. */
function findCgroups() {
  const hierarchies = mountedHierarchies();
  if (hierarchies.length === 0) {
    return warning(
      "This system has no control groups: plain processes are held to no limits, only watched where there is /proc.",
      "Run jobs in containers: start Docker or Podman.",
    );
  }
  const versions = [...new Set(hierarchies.map(({ version }) => version))].toSorted((a, b) => a - b);
  const kind = `Control groups of version ${versions.join(" and ")}`;
  const groups = openEnterableGroups(readMachine().bash);
  if (groups === undefined) {
    return warning(
      `${kind}, and none that this user may make: the memory of plain processes is watched, and their processors are not limited.`,
      "Run the server as root, or as a service of systemd with Delegate=yes.",
    );
  }
  const lacking = (["memory", "swap", "cpu"] as const).filter((one) => !groups.limits[one]);
  if (lacking.length === 0) return ok(`${kind}: plain processes are held to their memory and vCPUs.`);
  return warning(
    `${kind}, which cannot limit ${lacking.join(" and ")} here.`,
    lacking.includes("memory")
      ? "Have the controllers handed on: a service of systemd with Delegate=yes, or a boot with cgroup_enable=memory."
      : "Nothing need be done where jobs do not depend on it: `swapaccount=1` at boot lets swap be limited.",
  );
}

function findLimits() {
  const limits = textOf("/proc/self/limits");
  if (limits === undefined) return skipped("This system does not show the limits of processes in /proc.");
  const soft = (name: string): number => {
    const text = new RegExp(`^${name} +(\\d+|unlimited)`, "m").exec(limits)?.[1];
    return text === undefined || text === "unlimited" ? Infinity : Number(text);
  };
  const [files, processes] = [soft("Max open files"), soft("Max processes")];
  const found = [];
  if (files < FEW_FILES)
    found.push(
      warning(
        `Only ${files} files and connections may be open: half of them serve requests.`,
        `ulimit -n 65536, or LimitNOFILE=65536 in the service of systemd.`,
      ),
    );
  if (processes < FEW_PROCESSES)
    found.push(
      warning(
        `This user may have only ${processes} processes, those of its jobs included.`,
        "ulimit -u unlimited, or TasksMax=infinity in the service of systemd.",
      ),
    );
  if (found.length > 0) return found;
  const text = (limit: number): string => (limit === Infinity ? "any number" : String(limit));
  return ok(`This user may have ${text(files)} of open files and ${text(processes)} of processes.`);
}

function findMemory() {
  const meminfo = textOf("/proc/meminfo") ?? "";
  const mib = (name: string): number | undefined => {
    const kib = new RegExp(`^${name}: +(\\d+) kB`, "m").exec(meminfo)?.[1];
    return kib === undefined ? undefined : Math.floor(Number(kib) / 1024);
  };
  const total = Math.floor(totalmem() / BYTES_PER_MIB);
  const free = mib("MemAvailable") ?? Math.floor(freemem() / BYTES_PER_MIB);
  const swap = mib("SwapTotal");
  const swapText = swap === undefined ? "" : swap === 0 ? ", no swap" : `, ${swap} MiB of swap`;
  const has = `${availableParallelism()} vCPUs, ${total} MiB of memory, of which ${free} MiB are free${swapText}`;
  if (free >= LITTLE_MIB) return ok(`${has}.`);
  return warning(
    `${has}: jobs that get all of what the machine has will not find it.`,
    "End what else runs here, or give jobs less: longshore up --memory-mib N.",
  );
}

/** @param root of the repository. */
export function consoleCheck(root: string): Check {
  return {
    name: "console",
    find() {
      if (existsSync(join(root, "console", "dist", "index.html"))) return ok("The console is built.");
      return warning(
        "The console is not built: the server shows a page that says so.",
        "`./longshore up` builds it once, or `npm run console`.",
      );
    },
  };
}

/** Without an address of its own, a bridge changes it as containers come and go, and connections of those that stay break off. */
export const bridgeCheck: Check = {
  name: "bridge",
  find() {
    const kind = textOf("/sys/class/net/docker0/addr_assign_type")?.trim();
    if (kind === undefined) return skipped("There is no bridge docker0.");
    if (kind === OWN_ADDRESS) return ok("The bridge docker0 has a hardware address of its own.");
    const address = textOf("/sys/class/net/docker0/address")?.trim() ?? "02:42:ac:11:00:01";
    return warning(
      "The bridge docker0 has no hardware address of its own: each container that comes or goes may change it, and connections through it then hang for seconds.",
      `ip link set docker0 address ${address}`,
    );
  },
};

/** NET_ADDR_SET of the kernel's netdevice.h. */
const OWN_ADDRESS = "3";

export function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
