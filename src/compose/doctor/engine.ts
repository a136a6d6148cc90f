import { existsSync } from "node:fs";
import { createServer, request } from "node:http";
import { userInfo } from "node:os";
import type { Checkup } from "../../drivers/docker/engine/checkup.ts";
import { findSocket, socketCandidates } from "../../drivers/docker/engine/probe.ts";
import { MACHINE_OF_CONTAINER } from "../surroundings.ts";
import type { Check } from "./finding.ts";
import { ok, problem, skipped, warning } from "./finding.ts";

const OLDEST = [20, 10] as const;
const IMAGE = "busybox:latest";
const ANSWER_MS = 3_000;

export interface EngineQuestion {
  /** Of the server that runs, as this machine reaches it. */
  readonly serverUrl: string | undefined;
  /** To try out; by default that of jobs that name none. */
  readonly image?: string | undefined;
}

export function engineChecks({ serverUrl, image = IMAGE }: EngineQuestion): readonly Check[] {
  const asked = askEngine(image);
  asked.catch(() => {});
  return [
    {
      name: "engine",
      async find() {
        const seen = await asked;
        return "checkup" in seen ? describe(seen.checkup, seen.socket) : seen;
      },
    },
    {
      name: "container",
      async find() {
        const seen = await asked;
        if (!("checkup" in seen)) return skipped("No container engine answers.");
        return tryOut(seen.socket, seen.checkup, image, serverUrl);
      },
    },
  ];
}

async function askEngine(image: string) {
  const socket = await findSocket(undefined, ANSWER_MS);
  if (socket === undefined) return whyNone();
  const { checkUp } = await import("../../drivers/docker/engine/checkup.ts");
  return { socket, checkup: await checkUp(socket, image) };
}

async function whyNone() {
  const host = process.env["DOCKER_HOST"];
  if (host && !host.startsWith("unix://")) {
    return problem(
      `DOCKER_HOST is ${host}: a server runs containers in an engine of its own machine.`,
      "unset DOCKER_HOST; engines of other machines are registered: longshore hosts add --help",
    );
  }
  const socket = socketCandidates(process.env).find((path) => existsSync(path));
  if (socket === undefined) {
    if (host)
      return problem(`DOCKER_HOST is ${host}, and nothing is there.`, "Start that engine, or unset DOCKER_HOST.");
    return warning(
      "There is no container engine: jobs run as plain processes of this machine, whatever image they name.",
      "Install and start Docker or Podman: systemctl start docker",
    );
  }
  const code = await errorOf(socket);
  if (code === "EACCES" || code === "EPERM") {
    return problem(
      `The container engine at ${socket} does not let ${userInfo().username} in.`,
      `sudo usermod -aG docker ${userInfo().username}, and sign in again.`,
    );
  }
  return problem(
    `Nothing answers at ${socket}${code === undefined ? "" : ` (${code})`}, where a container engine was.`,
    "Start it: systemctl start docker (or podman.socket).",
  );
}

function errorOf(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: "/_ping", agent: false, signal: AbortSignal.timeout(ANSWER_MS) });
    asked.on("response", (answer) => {
      answer.resume();
      resolve(undefined);
    });
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(error.name === "AbortError" ? "it hangs" : error.code));
    asked.end();
  });
}

function describe({ version, cgroupDriver, cgroupVersion, storageDriver }: Checkup, socket: string) {
  const says = `The container engine at ${socket} is ${version}, with cgroup driver ${cgroupDriver} (version ${cgroupVersion}) and storage driver ${storageDriver}`;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    // Podman has other numbers, and tells them elsewhere.
    if (major >= 1 && major < 10) return ok(`${says}.`);
    return problem(`${says}: it is older than ${OLDEST.join(".")}.`, "Install a newer one.");
  }
  if (storageDriver === "vfs") {
    return warning(
      `${says}: vfs copies the whole image for each container.`,
      "Configure overlay2 in /etc/docker/daemon.json.",
    );
  }
  return ok(`${says}.`);
}

/** That a container runs, and reaches the server, or what listens in its place. */
async function tryOut(socket: string, { hasImage, gateway }: Checkup, image: string, serverUrl: string | undefined) {
  if (!hasImage) {
    return warning(
      `${image} is not there: no container was tried, and the first job waits for it.`,
      `docker pull ${image}`,
    );
  }
  const { tryContainer } = await import("../../drivers/docker/engine/checkup.ts");
  const standIn = serverUrl === undefined && gateway !== undefined ? await listenAt(gateway) : undefined;
  try {
    const port = serverUrl === undefined ? standIn?.port : Number(new URL(serverUrl).port);
    const host = gateway ?? MACHINE_OF_CONTAINER;
    const script = port === undefined ? "echo runs" : askingScript(host, port);
    const { exitCode, output } = await tryContainer(socket, image, script);
    if (!output.startsWith("runs")) {
      return problem(
        `A container of ${image} ends with ${exitCode}: ${output}.`,
        `docker run --rm ${image} echo hello`,
      );
    }
    if (/HTTP\/1/.test(output)) return ok(`A container of ${image} runs, and reaches this machine.`);
    if (port === undefined || exitCode === NOTHING_TO_ASK_WITH) {
      return ok(`A container of ${image} runs. Whether it reaches this machine was not tried.`);
    }
    const said = output.split("\n").at(-1)?.trim();
    return problem(
      `A container of ${image} runs, and does not reach this machine at ${host}, port ${port} (${said}): jobs cannot call the server.`,
      "Let the firewall pass what comes from the engine's bridge (docker0), or start the server with --host 0.0.0.0.",
    );
  } finally {
    standIn?.close();
  }
}

const NOTHING_TO_ASK_WITH = 41;

/** Whatever it is answered, strangers too, has the protocol's name in it. */
function askingScript(host: string, port: number): string {
  const request = String.raw`GET /readyz HTTP/1.0\r\n\r\n`;
  return `echo runs
if type nc > /dev/null 2>&1; then printf '${request}' | nc -w 3 ${host} ${port}
elif type curl > /dev/null 2>&1; then curl -sS -m 3 -i http://${host}:${port}/readyz
else exit ${NOTHING_TO_ASK_WITH}; fi 2>&1`;
}

/** Undefined when the address is none of this machine: its engine is in a virtual one. */
function listenAt(host: string): Promise<{ readonly port: number; close(): void } | undefined> {
  const server = createServer((_, response) => response.end("ready"));
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen({ host, port: 0 }, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ port, close: () => void server.close() });
    });
  });
}
