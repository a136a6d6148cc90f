import type { EngineEndpoint } from "../../../core/engine-endpoint.ts";
import { isLoopbackHost, parseEngineEndpoint } from "../../../core/engine-endpoint.ts";
import type { HostRequest } from "../../../ports/host-reports.ts";
import { clientException, serializationException } from "../../wire/errors.ts";
import { membersOf } from "../json-members.ts";

const MEMBERS = ["name", "endpoint", "tls", "gpus"] as const;
const TLS_MEMBERS = ["ca", "cert", "key"] as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const MAX_GPUS = 1_000;
const MAX_PATH = 4_096;

/** @throws what is wrong with it. */
export function readHostRequest(body: Buffer | undefined): HostRequest {
  const members = membersOf(parsed(body), "The request", MEMBERS, "this request");
  const { name, endpoint, tls, gpus } = members;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw clientException(
      "name must be 1 to 128 letters, digits, dots, - and _, of which the first is a letter or digit.",
    );
  }
  if (typeof endpoint !== "string") throw clientException("endpoint must be a text.");
  const where = parseEngineEndpoint(endpoint);
  if (typeof where === "string") throw clientException(`endpoint ${where}.`);
  const files = tls === undefined ? undefined : readTls(tls);
  checkTransport(where, files !== undefined);
  return {
    ...{ name, endpoint },
    ...(files !== undefined && { tls: files }),
    ...(gpus !== undefined && { gpus: readGpus(gpus) }),
  };
}

function parsed(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString("utf8") ?? "") as unknown;
  } catch {
    throw serializationException("The body must be JSON.");
  }
}

function readTls(value: unknown): NonNullable<HostRequest["tls"]> {
  const members = membersOf(value, "tls", TLS_MEMBERS, "this request");
  const [ca, cert, key] = TLS_MEMBERS.map((name) => {
    const path = members[name];
    const isPath = typeof path === "string" && path.startsWith("/") && path.length <= MAX_PATH && !path.includes("\0");
    if (!isPath) throw clientException(`tls.${name} must be the absolute path of a PEM file on the server's machine.`);
    return path;
  });
  return { ca: ca!, cert: cert!, key: key! };
}

/** Whoever can talk to an engine is root on its machine: nobody else may listen, or answer in its place. */
function checkTransport(endpoint: EngineEndpoint, hasTls: boolean): void {
  if (endpoint.kind !== "tcp") {
    if (hasTls) throw clientException("tls is for endpoints that begin with tcp:// only.");
  } else if (!hasTls && !isLoopbackHost(endpoint.host)) {
    throw clientException(
      "tls is needed: without it an engine is reached by TCP on this machine only. Give tls.ca, tls.cert and tls.key, or reach it by ssh://.",
    );
  }
}

function readGpus(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_GPUS) return value;
  throw clientException(`gpus must be a whole number from 0 to ${MAX_GPUS}.`);
}
