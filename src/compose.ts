import { rootCaller } from "./api/access/callers.ts";
import { everythingAllowed } from "./api/access/denial.ts";
import type { Call } from "./api/wire/operations.ts";
import { DEFAULT_ACCOUNT } from "./compose/access.ts";
import type { ServedApis } from "./compose/apis.ts";
import { systemClock } from "./compose/clock.ts";
import { Closing } from "./compose/closing.ts";
import { damagedStore } from "./compose/data-directory.ts";
import { openDatabase } from "./compose/database.ts";
import { Doors } from "./compose/doors.ts";
import { describeDriver } from "./compose/drivers.ts";
import type { Ground } from "./compose/ground.ts";
import { openGround } from "./compose/ground.ts";
import { listen, urlOf } from "./compose/listening.ts";
import { thisMachine } from "./compose/machine/this-machine.ts";
import { accessNotices, NO_CREDENTIALS_OF_PROCESSES, Notices, standingNotices } from "./compose/notices.ts";
import type { ServerOptions } from "./compose/options.ts";
import { describeServer } from "./compose/servers/descriptor.ts";
import type { LeadersOffice } from "./compose/servers/office.ts";
import type { Standing } from "./compose/servers/standing.ts";
import { prepareStanding } from "./compose/servers/standing.ts";
import { serveStanding } from "./compose/serving.ts";
import type { Settings } from "./compose/settings.ts";
import { readSettings } from "./compose/settings.ts";
import { openTelemetry } from "./compose/telemetry.ts";
import { VERSION } from "./compose/version.ts";
import { givesCredentials } from "./core/credentials-address.ts";
import { dockerAnswers } from "./drivers/docker/engine/probe.ts";
import { StoreDamaged } from "./ports/store.ts";
import type { Database } from "./store/database.ts";

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
  const settings = readSettings(options);
  const database = await openDatabase(options, { clock: systemClock, onError: settings.onError });
  const closing = new Closing();
  closing.first(() => database.close());
  const opened = Promise.withResolvers<void>();
  opened.promise.catch(() => {}); // heard by the requests that wait, if any
  try {
    const prepared = await prepare(settings, database, opened.promise, closing);
    const url = await openDoors(settings, prepared, closing);
    const { standing, served, ground, notices } = prepared;
    await standing.join(options.advertise ?? url);
    const { leading } = standing;
    if (leading.role.kind === "leads") await served.batch.DescribeJobQueues!({}, ownCall(settings.defaultRegion));
    opened.resolve();
    const descriptor = { pid: process.pid, url, isOpen: settings.isOpen, startedAt: systemClock.now() };
    closing.first(describeServer(options.dataDir, { ...descriptor, version: VERSION }, settings.isShared));
    notices.add(...accessNotices(settings, ground.access.ring), ...standingNotices(leading.role));
    const { vcpuMilli, memoryMiB } = settings.capacity;
    return {
      ...{ url, isOpen: settings.isOpen, hasConsole: served.console.isBuilt, notices: notices.told() },
      capacity: { vcpus: vcpuMilli / 1000, memoryMiB },
      runsJobsAs: describeDriver(options.driver, leading.office?.hasDocker ?? (await dockerAnswers())),
      close: () => closing.all(),
    };
  } catch (error) {
    opened.reject(error);
    await closing.all();
    throw error instanceof StoreDamaged && !settings.isShared ? damagedStore(options.dataDir, error) : error;
  }
}

interface Prepared {
  readonly ground: Ground;
  readonly standing: Standing;
  readonly served: ServedApis;
  readonly notices: Notices;
  /** Where jobs reach the server, known once it listens. */
  readonly doors: PromiseWithResolvers<Doors>;
}

/** Everything but the listening: nobody leads yet, and requests would wait for `opened`. */
async function prepare(
  settings: Settings,
  database: Database,
  opened: Promise<void>,
  closing: Closing,
): Promise<Prepared> {
  const { onError, logger } = settings;
  let standing: Standing | undefined;
  const office = (): LeadersOffice | undefined => standing?.leading.office;
  const ground = await openGround(settings, database, () => standing?.leading.leads ?? false, closing);
  const notices = new Notices((notice) => logger.warn(notice));
  const telemetry = await openTelemetry({
    ...{ store: ground.store, leads: () => office() !== undefined, onError },
    facts: () => office()?.recorder.facts(),
  });
  closing.first(() => telemetry.close());
  const doors = Promise.withResolvers<Doors>();
  const { jobKeys, keyFingerprint } = ground.access;
  standing = prepareStanding({
    ...settings,
    ...{ database, store: ground.store, clock: systemClock, jobKeys, keyFingerprint },
    ...{ isTraced: telemetry.isTraced, watchers: telemetry.watchers, doors: doors.promise },
    onLogGrowth: (bytes) => telemetry.metrics.logGrew(bytes),
    onNotice: (notice) => notices.add(notice),
  });
  closing.first(standing.close);
  const served = serveStanding(settings, { ...ground, standing, telemetry, opened }, closing);
  return { ground, standing, served, notices, doors };
}

/** Before the engine starts: the first attempts that it starts must know where the server is. Returns the server's URL. */
async function openDoors(settings: Settings, prepared: Prepared, closing: Closing): Promise<string> {
  const { options, configuration, surroundings, isShared } = settings;
  const { served, ground, standing, notices } = prepared;
  const address = await listen(served.app, options);
  const url = urlOf(address);
  const doors = new Doors(served.app, address, thisMachine().address);
  closing.first(() => standing.leading.stop());
  closing.first(() => Promise.all([served.app.close(), doors.close(), ground.backups.close()]));
  // Other servers take over while this one answers what it has accepted.
  if (isShared) closing.first(() => standing.leading.resign());
  prepared.doors.resolve(doors);
  surroundings.reachable("process", url);
  surroundings.credentialsAt("process", url);
  if (configuration.roles.length > 0 && !givesCredentials(url)) notices.add(NO_CREDENTIALS_OF_PROCESSES);
  return url;
}

/** A call that the server makes itself. */
function ownCall(region: string): Call {
  const caller = rootCaller(DEFAULT_ACCOUNT);
  return { requestId: "start", account: caller.account, region, caller, denial: everythingAllowed };
}
