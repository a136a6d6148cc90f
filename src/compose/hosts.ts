import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseEngineEndpoint } from "../core/engine-endpoint.ts";
import { hostId, hostType } from "../core/instances/host.ts";
import type { DockerDriverOptions, SightedEngine } from "../drivers/docker/driver.ts";
import type { HostDriver } from "../drivers/docker/hosts/host-driver.ts";
import type { SeenHost } from "../drivers/docker/hosts/provisioner.ts";
import { HostProvisioner } from "../drivers/docker/hosts/provisioner.ts";
import type { Clock } from "../ports/clock.ts";
import type { Driver } from "../ports/driver.ts";
import type { EngineFacts, EngineWay, HostLinks, HostRecord, HostSight, HostTable } from "../ports/hosts.ts";
import type { Doors } from "./doors.ts";
import type { ServerSurroundings } from "./surroundings.ts";

/** A host that does not answer for so long is lost: longer than an engine takes to start again. */
const LOSS_MS = 60_000;
/** So often a host is asked for a sign of life, at most. */
const LONGEST_HEARTBEAT_MS = 10_000;
/** The longest that a host may take to answer when it is reached anew. */
const LONGEST_ANSWER_MS = 15_000;
/** Between two attempts to reach it. */
const LONGEST_PAUSE_MS = 5_000;

export interface HostParts
  extends Pick<DockerDriverOptions, "logs" | "secrets" | "fileSystems" | "clusterId" | "term">, HostCallbacks {
  readonly table: HostTable;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly lossMs?: number | undefined;
  readonly surroundings: ServerSurroundings;
  readonly doors: Promise<Doors>;
}

interface HostCallbacks {
  /** Attempts may be given to a new driver. */
  addDriver(driver: Driver): Promise<void>;
  /** What a host holds has been written anew. */
  changed(): void;
  onNotice(notice: string): void;
  onError(what: string, error: unknown): void;
}

interface Entry {
  record: HostRecord;
  readonly driver: HostDriver;
}

/** The registered hosts: a driver for each, and the instances that they are. */
export class HostDirectory implements HostLinks {
  readonly provisioner: HostProvisioner;
  readonly #parts: HostParts;
  readonly #lossMs: number;
  /** By id. */
  readonly #entries = new Map<string, Entry>();
  #ownEngineId: string | undefined;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#lossMs = parts.lossMs ?? LOSS_MS;
    const { clock, table } = parts;
    this.provisioner = new HostProvisioner({
      clock,
      host: (id) => this.#seen(id),
      instances: () => table.instances(),
    });
    // What the tunnels of an earlier server have left.
    rmSync(this.#tunnels, { recursive: true, force: true });
  }

  /** Of all hosts that are registered. */
  async drivers(): Promise<Driver[]> {
    const records = await this.#parts.table.all();
    return Promise.all(records.map((record) => this.#enter(record)));
  }

  async ask(way: EngineWay): Promise<EngineFacts> {
    const { askEngine } = await import("../drivers/docker/hosts/probe.ts");
    return askEngine(way, this.#tunnels, this.#parts.clock);
  }

  async connect(record: HostRecord): Promise<void> {
    await this.#parts.addDriver(await this.#enter(record));
  }

  sightOf(id: string): HostSight | undefined {
    return this.#entries.get(id)?.driver.sight;
  }

  isOwn(engine: EngineFacts): boolean {
    return engine.id === this.#ownEngineId;
  }

  /** The engine of this machine came into sight. */
  ownEngine({ facts }: SightedEngine): void {
    this.#ownEngineId = facts?.id;
  }

  /** The path of a socket must be short. */
  get #tunnels(): string {
    return join(this.#parts.dataDir, "ssh");
  }

  #seen(id: string): SeenHost | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { sight } = entry.driver;
    return { sight, type: sight.kind === "in-sight" ? typeOf(entry.record, sight.engine) : undefined };
  }

  /** The engine's client takes long to load; a server without hosts need not wait for it. */
  async #enter(record: HostRecord): Promise<HostDriver> {
    const [{ createDockerDriver }, { dialHost }, { HostDriver }] = await Promise.all([
      import("../drivers/docker/driver.ts"),
      import("../drivers/docker/hosts/dial.ts"),
      import("../drivers/docker/hosts/host-driver.ts"),
    ]);
    const { clock, logs, secrets, fileSystems, clusterId, dataDir, term, onNotice } = this.#parts;
    const id = hostId(record.name, record.number);
    const directory = join(dataDir, "hosts", String(record.number));
    const entry: Entry = {
      record,
      driver: new HostDriver({
        ...{ hostId: id, clock, lossMs: this.#lossMs },
        driver: createDockerDriver({
          ...{ clock, logs, secrets, fileSystems, term },
          // All hosts' containers have one label: a machine that is registered anew still has those of before removed. Those of this machine's own driver
          // have another.
          clusterId: `${clusterId}-hosts`,
          directory,
          dial: dialHost(record.way, this.#tunnels, clock),
          patience: {
            heartbeatMs: Math.min(LONGEST_HEARTBEAT_MS, this.#lossMs / 2),
            answerTimeoutMs: Math.min(LONGEST_ANSWER_MS, this.#lossMs),
            longestPauseMs: Math.min(LONGEST_PAUSE_MS, this.#lossMs / 4),
          },
          isElsewhere: !isHere(record),
          // Several engines of one machine would clear away each other's control groups.
          groupOwner: `${clusterId}-host-${record.number}`,
          onSighted: (engine) => this.#sighted(entry, engine),
          onUnreachable: (why) => entry.driver.engineUnreachable(why),
          onNotice: (notice) => onNotice(`Host ${record.name}: ${notice}`),
        }),
        onSighted: () => this.provisioner.sighted(id),
        onUnseen: (at) => this.provisioner.unseen(id, at),
        onLost: (at) => {
          onNotice(`Host ${record.name} is lost: what ran there has ended.`);
          this.provisioner.lost(id, at);
        },
        onRetired: () => {
          this.#entries.delete(id);
          rmSync(directory, { recursive: true, force: true });
        },
      }),
    };
    this.#entries.set(id, entry);
    return entry.driver;
  }

  /** Rejects for an engine that cannot be this host's. */
  async #sighted(entry: Entry, { gateway, facts }: SightedEngine): Promise<void> {
    if (facts === undefined) throw new Error("it runs no containers of Linux on x86_64 or arm64");
    const twin = [...this.#entries.values()].find((other) => other !== entry && engineIdOf(other) === facts.id);
    if (twin !== undefined) throw new Error(`it is the engine of host ${twin.record.name}, which is registered too`);
    const { record, driver } = entry;
    driver.engineSighted(facts);
    await this.#tellWhereServerIs(driver, record, gateway);
    if (JSON.stringify(facts) === JSON.stringify(record.engine)) return;
    entry.record = { ...record, engine: facts };
    await this.#parts.table.reported(record.number, facts);
    this.#parts.changed();
  }

  /** Jobs on this machine reach the server as those of its own engine do; those on another one only where the server listens for others. */
  async #tellWhereServerIs({ name }: Driver, record: HostRecord, gateway: string | undefined): Promise<void> {
    const { doors, surroundings, onError } = this.#parts;
    const here = isHere(record);
    if (!here) surroundings.elsewhere(name);
    try {
      const opened = await doors;
      const url = here ? await opened.urlForHost(name, gateway) : opened.urlForOthers();
      if (url !== undefined) surroundings.reachable(name, url);
    } catch (error) {
      onError(`jobs on host ${record.name} cannot call this server`, error);
    }
  }
}

function typeOf({ gpus }: HostRecord, engine: EngineFacts) {
  return hostType({ ...engine, gpus: gpus ?? engine.gpus });
}

function engineIdOf({ driver: { sight } }: Entry): string | undefined {
  return sight.kind === "in-sight" ? sight.engine.id : undefined;
}

/** Whether a host is this machine itself. */
function isHere({ way }: HostRecord): boolean {
  const endpoint = parseEngineEndpoint(way.endpoint);
  return typeof endpoint !== "string" && endpoint.kind === "unix";
}
