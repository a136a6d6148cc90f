import { existsSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import type { Check } from "./finding.ts";
import { ok, problem, skipped, warning } from "./finding.ts";
import { namesIn, textOf } from "./machine.ts";

const ANSWER_MS = 3_000;

export interface ServerSeen {
  readonly url: string;
  readonly pid: number | undefined;
}

/** @param server that runs on the data directory. */
export function portCheck(host: string, port: number, server: ServerSeen | undefined): Check {
  return {
    name: "port",
    async find() {
      const code = await listenError(host, port);
      if (code === undefined) return ok(`Port ${port} on ${host} is free.`);
      if (code !== "EADDRINUSE") {
        return problem(
          `The server cannot listen on ${host}, port ${port} (${code}).`,
          code === "EACCES" ? "Use a port from 1024 on: --port." : "Name an address of this machine with --host.",
        );
      }
      if (server !== undefined && new URL(server.url).port === String(port)) {
        return ok(`Port ${port} is that of the server that runs here${server.pid ? ` (process ${server.pid})` : ""}.`);
      }
      const holder = holderOf(port);
      const who = holder === undefined ? "another program" : `process ${holder.pid} (${holder.name})`;
      const isOurs = await isLongshore(`http://${host}:${port}`);
      return problem(
        `Port ${port} on ${host} is in use by ${isOurs ? `a Longshore with another data directory, ${who}` : who}.`,
        `longshore up --port 0 takes any free one${holder === undefined ? "" : `; kill ${holder.pid} ends that program`}.`,
      );
    },
  };
}

function listenError(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

async function isLongshore(url: string): Promise<boolean> {
  try {
    const answer = await fetch(new URL("/healthz", url), { signal: AbortSignal.timeout(ANSWER_MS) });
    return (await answer.text()).includes(`"alive"`);
  } catch {
    return false;
  }
}

/** As far as this user may see it. */
function holderOf(port: number): { readonly pid: number; readonly name: string } | undefined {
  const inodes = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
      (textOf(file) ?? "").split("\n").flatMap((line) => {
        const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
        const isIt = state === LISTENS && Number.parseInt(local.split(":").at(-1) ?? "", 16) === port;
        return isIt && inode !== undefined ? [`socket:[${inode}]`] : [];
      }),
    ),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of namesIn("/proc").filter((name) => /^\d+$/.test(name))) {
    const folder = `/proc/${pid}/fd`;
    if (namesIn(folder).some((name) => inodes.has(linkOf(join(folder, name)))))
      return { pid: Number(pid), name: textOf(`/proc/${pid}/comm`)?.trim() ?? "?" };
  }
  return undefined;
}

const LISTENS = "0A";

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** @param url where the server is, or would be. */
export function clientChecks(url: string, environment: NodeJS.ProcessEnv): readonly Check[] {
  return [
    { name: "proxy", find: () => findProxy(environment) },
    { name: "aws", find: () => findAws(url, environment) },
  ];
}

function findProxy(environment: NodeJS.ProcessEnv) {
  const given = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].filter((name) => environment[name]);
  if (given.length === 0) return ok("No proxy is in the way of requests to this machine.");
  const exceptions = (environment["NO_PROXY"] || environment["no_proxy"] || "").split(/[,\s]+/);
  const lacking = ["localhost", "127.0.0.1"].filter((name) => !exceptions.includes("*") && !exceptions.includes(name));
  if (lacking.length === 0) return ok(`${given.join(" and ")} leave this machine out.`);
  return warning(
    `${given.join(" and ")} name a proxy, and NO_PROXY does not leave out ${lacking.join(" and ")}: the AWS CLI and SDKs would ask the proxy for the server.`,
    `export NO_PROXY=${[...exceptions.filter(Boolean), ...lacking].join(",")}`,
  );
}

const ENDPOINTS = ["AWS_ENDPOINT_URL_BATCH", "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"] as const;

function findAws(url: string, environment: NodeJS.ProcessEnv) {
  const found = [];
  const aws = programOn(environment["PATH"] ?? "", "aws");
  if (aws === undefined) {
    found.push(
      skipped("The AWS CLI is not on PATH. It is not needed: `longshore` does what it does for Batch and logs."),
    );
  } else {
    found.push(ok(`The AWS CLI is ${aws}.`));
  }
  const all = environment["AWS_ENDPOINT_URL"];
  for (const name of ENDPOINTS) {
    const value = environment[name] || all;
    const variable = environment[name] ? name : "AWS_ENDPOINT_URL";
    const todo = `export ${name}=${url}`;
    if (!value) continue;
    if (!URL.canParse(value)) found.push(problem(`${variable} is not a URL: ${value}.`, todo));
    else if (!isSame(value, url)) {
      found.push(warning(`${variable} is ${value}, and the server is at ${url}: clients ask there.`, todo));
    }
  }
  const [batch, logs] = ENDPOINTS.map((name) => environment[name] || all);
  if (batch && !logs) {
    found.push(
      warning(
        "AWS_ENDPOINT_URL_BATCH is set and AWS_ENDPOINT_URL_CLOUDWATCH_LOGS is not: clients look for the logs of jobs at AWS.",
        `export AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=${batch}`,
      ),
    );
  }
  return found;
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((url) => new URL(url));
  const host = (name: string): string => (["localhost", "[::1]"].includes(name) ? "127.0.0.1" : name);
  return host(a!.hostname) === host(b!.hostname) && a!.port === b!.port && a!.protocol === b!.protocol;
}

function programOn(path: string, name: string): string | undefined {
  return path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}
