import { existsSync, readFileSync, readdirSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot (field 22 of /proc/PID/stat); undefined where there is no /proc. */
  readonly startTicks: string | undefined;
}

interface StatFields {
  readonly state: string;
  readonly group: number;
  readonly startTicks: string;
  readonly residentPages: number;
  readonly cpuTicks: number;
}

/** Whether this machine shows its processes under /proc. */
export const HAS_PROC = existsSync("/proc/self/stat");

/** Bytes in a page, as the kernel counts resident memory: 4, 16 or 64 KiB. */
const PAGE_BYTES = pageBytes();

/** Linux tells programs of a hundred ticks in a second, whatever its own. */
const TICK_MS = 10;

/** `statLine` is the process's line of /proc/PID/stat, or empty where there is no /proc. */
export function identify(pid: number, statLine: string): ProcessIdentity {
  return { pid, startTicks: parseStat(statLine)?.startTicks };
}

/** Whether the process runs. A zombie does not. */
export function isAlive(process: ProcessIdentity): boolean {
  if (!HAS_PROC) return canSignal(process.pid);
  const stat = readStat(process.pid);
  if (stat === undefined || stat.state === "Z" || stat.state === "X") return false;
  return process.startTicks === undefined || stat.startTicks === process.startTicks;
}

/** Signals every process of the group that `leader` leads or led. When the group is gone nothing happens. */
export function signalGroup(leader: ProcessIdentity, signal: "SIGTERM" | "SIGKILL"): void {
  const present = HAS_PROC && leader.startTicks !== undefined ? readStat(leader.pid) : undefined;
  // The kernel gives no new process the id of a group that exists: another process with this id means the group is gone.
  if (present !== undefined && present.startTicks !== leader.startTicks) return;
  kill(-leader.pid, signal);
}

/** Signals one process, or a group by its negative id. When it is gone, or has changed to a user whom we may not signal, nothing happens. */
export function kill(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH") && !isErrno(error, "EPERM")) throw error;
  }
}

/** A process as it is at a look. */
export interface SeenProcess {
  readonly pid: number;
  readonly group: number;
  readonly startTicks: string;
  /** Pages that it shares with others count too. */
  readonly residentBytes: number;
  /** Its own, and that of its children that it has waited for. */
  readonly cpuMs: number;
}

/** All processes of this machine, one after the other; those that end meanwhile may be missing. */
export function* allProcesses(): Generator<SeenProcess> {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (stat === undefined || stat.state === "Z") continue;
    const { group, startTicks, residentPages, cpuTicks } = stat;
    const [residentBytes, cpuMs] = [residentPages * PAGE_BYTES, cpuTicks * TICK_MS];
    yield { pid: Number(name), group, startTicks, residentBytes, cpuMs };
  }
}

/** The variable as the process had it when its program began; undefined also where the process is another user's. */
export function variableOf(pid: number, name: string): string | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    return environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  } catch {
    return undefined; // It ended, or is not ours to see.
  }
}

function readStat(pid: number): StatFields | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined; // It ended, before or while we read.
  }
}

/** The program's name, in parentheses, may itself contain spaces and parentheses: fields count from the last one. */
function parseStat(line: string): StatFields | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state, , group] = fields;
  const startTicks = fields[19];
  const residentPages = fields[21];
  if (state === undefined || group === undefined || startTicks === undefined || residentPages === undefined)
    return undefined;
  // utime, stime, and those of children.
  const cpuTicks = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
  return { state, group: Number(group), startTicks, residentPages: Number(residentPages), cpuTicks };
}

function pageBytes(): number {
  const match = HAS_PROC ? /^KernelPageSize: +(\d+) kB$/m.exec(readFileSync("/proc/self/smaps", "latin1")) : null;
  return Number(match?.[1] ?? 4) * 1024;
}

function canSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isErrno(error, "ESRCH");
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
