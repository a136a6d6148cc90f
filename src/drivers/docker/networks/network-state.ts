import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type Dockerode from "dockerode";
import { HOLDER } from "../tasks/holder-image.ts";

/** What containers that use a network one after the other might notice of each other. */
export interface NetworkState {
  /** Of the files that all containers of a network share: when each was changed last, and its size. */
  readonly files: readonly string[];
  /** Sockets at ports that programs choose: connections of a server that has ended hold its port for a while. */
  readonly hasSockets: boolean;
}

/** Undefined where the engine's processes cannot be seen: on another machine. */
export async function stateOf(docker: Dockerode, holder: string, pid: number): Promise<NetworkState | undefined> {
  const addresses = localAddresses(pid);
  if (addresses === undefined) return undefined;
  const files = await Promise.all(SHARED_FILES.map((path) => statOf(docker, holder, path)));
  return { files, hasSockets: addresses.some(isChosen) };
}

export function isUntouched(before: NetworkState, after: NetworkState): boolean {
  return !after.hasSockets && after.files.every((file, index) => file === before.files[index]);
}

/** The engine writes them for each network, and containers may change them. */
const SHARED_FILES = ["/etc/hosts", "/etc/resolv.conf", "/etc/hostname"];

/** What the engine says of a file, as it says it. */
async function statOf(docker: Dockerode, holder: string, path: string): Promise<string> {
  const answer = (await docker.getContainer(holder).infoArchive({ path })) as IncomingMessage;
  // Without it the connection stays in use.
  answer.resume();
  return String(answer.headers["x-docker-container-path-stat"]);
}

/**
 * Of TCP, as the kernel writes it: `0100007F:1F90`. Those of a program end with it; connections live on for a while. Undefined when the process is not a
 * holder's of this machine.
 */
function localAddresses(pid: number): string[] | undefined {
  try {
    const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, "latin1");
    if (read("cmdline") !== `${HOLDER.entrypoint[0]}\0`) return undefined;
    // To list them takes long, and there are seldom any.
    const isEmpty =
      /^TCP: inuse 0 .*\btw 0 /m.test(read("net/sockstat")) && /^TCP6: inuse 0$/m.test(read("net/sockstat6"));
    return isEmpty ? [] : [...addressesIn(read("net/tcp")), ...addressesIn(read("net/tcp6"))];
  } catch {
    return undefined;
  }
}

function addressesIn(table: string): string[] {
  const [, ...lines] = table.trimEnd().split("\n");
  return lines.map((line) => line.trim().split(/ +/)[1] ?? "");
}

/** From here on the kernel chooses ports for who does not care. */
const FIRST_EPHEMERAL_PORT = 32_768;
/** 127.0.0.11, where the engine itself answers questions for names. */
const RESOLVER = "0B00007F";

function isChosen(localAddress: string): boolean {
  const [address, port = ""] = localAddress.split(":");
  return address !== RESOLVER && parseInt(port, 16) < FIRST_EPHEMERAL_PORT;
}
