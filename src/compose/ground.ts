import { Seal } from "../api/servers/seal.ts";
import { StoreKeeper } from "../engine/store-keeper.ts";
import type { Database } from "../store/database.ts";
import type { OpenStore } from "../store/store.ts";
import { openStore } from "../store/store.ts";
import type { Access } from "./access.ts";
import { openAccess } from "./access.ts";
import { ServerBackups } from "./backup/backups.ts";
import { systemClock } from "./clock.ts";
import { clusterOf, ofThisMachine } from "./clusters.ts";
import type { Closing } from "./closing.ts";
import { launchingHere } from "./launching.ts";
import { HeapWatch } from "./machine/heap-watch.ts";
import type { Settings } from "./settings.ts";

/** What a server has whether it leads or not: the store, who may call, and what looks after them. */
export interface Ground {
  readonly store: OpenStore;
  readonly access: Access;
  readonly backups: ServerBackups;
  readonly heap: HeapWatch;
  /** Of requests between servers; undefined where there are no others. */
  readonly seal: Seal | undefined;
}

/** @param leads whether this server leads now. */
export async function openGround(
  settings: Settings,
  database: Database,
  leads: () => boolean,
  closing: Closing,
): Promise<Ground> {
  const { options, configuration, capacity, limits, isOpen, isShared, onError } = settings;
  const { driver, dataDir } = options;
  const store = await openStore(database, systemClock.now(), {
    defaultDriver: ofThisMachine(driver),
    leads,
    extensions: limits.extensions,
    quotas: limits.resources,
    launchingOf: (environment) => launchingHere(environment, capacity, limits.extensions),
    clusterOf: (environment) => clusterOf(environment, configuration.clusters, driver),
  });
  const seal = isShared ? new Seal(store.tokenKey, () => systemClock.now()) : undefined;
  const { requestsPerSecond } = configuration.limits.load;
  const access = await openAccess({
    ...{ database, dataDir, jobs: store.jobs, clock: systemClock, isOpen, requestsPerSecond, seal, onError },
    sessionTimes: configuration.sessionTimes,
  });
  const heap = new HeapWatch();
  closing.first(() => heap.close());
  if (database.care !== undefined) {
    const storeKeeper = new StoreKeeper({ care: database.care, clock: systemClock, onError });
    closing.first(() => storeKeeper.close());
  }
  const backups = new ServerBackups({
    ...{ database, dataDir, clock: systemClock, keyFingerprint: access.keyFingerprint },
  });
  return { store, access, backups, heap, seal };
}
