import { join } from "node:path";
import { systemClock } from "../clock.ts";
import { clusterCheck } from "./clusters.ts";
import { dataDirectoryChecks } from "./data-directory.ts";
import { engineChecks } from "./engine.ts";
import type { Finding } from "./finding.ts";
import { examine } from "./finding.ts";
import { bridgeCheck, consoleCheck, machineChecks } from "./machine.ts";
import type { ServerSeen } from "./network.ts";
import { clientChecks, portCheck } from "./network.ts";
import { clockCheck, databaseCheck, serverCheck } from "./time-and-store.ts";

export interface DoctorOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl?: string | undefined;
  /** The configuration file, where it is not the usual one. */
  readonly configFile?: string | undefined;
  /** For the container that is tried out. */
  readonly image?: string | undefined;
  /** What a server has written into the data directory. */
  readonly server: ServerSeen | undefined;
}

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Looks at all that Longshore needs of this machine, with or without a server. Each check takes seconds at most; they run side by side. */
export function callDoctor({
  host,
  port,
  dataDir,
  databaseUrl,
  configFile,
  image,
  server,
}: DoctorOptions): Promise<Finding[]> {
  const url = server?.url ?? `http://${host}:${port}`;
  return examine(
    [
      ...machineChecks,
      ...dataDirectoryChecks(dataDir),
      portCheck(host, port, server),
      serverCheck(server?.url),
      clockCheck,
      databaseCheck(databaseUrl),
      ...engineChecks({ serverUrl: server?.url, image }),
      bridgeCheck,
      clusterCheck(dataDir, configFile),
      consoleCheck(ROOT),
      ...clientChecks(url, process.env),
    ],
    systemClock,
  );
}
