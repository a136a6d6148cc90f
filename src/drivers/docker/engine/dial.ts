import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { inspect } from "node:util";
import Dockerode from "dockerode";
import { engineMessage } from "../failure.ts";
import { findSocket, socketCandidates, USUAL_SOCKET } from "./probe.ts";

/** A connection to an engine. */
export interface Line {
  readonly docker: Dockerode;
  /** Ends all requests that are under way: they reject as those to an engine that goes away. */
  hangUp(): Promise<void>;
  /** What the program that leads there has complained of, where there is one. */
  complaint?(): string | undefined;
}

/** Why a line is of no use: the error, and what was complained of on the way. */
export function lineFailure(error: unknown, line: Line | undefined): unknown {
  const complaint = line?.complaint?.();
  return complaint === undefined ? error : new Error(`${engineMessage(error)} (${complaint})`, { cause: error });
}

/** Connects to an engine, anew each time. Rejects when it cannot be reached, or when the signal fires. */
export type Dial = (signal: AbortSignal) => Promise<Line>;

/** The engine of this machine. Default: where one answers, of the usual places. */
export function localDial(socketPath?: string): Dial {
  return async () => {
    const path = socketPath ?? (await findSocket()) ?? socketCandidates(process.env)[0] ?? USUAL_SOCKET;
    return lineTo({ socketPath: path });
  };
}

interface TlsFiles {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

export type Target =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number; readonly tls?: TlsFiles };

/** What the environment says of another engine (DOCKER_HOST, DOCKER_CERT_PATH) does not count. */
const NOT_FROM_ENVIRONMENT = { host: undefined, ca: undefined, cert: undefined, key: undefined };

export function lineTo(target: Target): Line {
  if ("socketPath" in target) {
    const agent = new Agent({ keepAlive: true });
    return line({ ...NOT_FROM_ENVIRONMENT, protocol: "http", socketPath: target.socketPath }, agent);
  }
  const { host, port, tls } = target;
  const options = { ...NOT_FROM_ENVIRONMENT, host, port };
  if (tls === undefined) return line({ ...options, protocol: "http" }, new Agent({ keepAlive: true }));
  return line({ ...options, ...tls, protocol: "https" }, new TlsAgent({ keepAlive: true }));
}

/** The client's types do not know that it takes an agent. */
function line(options: Dockerode.DockerOptions, agent: Agent): Line {
  // For its debug log the client writes out each request with all that hangs on it, whether anybody reads it or not: that is more work than the request.
  Object.assign(agent, { [inspect.custom]: () => "Agent" });
  return {
    docker: new Dockerode({ ...options, agent } as Dockerode.DockerOptions),
    hangUp: async () => agent.destroy(),
  };
}
