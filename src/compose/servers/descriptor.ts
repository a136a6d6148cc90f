import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** What a server writes into its data directory about itself, for who wants to talk to it. */
export interface ServerDescriptor {
  readonly pid: number;
  readonly url: string;
  readonly isOpen: boolean;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly version: string;
}

/** Of machines, or containers, that share a directory each has process numbers of its own. */
const OF_ONE_OF_SEVERAL = /^server-(.+)-(\d+)\.json$/;

/** @param isShared whether other servers use the directory too: each has a file of its own. Returns how to remove it. */
export function describeServer(dataDir: string, descriptor: ServerDescriptor, isShared: boolean): () => void {
  if (isShared) removeThoseOfDead(dataDir);
  const file = join(dataDir, isShared ? `server-${hostname()}-${descriptor.pid}.json` : "server.json");
  writeFileSync(file, JSON.stringify(descriptor));
  return () => rmSync(file, { force: true });
}

/** The files of the servers that run on a data directory, newest last. Of one that was killed the only file may still be there. */
export function descriptorFiles(dataDir: string): string[] {
  const shared = namesIn(dataDir).filter((name) => isAlive(processHere(name)));
  const files = ["server.json", ...shared].map((name) => join(dataDir, name));
  return files.toSorted((a, b) => startOf(a) - startOf(b));
}

/** None of what is not there, is no directory, or is not ours to read. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function startOf(file: string): number {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as ServerDescriptor).startedAt;
  } catch {
    return 0; // It is not there, or is being written.
  }
}

function removeThoseOfDead(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    const pid = processHere(name);
    if (pid !== undefined && !isAlive(pid)) rmSync(join(dataDir, name), { force: true });
  }
}

/** Undefined when the name is no such file's, or one of another machine's. */
function processHere(name: string): string | undefined {
  const [, machine, pid] = OF_ONE_OF_SEVERAL.exec(name) ?? [];
  return machine === hostname() ? pid : undefined;
}

function isAlive(pid: string | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
