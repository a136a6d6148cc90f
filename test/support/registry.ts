import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type Dockerode from "dockerode";
import { ensureTestImage } from "./docker-image.ts";
import { until } from "./until.ts";

export const REGISTRY_LOGIN = { username: "ann", password: "pass-w0rd" };

/** A registry of this machine that asks for a name and a password. */
export interface Registry {
  /** `127.0.0.1:PORT`: engines take plain HTTP from there. */
  readonly host: string;
  /** All that it was asked, in its own words. */
  readonly log: string;
  /** Pushes an image with a layer of its own, in which `/version` is that text. What the engine has under its name, which is given, stays. */
  push(name: string, version: string): Promise<string>;
  /** Ends it, and takes from the engine what came from it. */
  dispose(): Promise<void>;
}

/** Why there can be none here; undefined when there can. Where tests must not be skipped unseen (CI), that is a failure. */
export function registryUnavailable(): string | undefined {
  try {
    execFileSync("docker-registry", ["--version"]);
    execFileSync("htpasswd", ["-nbB", "a", "b"], { stdio: "pipe" });
    return undefined;
  } catch {
    const reason = "this machine has no docker-registry and htpasswd (Debian: docker-registry, apache2-utils)";
    if (process.env["CI"]) throw new Error(`In CI these tests must run: ${reason}`);
    return reason;
  }
}

export async function startRegistry(docker: Dockerode): Promise<Registry> {
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-registry-"));
  const host = `127.0.0.1:${await freePort()}`;
  const { username, password } = REGISTRY_LOGIN;
  const users = path.join(directory, "htpasswd");
  writeFileSync(users, execFileSync("htpasswd", ["-nbB", "-C", "4", username, password]));
  const config = {
    version: 0.1,
    log: { accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: path.join(directory, "data") } },
    http: { addr: host },
    auth: { htpasswd: { realm: "test", path: users } },
  };
  const file = path.join(directory, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const child = spawn("docker-registry", ["serve", file], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (log += String(chunk)));
  await until("the registry listens", () =>
    fetch(`http://${host}/v2/`).then(
      ({ status }) => status === 401,
      () => false,
    ),
  );
  return {
    host,
    get log() {
      return log;
    },
    async push(name, version) {
      const image = `${host}/${name}`;
      // By another name of the same registry: what the engine has under this one stays.
      const other = image.replace("127.0.0.1", "localhost");
      await makeImage(docker, other, version);
      await consume(await docker.getImage(other).push({ authconfig: REGISTRY_LOGIN }));
      await docker.getImage(other).remove();
      return image;
    },
    async dispose() {
      child.kill();
      await once(child, "exit");
      for (const { Id, RepoTags, RepoDigests } of await docker.listImages({ all: true })) {
        const names = [...(RepoTags ?? []), ...(RepoDigests ?? [])];
        if (names.some((name) => name.startsWith(`${host}/`))) await docker.getImage(Id).remove({ force: true });
      }
      rmSync(directory, { recursive: true });
    },
  };
}

/** The test image with a layer on top that no other image has. */
async function makeImage(docker: Dockerode, image: string, version: string): Promise<void> {
  const script = `echo ${version} > /version; head -c 200000 /dev/urandom > /random`;
  const container = await docker.createContainer({ Image: await ensureTestImage(), Cmd: ["sh", "-c", script] });
  try {
    await container.start();
    await container.wait();
    const colon = image.lastIndexOf(":");
    await container.commit({ repo: image.slice(0, colon), tag: image.slice(colon + 1) });
  } finally {
    await container.remove({ force: true });
  }
}

async function consume(stream: NodeJS.ReadableStream): Promise<void> {
  let said = "";
  for await (const chunk of stream) said += String(chunk);
  if (said.includes('"error"')) throw new Error(`The image was not pushed: ${said}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
