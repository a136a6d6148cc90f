import type { NewEvent } from "../core/events/event.ts";
import { parseChildId } from "../core/ids.ts";
import type { EventFilter, EventLog, LoggedEvent } from "../ports/events.ts";
import type { Scope } from "../ports/store.ts";
import type { Database, Row, SqlValue, Statement } from "./database.ts";
import { statement, telling } from "./database.ts";
import { EVENTS_REMOVED_TO } from "./fact-names.ts";
import { parseStored } from "./stored-json.ts";

/** So many events are looked at for one page, however few of them are asked for. */
const WINDOW = 5_000;
const COLUMNS = `seq, at, kind, scope, resource, job_id, facts`;

const INTO = `INSERT INTO events (at, kind, scope, resource, job_id, facts)`;

/** To be part of the write of what it tells. */
export function eventStatement(at: number, scope: Scope, { kind, resource, jobId, facts }: NewEvent): Statement {
  const values = [at, kind, scope, resource, jobId ?? null, JSON.stringify(facts)];
  if (kind === "blocked" || kind === "service-blocked") {
    // Whoever leads next finds the head blocked as it was.
    return statement(
      `${INTO} SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM events WHERE job_id = ? AND kind = ? AND facts = ?)`,
      ...[...values, jobId, kind, JSON.stringify(facts)],
    );
  }
  return {
    sql: `${INTO} VALUES (?, ?, ?, ?, ?, ?)`,
    values,
    // Rows of other tables that follow each other are sent as one.
    goesToTheEnd: true,
  };
}

/** The account and region of the ARN of a queue or an environment. */
export function scopeOfArn(arn: string): Scope {
  const [, , , region, account] = arn.split(":");
  return `${account}/${region}`;
}

/** Wakes who waits for events: of this server at once, of others through the database. */
export class EventSignal {
  readonly #database: Database;
  readonly #listeners = new Set<() => void>();
  #isTelling = false;
  #hasMore = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Events were written. One transaction at a time tells others of it, so that many writes are told of together. */
  readonly written = (): void => {
    this.#wake();
    if (this.#database.signals === undefined) return;
    this.#hasMore = true;
    if (!this.#isTelling) void this.#tell();
  };

  watch(listener: () => void): () => void {
    // Each has a place of its own, also when it is the same function.
    const own = (): void => listener();
    this.#listeners.add(own);
    const stop = this.#database.signals?.listen((news) => {
      if (news === "events" || news === "reconnected") own();
    });
    return () => {
      this.#listeners.delete(own);
      stop?.();
    };
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
  }

  async #tell(): Promise<void> {
    this.#isTelling = true;
    while (this.#hasMore) {
      this.#hasMore = false;
      // Who does not hear of it now looks by itself before long.
      await this.#database.write(telling(this.#database, "events")).catch(() => {});
    }
    this.#isTelling = false;
  }
}

export function eventLog(database: Database, signal: Pick<EventSignal, "watch">): EventLog {
  return {
    async bounds() {
      // What was numbered and is not committed yet is not there: so all up to the last one is.
      const [row] = await database.read(
        `SELECT (SELECT max(seq) FROM events) AS last, (SELECT value FROM facts WHERE name = '${EVENTS_REMOVED_TO}') AS removed`,
      );
      const removedTo = Number(row!["removed"] ?? 0);
      return { last: Math.max(Number(row!["last"] ?? 0), removedTo), removedTo };
    },
    async after(after, upTo, limit, filter) {
      const end = Math.min(upTo, after + WINDOW);
      const { sql, values } = conditions(filter);
      const rows = await database.read(
        `SELECT ${COLUMNS} FROM events WHERE seq > ? AND seq <= ?${sql} ORDER BY seq LIMIT ?`,
        [after, end, ...values, limit],
      );
      const events = rows.map(toEvent);
      return { events, lookedTo: events.length === limit ? events.at(-1)!.seq : Math.max(after, end) };
    },
    async before(before, limit, filter) {
      const { sql, values } = conditions(filter);
      const end = Math.min(before, (await this.bounds()).last + 1);
      const isOfOthers = filter.kinds !== undefined && !filter.kinds.includes("job");
      // Those are few: all of them can be looked at.
      const start = isOfOthers ? 0 : Math.max(0, end - WINDOW);
      const few = isOfOthers ? ` AND kind <> 'job'` : "";
      const rows = await database.read(
        `SELECT ${COLUMNS} FROM events WHERE seq < ? AND seq >= ?${few}${sql} ORDER BY seq DESC LIMIT ?`,
        [end, start, ...values, limit],
      );
      const events = rows.map(toEvent);
      return { events, lookedTo: events.length === limit ? events.at(-1)!.seq : start };
    },
    async ofJob(scope, jobId, before, limit) {
      const rows = await database.read(
        `SELECT ${COLUMNS} FROM events WHERE job_id = ? AND seq < ? AND scope = ? ORDER BY seq DESC LIMIT ?`,
        [jobId, before, scope, limit],
      );
      return listed(rows, limit);
    },
    async ofResource(scope, resource, before, limit) {
      const rows = await database.read(
        `SELECT ${COLUMNS} FROM events WHERE resource = ? AND seq < ? AND kind <> 'job' AND scope = ?
         ORDER BY seq DESC LIMIT ?`,
        [resource, before, scope, limit],
      );
      return listed(rows, limit);
    },
    async submissionOf(jobId) {
      const [row] = await database.read(
        `SELECT facts ->> '$.name' AS name, at FROM events WHERE job_id = ? ORDER BY seq LIMIT 1`,
        [parseChildId(jobId)?.parentId ?? jobId],
      );
      const name = row?.["name"];
      return typeof name === "string" ? { name, at: Number(row!["at"]) } : undefined;
    },
    watch: (listener) => signal.watch(listener),
    async remove({ time, kept, limit }) {
      const { last } = await this.bounds();
      const rows = await database.read(`SELECT seq, at FROM events WHERE seq > 0 ORDER BY seq LIMIT ?`, [limit]);
      // A clock that was set back leaves younger ones before older ones: they go in order.
      const stays = rows.findIndex(({ seq, at }) => Number(at) >= time && Number(seq) > last - kept);
      const going = stays === -1 ? rows : rows.slice(0, stays);
      const to = going.at(-1)?.["seq"];
      if (to === undefined) return 0;
      await database.write([
        statement(`DELETE FROM events WHERE seq <= ?`, to),
        statement(
          `INSERT INTO facts (name, value) VALUES ('${EVENTS_REMOVED_TO}', ?)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value
             WHERE CAST(facts.value AS BIGINT) < CAST(excluded.value AS BIGINT)`,
          String(to),
        ),
      ]);
      return going.length;
    },
  };
}

function listed(rows: readonly Row[], limit: number) {
  const events = rows.map(toEvent);
  return { events, lookedTo: events.length === limit ? events.at(-1)!.seq : 0 };
}

function conditions({ scope, kinds }: EventFilter): { sql: string; values: SqlValue[] } {
  const scoped = scope === undefined ? "" : " AND scope = ?";
  const ofKinds = kinds === undefined ? "" : ` AND kind IN (SELECT value FROM json_each(?))`;
  return {
    sql: scoped + ofKinds,
    values: [...(scope === undefined ? [] : [scope]), ...(kinds === undefined ? [] : [JSON.stringify(kinds)])],
  };
}

function toEvent(row: Row): LoggedEvent {
  const jobId = row["job_id"];
  return {
    seq: Number(row["seq"]),
    at: Number(row["at"]),
    scope: String(row["scope"]),
    kind: row["kind"],
    resource: String(row["resource"]),
    ...(jobId !== null && { jobId: String(jobId) }),
    facts: parseStored(row["facts"]),
  } as LoggedEvent;
}
