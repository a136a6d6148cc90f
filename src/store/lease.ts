import type { Lease, Standing } from "../ports/leadership.ts";
import type { SchedulingStore } from "../ports/store.ts";
import type { Database, Signals, Statement } from "./database.ts";
import { statement } from "./database.ts";

/** Longer than a busy server takes to renew it, and short enough that another one leads within five seconds. */
const LEASE_MS = 3_000;

/** Epoch ms, by the database's clock at the moment of the statement: those of servers may be apart. */
export const NOW = `CAST(unixepoch('subsec') * 1000 AS BIGINT)`;

export interface LeaseOptions {
  /** Of its own: renewals wait for no other statement of this server. */
  readonly database: Database;
  /** Where other servers are heard. */
  readonly signals?: Signals | undefined;
  /** Of this server. */
  readonly serverId: string;
  readonly url: () => string;
}

/** One row says who leads and until when. The epoch is that which guards the leader's commits. */
export function databaseLease({ database, signals, serverId, url }: LeaseOptions): Lease {
  const tell: Statement[] = signals === undefined ? [] : [signals.statement("leader")];
  return {
    durationMs: LEASE_MS,
    async look() {
      const [row] = await database.read(
        `SELECT server_id, url, epoch, expires_at - ${NOW} AS expires_in FROM leadership`,
      );
      return standingOf(row, serverId);
    },
    async take() {
      const results = await database
        .write(
          [
            // Refused whole, below, when it changes nothing: so nobody's epoch is made stale by who does not lead then.
            statement(
              `INSERT INTO facts (name, value) SELECT 'epoch', '1'
             WHERE NOT EXISTS (SELECT 1 FROM leadership WHERE expires_at > ${NOW} AND server_id <> ?)
             ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(facts.value AS BIGINT) + 1 AS TEXT) RETURNING value`,
              serverId,
            ),
            statement(
              `INSERT INTO leadership (one, server_id, url, epoch, since, expires_at)
             SELECT 1, ?, ?, CAST(value AS BIGINT), ${NOW}, ${NOW} + ? FROM facts WHERE name = 'epoch'
             ON CONFLICT (one) DO UPDATE SET server_id = excluded.server_id, url = excluded.url, epoch = excluded.epoch,
               since = excluded.since, expires_at = excluded.expires_at RETURNING epoch`,
              ...[serverId, url(), LEASE_MS],
            ),
            ...tell,
          ],
          ([begun]) => (begun!.rows.length === 0 ? new Held() : undefined),
        )
        .catch((error: unknown) => {
          if (error instanceof Held) return undefined;
          throw error;
        });
      return results && Number(results[1]!.rows[0]!["epoch"]);
    },
    async renew(epoch) {
      // A statement alone, which waits for no write of another server either.
      const renewed = await database.read(
        `UPDATE leadership SET expires_at = ${NOW} + ? WHERE server_id = ? AND epoch = ? RETURNING epoch`,
        [LEASE_MS, serverId, epoch],
      );
      return renewed.length === 1;
    },
    async release(epoch) {
      await database.write([
        statement(`UPDATE leadership SET expires_at = 0 WHERE server_id = ? AND epoch = ?`, serverId, epoch),
        ...tell,
      ]);
    },
    watch(listener) {
      signals?.listen((news) => {
        if (news === "leader" || news === "reconnected") listener();
      });
    },
  };
}

/** Somebody else leads. */
class Held extends Error {}

function standingOf(row: Record<string, unknown> | undefined, serverId: string): Standing {
  const expiresInMs = Number(row?.["expires_in"] ?? 0);
  const id = String(row?.["server_id"]);
  // What this server took and does not know of: nobody hears of an answer that is lost.
  if (row === undefined || expiresInMs <= 0 || id === serverId) return { kind: "free" };
  return { kind: "held", leader: { id, url: String(row["url"]), epoch: Number(row["epoch"]) }, expiresInMs };
}

/** Of a store that one server has to itself. */
export function soleLease(scheduling: Pick<SchedulingStore, "lead">): Lease {
  return {
    durationMs: Infinity,
    look: () => Promise.resolve({ kind: "free" }),
    take: () => scheduling.lead(),
    renew: () => Promise.resolve(true),
    release: () => Promise.resolve(),
    watch: () => {},
  };
}
