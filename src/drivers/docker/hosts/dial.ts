import { readFile } from "node:fs/promises";
import { parseEngineEndpoint } from "../../../core/engine-endpoint.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { EngineWay } from "../../../ports/hosts.ts";
import type { Dial, Line } from "../engine/dial.ts";
import { lineTo } from "../engine/dial.ts";
import type { Tunnel } from "./tunnel.ts";
import { openTunnel } from "./tunnel.ts";

/** `directory`: for the sockets of tunnels. */
export function dialHost({ endpoint: text, tls }: EngineWay, directory: string, clock: Clock): Dial {
  const endpoint = parseEngineEndpoint(text);
  // It was checked when the host was registered.
  if (typeof endpoint === "string") throw new Error(`the endpoint ${text} ${endpoint}`);
  switch (endpoint.kind) {
    case "unix":
      return async () => lineTo({ socketPath: endpoint.path });
    case "ssh":
      return async (signal) => lineThrough(await openTunnel(endpoint, { directory, clock, signal }));
    case "tcp":
      return async () => {
        const { host, port } = endpoint;
        return lineTo({ host, port, ...(tls !== undefined && { tls: await filesOf(tls) }) });
      };
  }
}

function lineThrough(tunnel: Tunnel): Line {
  const line = lineTo({ socketPath: tunnel.socketPath });
  return {
    docker: line.docker,
    complaint: () => tunnel.complaint(),
    async hangUp() {
      await line.hangUp();
      await tunnel.close();
    },
  };
}

async function filesOf({ ca, cert, key }: NonNullable<EngineWay["tls"]>) {
  // One after the other: of several that are missing, the first one is told.
  return { ca: await readFile(ca), cert: await readFile(cert), key: await readFile(key) };
}
