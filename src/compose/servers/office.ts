import { join } from "node:path";
import { Envelopes } from "../../api/events/envelopes.ts";
import type { JobKeys } from "../../api/access/job-credentials.ts";
import type { Limits } from "../../api/batch/limits.ts";
import { CREDENTIALS_ADDRESS } from "../../core/credentials-address.ts";
import { driverOfCluster } from "../../core/driver-name.ts";
import type { PriceBook } from "../../core/cost/price.ts";
import type { Capacity } from "../../core/resources.ts";
import type { SightedEngine } from "../../drivers/docker/driver.ts";
import { createSecrets } from "../../drivers/secrets/secrets.ts";
import { createSliceProvisioner } from "../../drivers/slices/provisioner.ts";
import { Engine } from "../../engine/engine.ts";
import { EventKeeper } from "../../engine/event-keeper.ts";
import { HistoryKeeper } from "../../engine/history.ts";
import { UsageRecorder } from "../../engine/usage/recorder.ts";
import type { Office } from "../../engine/leading.ts";
import type { LogFiles } from "../../logs/files.ts";
import { createLogFiles } from "../../logs/files.ts";
import type { LogKeeper } from "../../logs/keeper.ts";
import { createLogKeeper } from "../../logs/keeper.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventTargets } from "../../ports/event-targets.ts";
import type { Term } from "../../ports/leadership.ts";
import type { UsageSamples } from "../../ports/usage-samples.ts";
import { StoreDamaged, StoreUnavailable } from "../../ports/store.ts";
import type { RoleCredentials } from "../../ports/role-credentials.ts";
import { Recorder } from "../../telemetry/recorder.ts";
import type { EngineWatcher } from "../../telemetry/telemetry.ts";
import { engineObserver } from "../../telemetry/telemetry.ts";
import type { OpenStore } from "../../store/store.ts";
import { openTargets } from "../../targets/targets.ts";
import { patientClock, systemStopwatch } from "../clock.ts";
import type { Configuration } from "../config/configuration.ts";
import { composedTargets } from "../event-targets.ts";
import { thisMachine } from "../machine/this-machine.ts";
import type { Doors } from "../doors.ts";
import { clusterDrivers } from "../clusters.ts";
import { createDrivers } from "../drivers.ts";
import { HostDirectory } from "../hosts.ts";
import type { ServerOptions } from "../options.ts";
import { composedProvisioner } from "../provisioners.ts";
import type { ServerSurroundings } from "../surroundings.ts";

const CHECK_EVERY_TICKS = 1_000;
const TICK_INTERVAL_MS = 4;

/** What a leader needs, of the server that it is. */
export interface OfficeParts {
  readonly options: ServerOptions;
  readonly configuration: Configuration;
  readonly capacity: Capacity;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly jobKeys: JobKeys;
  readonly roles: RoleCredentials;
  readonly limits: Limits;
  readonly prices: PriceBook;
  readonly surroundings: ServerSurroundings;
  readonly doors: Promise<Doors>;
  /** Whether there are traces of jobs. */
  readonly isTraced: boolean;
  readonly watchers: readonly EngineWatcher[];
  /** So many bytes more have come to the logs of attempts. */
  onLogGrowth(bytes: number): void;
  onNotice(notice: string): void;
  onError(what: string, error: unknown): void;
}

/** What only the server that leads has: the engine, its drivers, and whoever else writes into the data directory. */
export interface LeadersOffice extends Office {
  readonly engine: Engine;
  readonly hosts: HostDirectory;
  readonly logs: LogFiles;
  readonly logKeeper: LogKeeper;
  readonly targets: EventTargets;
  readonly usage: UsageSamples;
  readonly recorder: Recorder;
  /** Whether there is a container engine. */
  readonly hasDocker: boolean;
}

/** Opens the drivers, reads the world, and runs the first tick. */
export async function openOffice(parts: OfficeParts, term: Term): Promise<LeadersOffice> {
  const { options, configuration, capacity, store, clock, prices, limits, surroundings, onNotice, onError } = parts;
  const { dataDir } = options;
  const closing: (() => unknown)[] = [];
  try {
    const logs = createLogFiles({ directory: join(dataDir, "logs"), clock, term, onGrowth: parts.onLogGrowth });
    closing.unshift(() => logs.close());
    const patient = patientClock(clock, systemStopwatch);
    const logKeeper = createLogKeeper({
      ...{ groups: store.logGroups, removals: store.logRemovals, files: logs, clock: patient, onError },
    });
    closing.unshift(() => logKeeper.close());
    const secrets = createSecrets(configuration.secrets);
    const hosts = new HostDirectory({
      ...{ table: store.hosts, dataDir, clock, logs, secrets, clusterId: store.clusterId, surroundings, term },
      fileSystems: configuration.fileSystems,
      lossMs: options.hostLossSeconds && options.hostLossSeconds * 1000,
      doors: parts.doors,
      addDriver: (driver) => engine.addDriver(driver),
      changed: () => void engine.nudgeResources(),
      onNotice,
      onError,
    });
    const drivers = await createDrivers({
      ...{ options, store, logs, clock, secrets, term },
      fileSystems: configuration.fileSystems,
      nodeSubnets: configuration.nodeSubnets,
      onNotice,
      givesCredentials: configuration.roles.length > 0,
      onSighted: async (machine) => {
        hosts.ownEngine(machine);
        await letContainersIn(parts, machine);
      },
    });
    for (const driver of await hosts.drivers()) drivers.set(driver.name, driver);
    const { clusterId } = store;
    const directory = join(dataDir, "kubernetes");
    const { clusters, fileSystems } = configuration;
    for (const [name, driver] of await clusterDrivers(clusters, {
      ...{ clusterId, logs, clock, secrets, term, directory, fileSystems, onNotice },
    }))
      drivers.set(name, driver);
    for (const { name, endpoint } of clusters) surroundings.inCluster(driverOfCluster(name), endpoint);
    const slices = createSliceProvisioner({ directory: join(dataDir, "instances"), clock, term });
    const usage = new UsageRecorder({ table: store.usageSamples, clock, stopwatch: systemStopwatch, term, onError });
    closing.unshift(() => usage.close());
    const recorder = new Recorder({ chronicle: store.chronicle, clock, term, onError });
    closing.unshift(() => recorder.close());
    const engine = new Engine({
      heard: (driver, event) => usage.heard(driver, event),
      store: store.scheduling,
      drivers,
      provisioner: composedProvisioner([slices, hosts.provisioner], ({ host }) =>
        host === undefined ? slices : hosts.provisioner,
      ),
      ...{ clock, stopwatch: systemStopwatch, capacity, prices, term, onError },
      observer: engineObserver(recorder, parts.watchers),
      callingBack: { surroundings, credentials: parts.jobKeys, roles: parts.roles, isTraced: parts.isTraced },
      checkEveryTicks: CHECK_EVERY_TICKS,
      tickIntervalMs: TICK_INTERVAL_MS,
    });
    const history = new HistoryKeeper({
      ...{ history: store.history, clock: patient, onError },
      times: {
        ...limits.history,
        ...(options.historyDays !== undefined && { jobDays: options.historyDays }),
        jobsOfQueue: options.historyJobs,
      },
      removed: () => logKeeper.nudge(),
    });
    closing.unshift(() => history.close());
    const eventKeeper = new EventKeeper({
      ...{ events: store.events, clock: patient, onError },
      days: configuration.limits.eventDays,
      kept: configuration.limits.events,
    });
    closing.unshift(() => eventKeeper.close());
    const envelopes = new Envelopes({ events: store.events, store, machine: thisMachine(), clock });
    const targets = openTargets(composedTargets(configuration.targets, clock), {
      ...{ events: store.events, table: store.eventTargets, clock, onError },
      render: async (events) => (await envelopes.of(events, false)).map(({ event }) => event),
    });
    closing.unshift(() => targets.close());
    closing.unshift(() => engine.stop());
    await engine.start();
    refuseDamage(engine.failure);
    const hasDocker = drivers.has("docker");
    return { engine, hosts, logs, logKeeper, targets, recorder, usage, hasDocker, close: () => closeAll(closing) };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

/** A scheduler that cannot read the store is none; a disk that is full or busy is waited for. */
function refuseDamage(failure: unknown): void {
  if (failure === undefined || (failure instanceof StoreUnavailable && !(failure instanceof StoreDamaged))) return;
  if (failure instanceof StoreDamaged) throw failure;
  throw new StoreDamaged("What the store says makes no sense to the scheduler", { cause: failure });
}

/** SDKs take credentials from few addresses. */
const NO_CREDENTIALS_IN_CONTAINERS = `Jobs in containers get no credentials of their roles, but the server's own: this machine does not have the address ${CREDENTIALS_ADDRESS}, which the container engine was to give it. That is so where the engine runs in a virtual machine.`;

async function letContainersIn(
  { doors, surroundings, onNotice, onError }: OfficeParts,
  machine: SightedEngine,
): Promise<void> {
  try {
    const { url, credentialsUrl } = await (await doors).open(machine);
    if (url !== undefined) surroundings.reachable("docker", url);
    surroundings.credentialsAt("docker", credentialsUrl);
    if (machine.credentials !== undefined && credentialsUrl === undefined) onNotice(NO_CREDENTIALS_IN_CONTAINERS);
  } catch (error) {
    onError("jobs in containers cannot call this server", error);
  }
}

/** One after the other, in this order. */
async function closeAll(closing: readonly (() => unknown)[]): Promise<void> {
  for (const close of closing) await close();
}
