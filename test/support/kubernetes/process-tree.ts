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
