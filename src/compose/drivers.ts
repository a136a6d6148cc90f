import { join } from "node:path";
import type { DriverName } from "../core/driver-name.ts";
import type { SightedEngine } from "../drivers/docker/driver.ts";
import { dockerAnswers } from "../drivers/docker/engine/probe.ts";
import type { Subnet } from "../drivers/docker/networks/subnets.ts";
import { createProcessDriver } from "../drivers/process/driver.ts";
import type { Clock } from "../ports/clock.ts";
import type { Driver } from "../ports/driver.ts";
import type { Term } from "../ports/leadership.ts";
import type { LogSink } from "../ports/logs.ts";
import type { Secrets } from "../ports/secrets.ts";
import type { OpenStore } from "../store/store.ts";
import { thisBoot } from "./machine/this-machine.ts";
import type { ServerOptions } from "./options.ts";

export interface DriverParts {
  readonly options: Pick<ServerOptions, "driver" | "dataDir">;
  readonly store: OpenStore;
  readonly logs: LogSink;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly term: Term;
  /** The directories that stand for file systems of AWS, by id or ARN. */
  readonly fileSystems: ReadonlyMap<string, string>;
  readonly nodeSubnets: Subnet | undefined;
  onNotice(notice: string): void;
  /** Whether containers are to be given credentials of roles. */
  readonly givesCredentials: boolean;
  /** Told each time that the engine of this machine comes into sight. */
  onSighted(engine: SightedEngine): Promise<void>;
}

/** Plain processes always; containers when an engine is asked for, answers, or runs attempts of ours. */
export async function createDrivers(parts: DriverParts): Promise<Map<DriverName, Driver>> {
  const { store, logs, clock, secrets, term, onNotice, onSighted } = parts;
  const { driver, dataDir } = parts.options;
  const drivers = new Map<DriverName, Driver>();
  const bootId = thisBoot();
  drivers.set(
    "process",
    createProcessDriver({ directory: join(dataDir, "attempts"), clock, logs, secrets, bootId, term, onNotice }),
  );
  const answers = await dockerAnswers();
  if (driver === "docker" && !answers) {
    onNotice("No container engine answers yet: jobs start when one does.");
  }
  if (driver === "auto" && !answers) {
    onNotice("No container engine answers: jobs run as plain processes of this machine, whatever image they name.");
  }
  if (driver === "docker" || answers || (await store.scheduling.hasAttemptsOn("docker"))) {
    // The engine's client takes long to load; a machine without an engine need not wait for it.
    const { createDockerDriver } = await import("../drivers/docker/driver.ts");
    const directory = join(dataDir, "docker");
    const { clusterId } = store;
    const { fileSystems, givesCredentials, nodeSubnets } = parts;
    const provided = { secrets, fileSystems, givesCredentials, nodeSubnets, term };
    drivers.set(
      "docker",
      createDockerDriver({ directory, clock, logs, ...provided, clusterId, bootId, onSighted, onNotice }),
    );
  }
  return drivers;
}

export function describeDriver(driver: ServerOptions["driver"], hasDocker: boolean): string {
  if (driver === "docker") return "containers";
  if (driver === "kubernetes") return "pods";
  if (driver === "process" || !hasDocker) return "plain processes";
  return "containers; plain processes where a job names no image";
}
