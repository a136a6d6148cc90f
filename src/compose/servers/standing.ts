import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { ServersBackend } from "../../api/admin/servers.ts";
import { Leading } from "../../engine/leading.ts";
import { Presence } from "../../engine/presence.ts";
import type { SeenServer, ServerRecord } from "../../ports/servers.ts";
import type { Database } from "../../store/database.ts";
import { databaseLease, soleLease } from "../../store/lease.ts";
import { PostgresDatabase } from "../../store/postgres/database.ts";
import { systemClock, systemStopwatch } from "../clock.ts";
import type { LeadersOffice, OfficeParts } from "./office.ts";
import { openOffice } from "./office.ts";
import { StartError } from "../start-error.ts";
import { VERSION } from "../version.ts";

/** Gives up before the lease is lost for it. */
const STATEMENT_TIMEOUT_MS = 1_500;

/** This server among those of its store. */
export interface Standing {
  readonly leading: Leading<LeadersOffice>;
  /** All servers, with the id of this one, which is another one with each start. */
  readonly servers: ServersBackend;
  /** Resolves when this server leads, or knows who does. `url`: where other servers reach this one. */
  join(url: string): Promise<void>;
  /** After `leading` has stopped. */
  close(): Promise<void>;
}

export function prepareStanding(
  parts: OfficeParts & { readonly database: Database; readonly keyFingerprint: string },
): Standing {
  const { options, database, store, keyFingerprint, onError } = parts;
  const { databaseUrl } = options;
  const serverId = randomUUID();
  let ownUrl = "";
  const own = databaseUrl === undefined ? undefined : leaseDatabase(databaseUrl, onError);
  const lease =
    own === undefined
      ? soleLease(store.scheduling)
      : databaseLease({ database: own, signals: database.signals, serverId, url: () => ownUrl });
  const leading = new Leading({
    ...{ lease, clock: systemClock, stopwatch: systemStopwatch, onError },
    open: (term) => openOffice(parts, term),
  });
  const presence = new Presence({ table: store.servers, clock: systemClock, onError });
  const self = (): ServerRecord => ({
    ...{ id: serverId, url: ownUrl, version: VERSION, hostName: hostname(), pid: process.pid, keyFingerprint },
  });
  const startedAt = systemClock.now();
  const alone = { startedAt, seenAgoMs: 0, lead: { since: startedAt } };
  hearOthers(database, leading);
  return {
    leading,
    servers: {
      ownId: serverId,
      all: own === undefined ? async () => [{ ...self(), ...alone }] : () => store.servers.all(),
    },
    async join(url) {
      ownUrl = url;
      if (own !== undefined) {
        await store.servers.seen(self());
        presence.start(self());
        refuseOtherDirectory(await store.servers.all(), keyFingerprint, options.dataDir);
      }
      await leading.start();
    },
    async close() {
      if (own !== undefined) await presence.stop();
      await own?.close();
    },
  };
}

/** Connections of its own: the lease is renewed whatever else this server asks of the database. */
function leaseDatabase(url: string, onError: OfficeParts["onError"]): PostgresDatabase {
  const limits = { readers: 2, statementTimeoutMs: STATEMENT_TIMEOUT_MS };
  return new PostgresDatabase({ ...{ url, clock: systemClock, onError }, ...limits });
}

/** What other servers have written is the leader's to act on. */
function hearOthers({ signals }: Database, leading: Leading<LeadersOffice>): void {
  signals?.listen((news) => {
    const engine = leading.office?.engine;
    if (news === "jobs" || news === "reconnected") void engine?.nudge();
    if (news === "resources" || news === "hosts" || news === "reconnected") void engine?.nudgeResources();
  });
}

/** A server that lives is not unseen for so long. */
const ALIVE_MS = 12_000;

/** Whoever leads takes what it does not find in its data directory for lost: so all servers must have the same one. */
function refuseOtherDirectory(servers: readonly SeenServer[], ownFingerprint: string, dataDir: string): void {
  const other = servers.find(
    ({ keyFingerprint, seenAgoMs }) => keyFingerprint !== ownFingerprint && seenAgoMs < ALIVE_MS,
  );
  if (other === undefined) return;
  const message = `The server at ${other.url} uses the same database with another data directory than ${dataDir}. Servers of one database share one directory: name that of the other one with --data-dir.`;
  throw new StartError("DATA_DIR_DIFFERS", message, { url: other.url });
}
