import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, watch } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { EngineEndpoint } from "../../../core/engine-endpoint.ts";
import type { Clock } from "../../../ports/clock.ts";
import { pause } from "../../waiting/pause.ts";

type SshEndpoint = Extract<EngineEndpoint, { readonly kind: "ssh" }>;

/** A local socket that leads to the engine's, for as long as ssh runs. */
export interface Tunnel {
  readonly socketPath: string;
  /** What ssh has said since it was let in; undefined: nothing. */
  complaint(): string | undefined;
  /** Ends ssh. Resolves when it has ended. */
  close(): Promise<void>;
}

/** The kernel's limit of a socket's path is 108 bytes on Linux and 104 on macOS, with the zero at its end. */
const MAX_SOCKET_PATH_BYTES = 103;

/** ssh says what goes wrong on its last lines. */
const KEPT_CHARACTERS = 2_000;

/**
 * ssh would go on if the server were killed. So a shell waits for the end of its input, which comes with the server's, and ends ssh; and it ends when ssh
 * does.
 */
const SUPERVISED = `exec 3<&0
"$@" </dev/null 3<&- &
ssh=$!
{ cat >/dev/null; kill "$ssh"; } <&3 &
watcher=$!
wait "$ssh"
kill "$watcher"`;

let tunnels = 0;

/**
 * Leads a socket in `directory` to the engine, with the user's own ssh: its configuration, keys, agent and known hosts count, and it asks nobody anything.
 *
 * @throws what ssh says when it cannot, or the signal's reason.
 */
export async function openTunnel(
  endpoint: SshEndpoint,
  { directory, clock, signal }: { readonly directory: string; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Tunnel> {
  tunnels += 1;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const socketPath = join(directory, `${process.pid}-${tunnels}.sock`);
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
    throw new Error(`the path ${socketPath} is too long for a socket: choose a data directory with a shorter one`);
  }
  rmSync(socketPath, { force: true });
  const ssh = spawn("sh", ["-c", SUPERVISED, "sh", "ssh", ...sshArguments(endpoint, socketPath)], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  ssh.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-KEPT_CHARACTERS)));
  ssh.stdin.on("error", () => {}); // it has ended by itself
  const complaint = (): string | undefined => said.trim() || undefined;
  const close = async (): Promise<void> => {
    await end(ssh);
    rmSync(socketPath, { force: true });
  };
  try {
    await madeSocket({ ssh, socketPath, directory, signal, complaint });
    await listening(socketPath, clock, signal);
    return { socketPath, complaint, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function sshArguments({ user, host, port, path }: SshEndpoint, socketPath: string): string[] {
  const options = {
    BatchMode: "yes",
    ConnectTimeout: "10",
    ExitOnForwardFailure: "yes",
    ServerAliveInterval: "10",
    ServerAliveCountMax: "3",
    StreamLocalBindMask: "0177",
    StreamLocalBindUnlink: "yes",
    // A connection that is shared with others would end with them.
    ControlMaster: "no",
    ControlPath: "none",
  };
  return [
    ...["-N", "-T", "-a", "-x"],
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    ...["-L", `${socketPath}:${path}`],
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...(user === undefined ? [] : ["-l", user]),
    ...["--", host],
  ];
}

interface Opening {
  readonly ssh: ChildProcess;
  readonly socketPath: string;
  readonly directory: string;
  readonly signal: AbortSignal;
  complaint(): string | undefined;
}

/** Resolves when the socket is there: ssh makes it when it has been let in. */
async function madeSocket({ ssh, socketPath, directory, signal, complaint }: Opening): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {}); // it may end long after that
  const look = (): void => {
    if (existsSync(socketPath)) resolve();
  };
  const giveUp = (): void => reject(signal.reason);
  const watcher = watch(directory, look);
  watcher.on("error", reject);
  signal.addEventListener("abort", giveUp, { once: true });
  ssh.once("error", reject);
  ssh.once("close", () => reject(new Error(`ssh ended: ${complaint() ?? "it says nothing"}`)));
  try {
    signal.throwIfAborted();
    look();
    await promise;
  } finally {
    watcher.close();
    signal.removeEventListener("abort", giveUp);
  }
}

const LISTEN_PAUSE_MS = 10;
const MAX_LISTEN_TRIES = 100;

/** ssh makes the socket a moment before it listens there, and nothing tells when it does. */
async function listening(socketPath: string, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let tries = 1; !(await connects(socketPath)) && tries < MAX_LISTEN_TRIES; tries += 1) {
    await pause(clock, LISTEN_PAUSE_MS, signal);
  }
}

function connects(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function end(ssh: ChildProcess): Promise<void> {
  if (ssh.pid === undefined || ssh.exitCode !== null || ssh.signalCode !== null) return;
  const exited = once(ssh, "exit");
  ssh.stdin!.end();
  await exited;
}
