import { readFileSync } from "node:fs";

/** USER_HZ, which Linux has everywhere. */
const MS_PER_TICK = 10;

/** What the process has used, user and system: of a server with its answers to the few requests that look for the end. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) * MS_PER_TICK;
}
