import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Dockerode from "dockerode";
import { importTestImage } from "./docker-image.ts";
import { processesOf } from "./leftovers.ts";
import { until } from "./until.ts";

/** Who runs the clean-up: a test, or node:test's own `after` for a whole file. */
type Owner = { readonly after: (task: () => unknown) => void };

/** A container engine of a test's own, which may be killed. Its containers go on while it is not there, and it finds them when it starts again, unless told otherwise. */
export interface OwnDockerd {
  readonly socketPath: string;
  readonly docker: Dockerode;
  /** The test image is there. */
  readonly image: string;
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. Resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGSTOP and SIGCONT: as a machine that is cut off, its connections stay open and nobody answers. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on its own data. Resolves when it answers. */
  start(): Promise<void>;
}

export interface OwnDockerdOptions {
  /** More of dockerd's own flags. */
  readonly flags?: readonly string[];
  /** It shares the machine's network, in which its containers have a bridge; by default it and they have none at all. */
  readonly isBridged?: boolean;
  /** It ends its containers when it ends, or, if it was killed, when it starts again. */
  readonly endsContainers?: boolean;
}

/** Why tests cannot have an engine of their own here; undefined when they can. In CI they must. */
export function ownDockerdUnavailable(): string | undefined {
  const reason = process.getuid?.() === 0 ? missingDockerd() : "only root can start a container engine of its own";
  if (reason !== undefined && process.env["CI"]) throw new Error(`In CI these tests must run: ${reason}`);
  return reason;
}

/** Starts an engine and leaves nothing of it behind. */
export async function ownDockerd(owner: Owner, options: OwnDockerdOptions = {}): Promise<OwnDockerd> {
  const directory = mkdtempSync(join(tmpdir(), "longshore-dockerd-"));
  const socketPath = join(directory, "docker.sock");
  const docker = new Dockerode({ socketPath });
  const bridge = options.isBridged === true ? addBridge() : undefined;
  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || isOver(child)) return;
    const exited = once(child, "exit");
    child.kill("SIGCONT");
    child.kill(signal);
    await exited;
  };
  const start = async (): Promise<void> => {
    child = launch(directory, socketPath, bridge, options);
    await answering(docker, child, directory);
  };
  owner.after(async () => {
    // What still runs in containers is ended by an engine; one that was killed starts again for that.
    if (isOver(child)) await start();
    child!.kill("SIGCONT");
    await removeContainers(docker);
    await end("SIGTERM");
    if (bridge !== undefined) busybox("ip", "link", "del", bridge);
    endShims(directory);
    unmountBelow(directory);
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  });
  await start();
  return {
    socketPath,
    docker,
    image: await importTestImage(docker),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    freeze: () => void child!.kill("SIGSTOP"),
    thaw: () => void child!.kill("SIGCONT"),
    start,
  };
}

let bridges = 0;

/** A network of this machine for an engine's containers. */
function addBridge(): string {
  bridges += 1;
  const name = `lsd${process.pid}n${bridges}`.slice(-15);
  busybox("brctl", "addbr", name);
  // Without an address of its own it changes it with the containers that come and go, and for those that stay nobody is there until they ask again.
  busybox(
    "ip",
    "link",
    "set",
    name,
    "address",
    `02:42:${hex(process.pid >> 8)}:${hex(process.pid)}:00:${hex(bridges)}`,
  );
  busybox("ip", "addr", "add", `10.${200 + (bridges % 50)}.${process.pid % 250}.1/24`, "dev", name);
  busybox("ip", "link", "set", name, "up");
  return name;
}

/** Of a number's lowest byte. */
function hex(number: number): string {
  return (number & 255).toString(16).padStart(2, "0");
}

function busybox(...argv: readonly string[]): void {
  execFileSync("busybox", argv, { stdio: ["ignore", "ignore", "inherit"] });
}

function isOver(child: ChildProcess | undefined): boolean {
  return child === undefined || child.exitCode !== null || child.signalCode !== null;
}

function missingDockerd(): string | undefined {
  try {
    execFileSync("dockerd", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "there is no dockerd on this machine";
  }
}

/**
 * Its containerd and it itself end with the test's process, whatever happens to that. Without a bridge it is in a network namespace of its own: an engine
 * that is told to have none removes docker0, which may be another engine's.
 */
function launch(directory: string, socketPath: string, bridge = "none", options: OwnDockerdOptions) {
  const { flags = [], endsContainers = false } = options;
  const config = join(directory, "daemon.json");
  writeFileSync(config, JSON.stringify(ownIdentity(directory)));
  // Those of a killed one may be numbers that are still, or again, in use.
  for (const file of ["pid", "exec/containerd/containerd.pid"]) rmSync(join(directory, file), { force: true });
  const places = ["--data-root", join(directory, "data"), "--exec-root", join(directory, "exec")];
  const network = [
    "--bridge",
    bridge,
    "--iptables=false",
    ...(bridge === "none" ? ["--host-gateway-ip=127.0.0.1"] : []),
  ];
  const apart = bridge === "none" ? ["unshare", "--net"] : [];
  const more = ["--storage-driver=vfs", `--live-restore=${!endsContainers}`, "--log-level=error", ...flags];
  return spawn(
    "setpriv",
    [
      ...["--pdeathsig", "KILL", ...apart, "dockerd", "-H", `unix://${socketPath}`, "--config-file", config],
      ...["--pidfile", join(directory, "pid"), ...places, ...network, ...more],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
}

/** Before version 23 all engines of a machine have the identity of one file, unless they are told otherwise. */
function ownIdentity(directory: string): Record<string, string> {
  const version = /version (\d+)\./.exec(execFileSync("dockerd", ["--version"], { encoding: "utf8" }));
  return Number(version?.[1]) < 23 ? { "deprecated-key-path": join(directory, "key.json") } : {};
}

async function answering(docker: Dockerode, child: ChildProcess, directory: string): Promise<void> {
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until(`the engine in ${directory} answers`, async () => {
    if (child.exitCode !== null) throw new Error(`The engine did not start: ${said}`);
    return docker.ping().then(
      () => true,
      () => false,
    );
  });
}

async function removeContainers(docker: Dockerode): Promise<void> {
  const left = await docker.listContainers({ all: true });
  await Promise.all(
    left.map(({ Id }) =>
      docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => {}),
    ),
  );
}

/** Those of containers that a killed engine had not heard of, with what is in them. */
function endShims(directory: string): void {
  const kill = (pid: number): void => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  for (const pid of processesOf(directory)) {
    const children = existsSync(`/proc/${pid}`) ? readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8") : "";
    for (const child of [...children.trim().split(" "), pid].map(Number)) if (child > 0) kill(child);
  }
}

/** Innermost first. */
function unmountBelow(directory: string): void {
  const mounted = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[1] ?? [])
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of mounted.toReversed()) execFileSync("umount", ["--lazy", path]);
}
