import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { until } from "./until.ts";

/** Who runs the clean-up: a test, or node:test's own `after` for a whole file. */
type Owner = { readonly after: (task: () => unknown) => void };

/** A PostgreSQL of a test's own, which may be killed. It listens on a loopback port and keeps its data while it is not there. */
export interface OwnPostgres {
  readonly port: number;
  /** A new, empty database. */
  createDatabase(): Promise<string>;
  /** The URL of a database of it. */
  url(database: string): string;
  /** SIGKILL to all of its processes. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends it: "fast" breaks connections off in order, "immediate" is as a crash. Resolves when it is gone. */
  stop(mode?: "fast" | "immediate"): Promise<void>;
  /** SIGSTOP and SIGCONT to all of its processes. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on its own data. Resolves when it answers. */
  start(): Promise<void>;
}

export interface OwnPostgresOptions {
  /** More settings: `name=value`. */
  readonly settings?: readonly string[];
  /** Commits reach the disk, as they do by default in PostgreSQL; tests that do not ask for it go without, which is faster. */
  readonly isDurable?: boolean;
  /** PEM texts: connections may be encrypted. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

/** Where the server's programs are: Debian has them outside the PATH. */
const BIN = findBin();
const USER = "postgres";

function findBin(): string | undefined {
  const debian = globSync("/usr/lib/postgresql/*/bin/initdb").toSorted().at(-1);
  const path = (process.env["PATH"] ?? "").split(":").map((directory) => join(directory, "initdb"));
  const initdb = [debian, ...path].find((file) => file !== undefined && existsSync(file));
  return initdb && dirname(initdb);
}

/** Why tests cannot have a PostgreSQL here; undefined when they can. In CI they must. */
export function postgresUnavailable(): string | undefined {
  const reason = missing();
  if (reason !== undefined && process.env["CI"]) throw new Error(`In CI these tests must run: ${reason}`);
  return reason;
}

function missing(): string | undefined {
  if (BIN === undefined) return "there is no PostgreSQL on this machine";
  if (process.getuid?.() !== 0) return undefined;
  try {
    execFileSync("id", ["-u", USER], { stdio: "ignore" });
    return undefined;
  } catch {
    return `PostgreSQL does not run as root, and there is no user ${USER}`;
  }
}

function userId(flag: "-u" | "-g"): number {
  return Number(execFileSync("id", [flag, USER], { encoding: "utf8" }));
}

/** PostgreSQL's programs refuse root. */
function asItsUser(program: string, args: readonly string[]): [string, string[]] {
  const path = join(BIN!, program);
  if (process.getuid?.() !== 0) return [path, [...args]];
  return ["setpriv", [`--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", path, ...args]];
}

/** Starts a PostgreSQL and leaves nothing of it behind. */
export async function ownPostgres(
  owner: Owner,
  { settings = [], isDurable = false, tls }: OwnPostgresOptions = {},
): Promise<OwnPostgres> {
  const directory = mkdtempSync(join(tmpdir(), "longshore-postgres-"));
  const give = (path: string): void => {
    if (process.getuid?.() === 0) chownSync(path, userId("-u"), userId("-g"));
  };
  give(directory);
  for (const [name, text] of Object.entries(tls ?? {})) {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    give(join(directory, name));
  }
  const ofTls = tls && ["ssl=on", `ssl_cert_file=${directory}/cert`, `ssl_key_file=${directory}/key`];
  const data = join(directory, "data");
  const initial = ["--auth=trust", "--username=longshore", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"];
  const [initdb, initArgs] = asItsUser("initdb", ["-D", data, ...initial]);
  execFileSync(initdb, initArgs, { stdio: ["ignore", "ignore", "inherit"], cwd: directory });
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = launch(directory, [`port=${port}`, ...(isDurable ? [] : ["fsync=off"]), ...(ofTls ?? []), ...settings]);
    await answering(child, url("postgres"));
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    signalAll(child, "SIGCONT");
    if (signal === "SIGKILL") signalAll(child, signal);
    else child.kill(signal);
    await exited;
  };
  const url = (database: string): string => `postgres://longshore@127.0.0.1:${port}/${database}`;
  owner.after(async () => {
    await end("SIGQUIT");
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  });
  await start();
  let databases = 0;
  return {
    ...{ port, url, start },
    async createDatabase() {
      databases += 1;
      const name = `test_${databases}`;
      await execute(url("postgres"), `CREATE DATABASE ${name}`);
      return url(name);
    },
    kill: () => end("SIGKILL"),
    stop: (mode = "fast") => end(mode === "fast" ? "SIGINT" : "SIGQUIT"),
    freeze: () => signalAll(child!, "SIGSTOP"),
    thaw: () => signalAll(child!, "SIGCONT"),
  };
}

/** One statement by a connection of its own. */
export async function execute(url: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // the statement tells
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

/** It ends with the test's process, whatever happens to that; its own processes then end by themselves. */
function launch(directory: string, settings: readonly string[]): ChildProcess {
  const common = ["listen_addresses=127.0.0.1", `unix_socket_directories=${directory}`, "log_min_messages=fatal"];
  const options = [...common, ...settings].flatMap((setting) => ["-c", setting]);
  const [program, args] = asItsUser("postgres", ["-D", join(directory, "data"), ...options]);
  const dying = ["setpriv", "--pdeathsig", "QUIT"];
  // A change of the user clears the signal of a parent's death: so it is set behind that.
  const command =
    program === "setpriv" ? [program, ...args.slice(0, 3), ...dying, ...args.slice(3)] : [...dying, program, ...args];
  return spawn(command[0]!, command.slice(1), { stdio: ["ignore", "ignore", "pipe"], cwd: directory });
}

/** To it and to its own processes. */
function signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
  const pids = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ");
  // The parent first: it would start anew what ends before it.
  for (const pid of [child.pid!, ...pids.map(Number)]) {
    try {
      if (pid > 0) process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

async function answering(child: ChildProcess, url: string): Promise<void> {
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until("PostgreSQL answers", async () => {
    if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`);
    return execute(url, "SELECT 1").then(
      () => true,
      () => false,
    );
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
