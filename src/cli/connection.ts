import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Batch } from "@aws-sdk/client-batch";
import type { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { descriptorFiles } from "../compose/servers/descriptor.ts";
import type { AccessKey } from "../ports/credentials.ts";
import { EXIT, Failure } from "./failure.ts";

export const DEFAULT_PORT = 4590;

export interface ConnectionOptions {
  readonly endpoint?: string;
  readonly region?: string;
  readonly dataDir?: string;
}

/** Where the API is. `url` serves Batch; `logsUrl` CloudWatch Logs, undefined for the SDK's own choice. */
export interface Endpoint {
  readonly url: string;
  readonly logsUrl: string | undefined;
  readonly region: string;
  /** Loopback addresses are Longshore (or another emulator) on this machine: quick polls, no real credentials. */
  readonly isLocal: boolean;
  /** Of a server that was found there and serves known keys only: who can read this directory has one. */
  readonly keysIn?: string;
}

/** The two APIs. Each use goes through a callback, because the server behind it may change while a command runs. */
export interface Connection {
  readonly endpoint: Endpoint;
  batch<T>(use: (batch: Batch) => Promise<T>): Promise<T>;
  logs<T>(use: (logs: CloudWatchLogs) => Promise<T>): Promise<T>;
  close(): void;
}

/** --data-dir, else LONGSHORE_DATA_DIR, else ~/.longshore; absolute. */
export function dataDirOf(options: { readonly dataDir?: string }): string {
  const fromEnvironment = process.env.LONGSHORE_DATA_DIR;
  return resolve(options.dataDir ?? (fromEnvironment || join(homedir(), ".longshore")));
}

/** The endpoint that the user means: --endpoint, AWS's variables, the server that runs on the data directory, the default port. */
export function endpointOf(options: ConnectionOptions): Endpoint {
  const { AWS_ENDPOINT_URL_BATCH, AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS } = process.env;
  if (options.endpoint !== undefined) return toEndpoint(options.endpoint, "--endpoint", options.region);
  if (options.dataDir === undefined) {
    const url = AWS_ENDPOINT_URL_BATCH || AWS_ENDPOINT_URL;
    if (url) {
      const source = AWS_ENDPOINT_URL_BATCH ? "AWS_ENDPOINT_URL_BATCH" : "AWS_ENDPOINT_URL";
      return toEndpoint(url, source, options.region, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS || AWS_ENDPOINT_URL);
    }
  }
  const dataDir = dataDirOf(options);
  const server = readServerFile(dataDir);
  if (server === undefined && options.dataDir !== undefined) {
    const next = `Start one: longshore up --data-dir ${options.dataDir}`;
    throw new Failure(`No server runs on the data directory ${options.dataDir}.`, EXIT.server, next);
  }
  if (server !== undefined) return endpointOfServer(server, dataDir, options.region);
  return toEndpoint(`http://127.0.0.1:${DEFAULT_PORT}`, "the default", options.region);
}

/** The server that runs on a data directory. */
export function endpointOfServer(server: ServerFile, dataDir: string, region: string | undefined): Endpoint {
  const endpoint = toEndpoint(server.url, "server.json", region);
  return server.isOpen ? endpoint : { ...endpoint, keysIn: dataDir };
}

function toEndpoint(url: string, source: string, region: string | undefined, logsUrl?: string): Endpoint {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new Failure(
      `${source} is not a URL: ${url}`,
      EXIT.usage,
      `Give it with its scheme, like http://127.0.0.1:${DEFAULT_PORT}.`,
    );
  }
  const ofAws = /^batch(?:-fips)?\.([a-z0-9-]+)\./.exec(parsed.hostname)?.[1];
  return {
    url,
    logsUrl: logsUrl || (ofAws === undefined ? url : undefined),
    region: region ?? (process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || ofAws || "us-east-1"),
    isLocal: isLoopback(parsed.hostname),
  };
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.") || hostname.endsWith(".localhost")
  );
}

export interface ServerFile {
  readonly url: string;
  /** Whether it serves requests without a known key. */
  readonly isOpen: boolean;
}

/** What the server that runs on this data directory wrote about itself; undefined when none runs, or none was ever ready. */
export function readServerFile(dataDir: string): ServerFile | undefined {
  for (const file of descriptorFiles(dataDir).toReversed()) {
    const found = readDescriptor(file);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readDescriptor(file: string): ServerFile | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || !("url" in parsed)) return undefined;
  const isOpen = !("isOpen" in parsed) || parsed.isOpen === true;
  return typeof parsed.url === "string" ? { url: parsed.url, isOpen } : undefined;
}

/** Connects to one endpoint for the whole command. `maxAttempts` is the SDK's: 1 never sends a request twice. */
export async function connect(endpoint: Endpoint, maxAttempts = 3): Promise<Connection> {
  const [{ Batch }, { CloudWatchLogs }] = await Promise.all([
    import("@aws-sdk/client-batch"),
    import("@aws-sdk/client-cloudwatch-logs"),
  ]);
  const common = {
    region: endpoint.region,
    maxAttempts,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000 },
    ...(await credentialsFor(endpoint)),
  };
  const batch = new Batch({ ...common, endpoint: endpoint.url });
  const logs = new CloudWatchLogs({
    ...common,
    ...(endpoint.logsUrl === undefined ? {} : { endpoint: endpoint.logsUrl }),
  });
  return {
    endpoint,
    batch: (use) => use(batch),
    logs: (use) => use(logs),
    close: () => {
      batch.destroy();
      logs.destroy();
    },
  };
}

/** A local server takes any credentials, or its owner's: without this, the SDK would look for real ones, also on the network. */
async function credentialsFor({ isLocal, keysIn }: Endpoint): Promise<{ credentials?: AccessKey }> {
  const configured = (process.env.AWS_ACCESS_KEY_ID ?? "") !== "" && (process.env.AWS_SECRET_ACCESS_KEY ?? "") !== "";
  if (configured) return {};
  const credentials = keysIn === undefined ? undefined : (await import("../compose/owner.ts")).ownerKey(keysIn);
  if (credentials !== undefined) return { credentials };
  return isLocal ? { credentials: { accessKeyId: "local", secretAccessKey: "local" } } : {};
}
