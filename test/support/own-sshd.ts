import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { until } from "./until.ts";

/** Who runs the clean-up. */
type Owner = { readonly after: (task: () => unknown) => void };

/** An ssh server on 127.0.0.1, and a user whose ssh knows it under a name. */
export interface OwnSshd {
  /** The name in the user's ssh configuration. */
  readonly name: string;
  /** To be put in front of PATH: ssh as a user has it whose configuration is the test's. */
  readonly path: string;
  /** Ends the server and all its sessions. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Why tests cannot have an ssh server of their own, with keys and certificates; undefined when they can. In CI they must. */
export function ownSshdUnavailable(): string | undefined {
  const missing = ["sshd", "ssh", "ssh-keygen", "openssl"].filter((name) => programOf(name) === undefined);
  const reason = missing.length === 0 ? undefined : `this machine has no ${missing.join(", ")}`;
  if (reason !== undefined && process.env["CI"]) throw new Error(`In CI these tests must run: ${reason}`);
  return reason;
}

/** `directory`: for keys and configuration. Root only. */
export async function ownSshd(owner: Owner, directory: string): Promise<OwnSshd> {
  const file = (name: string): string => join(directory, name);
  const port = await freePort();
  for (const key of ["host_key", "user_key"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file(key)]);
  writeFileSync(file("authorized_keys"), readFileSync(file("user_key.pub")), { mode: 0o600 });
  writeFileSync(file("known_hosts"), `[127.0.0.1]:${port} ${readFileSync(file("host_key.pub"), "utf8")}`);
  writeFileSync(
    file("sshd_config"),
    [
      ...["ListenAddress 127.0.0.1", `Port ${port}`, `HostKey ${file("host_key")}`, "PidFile none", "UsePAM no"],
      ...["StrictModes no", `AuthorizedKeysFile ${file("authorized_keys")}`, "PasswordAuthentication no"],
      "PermitRootLogin yes",
      "",
    ].join("\n"),
  );
  const name = "machine-of-the-test";
  writeFileSync(
    file("ssh_config"),
    [
      ...[`Host ${name}`, "HostName 127.0.0.1", `Port ${port}`, `User ${userInfo().username}`, "IdentitiesOnly yes"],
      ...[
        `IdentityFile ${file("user_key")}`,
        `UserKnownHostsFile ${file("known_hosts")}`,
        "StrictHostKeyChecking yes",
        "",
      ],
    ].join("\n"),
  );
  const path = file("bin");
  mkdirSync(path);
  writeFileSync(join(path, "ssh"), `#!/bin/sh\nexec "${programOf("ssh")!}" -F "${file("ssh_config")}" "$@"\n`);
  chmodSync(join(path, "ssh"), 0o755);
  // Where sshd locks itself in before it knows who comes; Debian's package makes it when its own service starts.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    for (const pid of [...childrenOf(child.pid!), child.pid!]) process.kill(pid, "SIGKILL");
    await exited;
  };
  const start = async (): Promise<void> => {
    child = spawn(programOf("sshd")!, ["-D", "-e", "-f", file("sshd_config")], { stdio: "ignore" });
    await until("sshd listens", () => listens(port));
  };
  owner.after(stop);
  await start();
  return { name, path, stop, start };
}

/** Each session is a process of its own. */
function childrenOf(pid: number): number[] {
  const all = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const pairs = all.map((line) => line.trim().split(/\s+/).map(Number));
  const children = pairs.flatMap(([child, parent]) => (parent === pid ? [child!] : []));
  return [...children.flatMap(childrenOf), ...children];
}

/** sshd wants to be called by its whole path. */
function programOf(name: string): string | undefined {
  const { stdout } = spawnSync("sh", ["-c", `PATH="$PATH:/usr/sbin" command -v ${name}`], { encoding: "utf8" });
  return stdout.trim() || undefined;
}

export async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
