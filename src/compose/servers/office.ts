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
import type { Driver, DriverName } from "../../ports/driver.ts";
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
import { Closing } from "../closing.ts";
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
  const closing = new Closing();
  try {
    const output = openOutput(parts, term, closing);
    const { logs, logKeeper } = output;
    let engine: Engine | undefined;
    const { drivers, hosts } = await allDrivers(parts, term, logs, () => engine!);
    const observed = openObservers(parts, term, closing);
    engine = newEngine(parts, term, { drivers, hosts, ...observed });
    const targets = openKeepers(parts, logKeeper, closing);
    const running = engine;
    closing.first(() => running.stop());
    await running.start();
    refuseDamage(running.failure);
    const hasDocker = drivers.has("docker");
    return { engine, hosts, logs, logKeeper, targets, ...observed, hasDocker, close: () => closing.all() };
  } catch (error) {
    await closing.all();
    throw error;
  }
}

function openOutput(parts: OfficeParts, term: Term, closing: Closing) {
  const { options, store, clock, onError } = parts;
  const directory = join(options.dataDir, "logs");
  const logs = createLogFiles({ directory, clock, term, onGrowth: parts.onLogGrowth });
  closing.first(() => logs.close());
  const logKeeper = createLogKeeper({
    ...{ groups: store.logGroups, removals: store.logRemovals, files: logs, onError },
    clock: patientClock(clock, systemStopwatch),
  });
  closing.first(() => logKeeper.close());
  return { logs, logKeeper };
}

interface Runners {
  readonly drivers: Map<DriverName, Driver>;
  readonly hosts: HostDirectory;
}

/** Those of this machine, of registered hosts and of clusters. `engine`: once there is one. */
async function allDrivers(parts: OfficeParts, term: Term, logs: LogFiles, engine: () => Engine): Promise<Runners> {
  const { options, configuration, store, clock, surroundings, onNotice, onError } = parts;
  const { fileSystems, clusters, nodeSubnets, roles } = configuration;
  const { dataDir } = options;
  const { clusterId } = store;
  const secrets = createSecrets(configuration.secrets);
  const shared = { logs, clock, secrets, term, fileSystems, onNotice };
  const hosts = new HostDirectory({
    ...{ ...shared, table: store.hosts, dataDir, clusterId, surroundings, onError },
    lossMs: options.hostLossSeconds && options.hostLossSeconds * 1000,
    doors: parts.doors,
    addDriver: (driver) => engine().addDriver(driver),
    changed: () => void engine().nudgeResources(),
  });
  const drivers = await createDrivers({
    ...{ ...shared, options, store, nodeSubnets },
    givesCredentials: roles.length > 0,
    onSighted: async (machine) => {
      hosts.ownEngine(machine);
      await letContainersIn(parts, machine);
    },
  });
  const ofClusters = await clusterDrivers(clusters, { ...shared, clusterId, directory: join(dataDir, "kubernetes") });
  for (const driver of [...(await hosts.drivers()), ...ofClusters]) drivers.set(driver.name, driver);
  for (const { name, endpoint } of clusters) surroundings.inCluster(driverOfCluster(name), endpoint);
  return { drivers, hosts };
}

/** What is kept of how things were, for charts and costs. */
function openObservers({ store, clock, onError }: OfficeParts, term: Term, closing: Closing) {
  const usage = new UsageRecorder({ table: store.usageSamples, clock, stopwatch: systemStopwatch, term, onError });
  closing.first(() => usage.close());
  const recorder = new Recorder({ chronicle: store.chronicle, clock, term, onError });
  closing.first(() => recorder.close());
  return { usage, recorder };
}

function newEngine(
  parts: OfficeParts,
  term: Term,
  { drivers, hosts, usage, recorder }: Runners & ReturnType<typeof openObservers>,
): Engine {
  const { options, capacity, store, clock, prices, surroundings, onError } = parts;
  const slices = createSliceProvisioner({ directory: join(options.dataDir, "instances"), clock, term });
  return new Engine({
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
}

/** Those who remove what is over and old, and who deliver what has happened. */
function openKeepers(parts: OfficeParts, logKeeper: LogKeeper, closing: Closing): EventTargets {
  const { options, configuration, store, clock, limits, onError } = parts;
  const patient = patientClock(clock, systemStopwatch);
  const history = new HistoryKeeper({
    ...{ history: store.history, clock: patient, onError },
    times: {
      ...limits.history,
      ...(options.historyDays !== undefined && { jobDays: options.historyDays }),
      jobsOfQueue: options.historyJobs,
    },
    removed: () => logKeeper.nudge(),
  });
  closing.first(() => history.close());
  const eventKeeper = new EventKeeper({
    ...{ events: store.events, clock: patient, onError },
    days: configuration.limits.eventDays,
    kept: configuration.limits.events,
  });
  closing.first(() => eventKeeper.close());
  const envelopes = new Envelopes({ events: store.events, store, machine: thisMachine(), clock });
  const targets = openTargets(composedTargets(configuration.targets, clock), {
    ...{ events: store.events, table: store.eventTargets, clock, onError },
    render: async (events) => (await envelopes.of(events, false)).map(({ event }) => event),
  });
  closing.first(() => targets.close());
  return targets;
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
