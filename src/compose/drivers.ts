import { join } from "node:path";
import type { DriverName } from "../core/driver-name.ts";
import { dockerAnswers } from "../drivers/docker/probe.ts";
import { createProcessDriver } from "../drivers/process/driver.ts";
import type { Clock } from "../ports/clock.ts";
import type { Driver } from "../ports/driver.ts";
import type { LogSink } from "../ports/logs.ts";
import type { OpenStore } from "../store/store.ts";
import type { ServerOptions } from "./options.ts";

export interface DriverParts {
  readonly options: Pick<ServerOptions, "driver" | "dataDir">;
  readonly store: OpenStore;
  readonly logs: LogSink;
  readonly clock: Clock;
  onNotice(notice: string): void;
  /** Under which address the engine's containers reach this machine, each time that it comes into sight. */
  onSighted(gateway: string | undefined): Promise<void>;
}

/** Plain processes always; containers when an engine is asked for, answers, or runs attempts of ours. */
export async function createDrivers(parts: DriverParts): Promise<Map<DriverName, Driver>> {
  const { store, logs, clock, onNotice, onSighted } = parts;
  const { driver, dataDir } = parts.options;
  const drivers = new Map<DriverName, Driver>();
  drivers.set("process", createProcessDriver({ directory: join(dataDir, "attempts"), clock, logs, onNotice }));
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
    drivers.set("docker", createDockerDriver({ directory, clock, logs, clusterId, onSighted, onNotice }));
  }
  return drivers;
}

export function describeDriver(driver: ServerOptions["driver"], hasDocker: boolean): string {
  if (driver === "docker") return "containers";
  if (driver === "process" || !hasDocker) return "plain processes";
  return "containers; plain processes where a job names no image";
}
