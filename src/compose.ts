import { rootCaller } from "./api/access/callers.ts";
import { everythingAllowed } from "./api/access/denial.ts";
import type { KeyRing } from "./api/access/key-ring.ts";
import { AWS_LIMITS, OWN_LIMITS } from "./api/batch/limits.ts";
import { Forwarding } from "./api/servers/forwarding.ts";
import { LeaderClient } from "./api/servers/leader-client.ts";
import { Seal } from "./api/servers/seal.ts";
import type { Call } from "./api/wire/operations.ts";
import { priceBook } from "./catalog/price-book.ts";
import { DEFAULT_ACCOUNT, openAccess } from "./compose/access.ts";
import { ServerBackups } from "./compose/backup/backups.ts";
import { serveApis } from "./compose/apis.ts";
import { systemClock } from "./compose/clock.ts";
import { readConfiguration } from "./compose/config/configuration.ts";
import { damagedStore, prepareDataDirectory, refuseLostDatabase } from "./compose/data-directory.ts";
import { openDatabase } from "./compose/database.ts";
import { describeServer } from "./compose/servers/descriptor.ts";
import { Doors } from "./compose/doors.ts";
import { describeDriver } from "./compose/drivers.ts";
import { HeapWatch } from "./compose/machine/heap-watch.ts";
import { jobsThatFit } from "./compose/machine/jobs-that-fit.ts";
import { launchingHere } from "./compose/launching.ts";
import { ledHosts, ledOutput, ledPresent, ledTargets, ledUsage } from "./compose/servers/led-parts.ts";
import { listen, urlOf } from "./compose/listening.ts";
import { thisMachine } from "./compose/machine/this-machine.ts";
import type { LeadersOffice } from "./compose/servers/office.ts";
import { closeAll } from "./compose/servers/office.ts";
import type { ServerOptions } from "./compose/options.ts";
import { isOpenServer, validated } from "./compose/options.ts";
import { serverLog } from "./compose/server-log.ts";
import type { Standing } from "./compose/servers/standing.ts";
import { prepareStanding } from "./compose/servers/standing.ts";
import { ServerSurroundings } from "./compose/surroundings.ts";
import { openTelemetry } from "./compose/telemetry.ts";
import { VERSION } from "./compose/version.ts";
import { givesCredentials } from "./core/credentials-address.ts";
import { dockerAnswers } from "./drivers/docker/engine/probe.ts";
import { createRoleCredentials } from "./drivers/secrets/role-credentials.ts";
import { StoreKeeper } from "./engine/store-keeper.ts";
import { ledScheduler } from "./engine/led-scheduler.ts";
import type { Role } from "./ports/leadership.ts";
import type { PresentFacts } from "./ports/present.ts";
import { StoreDamaged } from "./ports/store.ts";
import { openStore } from "./store/store.ts";

/** The composition root: the only one (with its parts in compose/) that knows every implementation. */

export interface RunningServer {
  readonly url: string;
  /** Whether it serves requests without a known key. */
  readonly isOpen: boolean;
  /** Whether browsers are shown the web console. */
  readonly hasConsole: boolean;
  /** What the user should know now: one sentence each. What comes later is in the log. */
  readonly notices: readonly string[];
  readonly capacity: { readonly vcpus: number; readonly memoryMiB: number };
  /** For people: what becomes of a job. */
  readonly runsJobsAs: string;
  /** Finishes what was accepted and stops. Jobs that run go on. */
  close(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const capacity = validated(options);
  prepareDataDirectory(options.dataDir);
  if (options.databaseUrl === undefined) refuseLostDatabase(options.dataDir);
  const configuration = readConfiguration(options.dataDir, options.configFile);
  const logger = serverLog(options.logLevel ?? "warn");
  const onError = (what: string, error: unknown): void => logger.error({ err: error }, what);
  const database = await openDatabase(options, { clock: systemClock, onError });
  const closing: (() => unknown)[] = [() => database.close()];
  const opened = Promise.withResolvers<void>();
  let standing: Standing | undefined;
  opened.promise.catch(() => {}); // heard by the requests that wait, if any
  try {
    const defaultDriver = options.driver;
    const limits = options.strict === true ? AWS_LIMITS : OWN_LIMITS;
    const store = await openStore(database, systemClock.now(), {
      ...{ defaultDriver, extensions: limits.extensions },
      quotas: limits.resources,
      leads: () => standing?.leading.leads ?? false,
      launchingOf: (settings) => launchingHere(settings, capacity, limits.extensions),
    });
    const isOpen = isOpenServer(options);
    const { dataDir } = options;
    const { requestsPerSecond } = configuration.limits.load;
    const isShared = options.databaseUrl !== undefined;
    const seal = isShared ? new Seal(store.tokenKey, () => systemClock.now()) : undefined;
    const access = await openAccess({
      ...{ database, dataDir, jobs: store.jobs, clock: systemClock, isOpen, requestsPerSecond, seal, onError },
      sessionTimes: configuration.sessionTimes,
    });
    const heap = new HeapWatch();
    closing.unshift(() => heap.close());
    const notices: string[] = [];
    let isTold = false;
    const onNotice = (notice: string): void => {
      if (isTold) logger.warn(notice);
      else notices.push(notice);
    };
    const surroundings = new ServerSurroundings(process.env, options.jobVariables);
    const roles = createRoleCredentials(configuration.roles, systemClock);
    const listening = Promise.withResolvers<Doors>();
    const prices = priceBook(configuration.prices);
    const defaultRegion = process.env["AWS_REGION"] ?? process.env["AWS_DEFAULT_REGION"] ?? "us-east-1";
    if (database.care !== undefined) {
      const storeKeeper = new StoreKeeper({ care: database.care, clock: systemClock, onError });
      closing.unshift(() => storeKeeper.close());
    }
    const backups = new ServerBackups({
      ...{ database, dataDir, clock: systemClock, keyFingerprint: access.keyFingerprint },
    });
    const office = (): LeadersOffice | undefined => standing?.leading.office;
    const facts = (): PresentFacts | undefined => office()?.recorder.facts();
    const telemetry = await openTelemetry({ store, leads: () => office() !== undefined, facts, onError });
    closing.unshift(() => telemetry.close());
    const { metrics, isTraced, watchers } = telemetry;
    standing = prepareStanding({
      ...{ isTraced, watchers },
      ...{
        options,
        configuration,
        capacity,
        database,
        store,
        clock: systemClock,
        jobKeys: access.jobKeys,
        roles,
        limits,
      },
      ...{ prices, surroundings, doors: listening.promise, keyFingerprint: access.keyFingerprint, onNotice, onError },
    });
    const { leading, servers, join, close } = standing;
    closing.unshift(close);
    const client = new LeaderClient(systemClock);
    closing.unshift(() => client.close());
    const {
      app,
      batch,
      console: pages,
    } = serveApis({
      ...{
        options,
        capacity,
        store,
        access,
        backups,
        roles,
        limits,
        load: configuration.limits.load,
        maxJobs: configuration.limits.jobs ?? jobsThatFit(),
        heap,
        prices,
        clock: systemClock,
        logger,
        defaultRegion,
      },
      servers,
      role: () => leading.role,
      scheduler: ledScheduler(() => leading.office?.engine),
      hosts: ledHosts(() => leading.office?.hosts),
      output: ledOutput(() => leading.office?.logs),
      targets: ledTargets(() => leading.office?.targets),
      usageSamples: ledUsage(() => leading.office?.usage),
      ...{ metrics, metricsToken: configuration.metrics.token },
      present: ledPresent(() => leading.office?.recorder),
      forwarding:
        seal && new Forwarding({ leadership: leading, admission: access.admission, seal, client, clock: systemClock }),
      opened: opened.promise,
      logsRemoved: () => leading.office?.logKeeper.nudge(),
    });
    // Before the engine starts: the first attempts that it starts must know where the server is.
    const address = await listen(app, options);
    const url = urlOf(address);
    const doors = new Doors(app, address, thisMachine().address);
    closing.unshift(() => leading.stop());
    closing.unshift(() => Promise.all([app.close(), doors.close(), backups.close()]));
    // Other servers take over while this one answers what it has accepted.
    if (isShared) closing.unshift(() => leading.resign());
    listening.resolve(doors);
    surroundings.reachable("process", url);
    surroundings.credentialsAt("process", url);
    if (configuration.roles.length > 0 && !givesCredentials(url)) notices.push(NO_CREDENTIALS_OF_PROCESSES);
    await join(options.advertise ?? url);
    if (leading.role.kind === "leads") await batch.DescribeJobQueues!({}, ownCall(defaultRegion));
    opened.resolve();
    const descriptor = { pid: process.pid, url, isOpen, startedAt: systemClock.now(), version: VERSION };
    closing.unshift(describeServer(dataDir, descriptor, isShared));
    notices.push(...accessNotices(options, access.ring), ...standingNotices(leading.role));
    isTold = true;
    return {
      url,
      isOpen,
      hasConsole: pages.isBuilt,
      notices,
      capacity: {
        vcpus: capacity.vcpuMilli / 1000,
        memoryMiB: capacity.memoryMiB,
      },
      runsJobsAs: describeDriver(options.driver, leading.office?.hasDocker ?? (await dockerAnswers())),
      close: once(() => closeAll(closing)),
    };
  } catch (error) {
    opened.reject(error);
    await closeAll(closing);
    const isOfDirectory = error instanceof StoreDamaged && options.databaseUrl === undefined;
    throw isOfDirectory ? damagedStore(options.dataDir, error) : error;
  }
}

/** SDKs take credentials from few addresses. */
const NO_CREDENTIALS_OF_PROCESSES =
  "Plain processes get no credentials of their roles, but the server's own: SDKs take credentials from a loopback address only. Start the server with --host 127.0.0.1 or 0.0.0.0.";

function standingNotices(role: Role): string[] {
  if (role.kind !== "follows") return [];
  return [`The server at ${role.leader.url} leads; this one answers as well, and takes over when that is gone.`];
}

function accessNotices(options: ServerOptions, ring: KeyRing): string[] {
  if (isOpenServer(options)) return [];
  if (ring.isUsable) return ["Only requests that are signed with a known access key are served."];
  const command = `longshore credentials create --data-dir ${options.dataDir}`;
  return [
    `Only requests that are signed with a known access key are served, and there is none yet. Make one: ${command}`,
  ];
}

/** A call that the server makes itself. */
function ownCall(region: string): Call {
  const caller = rootCaller(DEFAULT_ACCOUNT);
  return { requestId: "start", account: caller.account, region, caller, denial: everythingAllowed };
}

function once(task: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= task());
}
