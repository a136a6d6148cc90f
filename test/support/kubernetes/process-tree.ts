import { readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/** The process and all that descend from it, of what is there now. */
export function processTree(pid: number): number[] {
  const found: number[] = [pid];
  for (let at = 0; at < found.length; at += 1) found.push(...childrenOf(found[at]!));
  return found;
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return [];
  }
}

/** The memory that it holds in itself, in bytes; 0 of what is over. */
export function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** The processor time that it and its ended children have used, in ms; 0 of what is over. */
export function processorMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = [11, 12, 13, 14].map((index) => Number(fields[index])).reduce((sum, one) => sum + one, 0);
    return ticks * 10;
  } catch {
    return 0;
  }
}
