import TinyQueue from "tinyqueue";
import { SERVICE_JOB_STATUSES } from "../../core/job.ts";
import type { JobPlace, JobQuery } from "../../ports/store.ts";
import { HIGHEST_CHARACTER, NUMBERS } from "../conditions.ts";
import type { Database, Row, SqlValue } from "../database.ts";

/**
 * Lists of a queue's jobs, newest first: by `created_at`, of equal ones the last submitted first. Every list is made of *groups*: the jobs of
 * one status, one name or one definition, each of which lies in order in an index. A page merges the groups; so it costs in its own size and
 * in the number of groups, never in how many jobs there were.
 */
export interface ListedRow {
  readonly row: Row;
  readonly place: JobPlace;
}

/** What jobs are grouped by: the middle part of an index, between what all conditions have in common and `created_at`. */
type GroupColumn = "status" | "lower(name)" | "definition_arn";

/** Groups of which there may be any number are merged so many at a time; a list of more is in portions of so many groups. */
const MAX_GROUPS = 250;

interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** The head of one group: its newest job that is still to be listed. */
interface Group {
  readonly key: string;
  readonly newest: number;
}

type Place = Pick<JobPlace, "createdAt" | "seq">;

/** `columns`: of `jobs`, all that is wanted of each job. At most `query.limit` of them. */
export function listJobs(database: Database, queueArn: string, query: JobQuery, columns: string): Promise<ListedRow[]> {
  const list = new JobList(database, commonConditions(queueArn, query), columns);
  const { status, name, definitionArn, definitionArnPrefix } = query;
  if (status !== undefined) return list.group("status", status, query);
  if (definitionArn !== undefined) return list.group("definition_arn", definitionArn, query);
  if (definitionArnPrefix !== undefined) return list.portions("definition_arn", definitionArnPrefix, query);
  if (name === undefined || name === "*") return list.statuses(query);
  if (!name.endsWith("*")) return list.group("lower(name)", lower(name), query);
  return list.portions("lower(name)", lower(name.slice(0, -1)), query);
}

function commonConditions(queueArn: string, query: JobQuery): Condition {
  const { shareIdentifier, createdBefore, createdAfter, after } = query;
  const parts: [string, SqlValue][] = [["queue_arn = ?", queueArn]];
  if (shareIdentifier !== undefined) parts.push(["share_identifier = ?", shareIdentifier]);
  // A place says it more narrowly, and of two such bounds SQLite would search with the one and look at everything up to the other.
  if (createdBefore !== undefined && after === undefined) parts.push(["created_at < ?", createdBefore]);
  if (createdAfter !== undefined) parts.push(["created_at > ?", createdAfter]);
  const sql = ["parent_id IS NULL", ...parts.map(([part]) => part)].join(" AND ");
  return { sql, values: parts.map(([, value]) => value) };
}

class JobList {
  readonly #database: Database;
  readonly #common: Condition;
  readonly #columns: string;

  constructor(database: Database, common: Condition, columns: string) {
    this.#database = database;
    this.#common = common;
    this.#columns = columns;
  }

  async group(column: GroupColumn, key: string, { after, limit }: JobQuery): Promise<ListedRow[]> {
    const rows = await this.#readGroup(`created_at AS at, seq AS place, ${this.#columns}`, column, key, after, limit);
    return rows.map((row) => ({ row, place: { createdAt: Number(row["at"]), seq: Number(row["place"]) } }));
  }

  /** The jobs of all statuses. */
  async statuses({ after, limit }: JobQuery): Promise<ListedRow[]> {
    const groups = SERVICE_JOB_STATUSES.map((key) => ({ key, newest: Infinity }));
    return this.#fetch(await this.#merge("status", groups, after, limit));
  }

  /** The jobs of all groups whose key begins so: newest first, in portions where there are very many groups. */
  async portions(column: GroupColumn, prefix: string, { after, limit }: JobQuery): Promise<ListedRow[]> {
    const listed: ListedRow[] = [];
    const end = prefix + HIGHEST_CHARACTER;
    let place: Place | undefined = after;
    let portion = after?.portion;
    for (let from = prefix; listed.length < limit;) {
      const groups = await this.#groups(column, portion ?? { from, until: end }, place, portion === undefined);
      // Which groups are a portion stays as it is from page to page, however many come in meanwhile.
      portion ??= { from, until: groups.length === MAX_GROUPS ? groups.at(-1)!.key : end };
      const places = await this.#merge(column, groups, place, limit - listed.length);
      for (const { row, place: at } of await this.#fetch(places)) listed.push({ row, place: { ...at, portion } });
      if (portion.until === end) break;
      if (listed.length < limit) [from, portion, place] = [portion.until + LOWEST_CHARACTER, undefined, undefined];
    }
    return listed;
  }

  /** Each group's key, and the time of its newest job after `place`; `bounded`: the first MAX_GROUPS. A step for each group, by the index alone. */
  async #groups(
    column: GroupColumn,
    { from, until }: { readonly from: string; readonly until: string },
    place: Place | undefined,
    bounded: boolean,
  ): Promise<Group[]> {
    const { sql, values } = this.#common;
    const next = (bound: string) =>
      `SELECT ${column} FROM jobs WHERE ${sql} AND ${column} ${bound} AND ${column} <= ? ORDER BY ${column} LIMIT 1`;
    const rows = await this.#database.read(
      `WITH RECURSIVE keys (key, number) AS (
         SELECT (${next(">= ?")}), 1
         UNION ALL SELECT (${next("> keys.key")}), number + 1 FROM keys
           WHERE key IS NOT NULL ${bounded ? `AND number < ${MAX_GROUPS}` : ""})
       SELECT key, (SELECT created_at FROM jobs WHERE ${sql} AND ${column} = keys.key AND created_at <= ?
                    ORDER BY created_at DESC LIMIT 1) AS newest
       FROM keys WHERE key IS NOT NULL`,
      [...values, from, until, ...values, until, ...values, place?.createdAt ?? Number.MAX_SAFE_INTEGER],
    );
    return rows.map(({ key, newest }) => ({ key: String(key), newest: Number(newest ?? -Infinity) }));
  }

  /** The first `limit` jobs after `place` of all groups together; of each group little more is read than is taken. */
  async #merge(
    column: GroupColumn,
    groups: readonly Group[],
    place: Place | undefined,
    limit: number,
  ): Promise<Place[]> {
    const batch = 1 + Math.ceil(limit / Math.max(1, groups.length));
    const readers = groups.map(({ key, newest }) => {
      const read = async (after: Place | undefined, count: number): Promise<Place[]> => {
        const rows = await this.#readGroup("created_at, seq", column, key, after, count);
        return rows.map((row) => ({ createdAt: Number(row["created_at"]), seq: Number(row["seq"]) }));
      };
      return new GroupReader(read, { newest, after: place, batch });
    });
    const queue = new TinyQueue(readers, (a, b) => newestFirst(a.next, b.next));
    const taken: Place[] = [];
    for (let reader = queue.pop(); reader !== undefined && taken.length < limit; reader = queue.pop()) {
      const next = reader.take();
      if (next !== undefined) taken.push(next);
      if (next !== undefined || (await reader.readOn())) queue.push(reader);
    }
    return taken;
  }

  #readGroup(
    columns: string,
    column: GroupColumn,
    key: string,
    place: Place | undefined,
    limit: number,
  ): Promise<Row[]> {
    const { sql, values } = this.#common;
    const goesOn = place === undefined ? "" : "AND (created_at, seq) < (?, ?)";
    return this.#database.read(
      `SELECT ${columns} FROM jobs WHERE ${sql} AND ${column} = ? ${goesOn} ORDER BY created_at DESC, seq DESC LIMIT ?`,
      [...values, key, ...(place === undefined ? [] : [place.createdAt, place.seq]), limit],
    );
  }

  async #fetch(places: readonly Place[]): Promise<ListedRow[]> {
    const rows = await this.#database.read(`SELECT seq AS place, ${this.#columns} FROM jobs WHERE seq IN ${NUMBERS}`, [
      JSON.stringify(places.map(({ seq }) => seq)),
    ]);
    const bySeq = new Map(rows.map((row) => [Number(row["place"]), row]));
    return places.flatMap((place) => {
      const row = bySeq.get(place.seq);
      return row === undefined ? [] : [{ row, place }];
    });
  }
}

/** Reads one group's jobs in growing batches. */
class GroupReader {
  /** The next job's place; until it is read, the earliest that it can have. */
  next: Place;
  readonly #read: (after: Place | undefined, count: number) => Promise<Place[]>;
  #after: Place | undefined;
  #batch: number;
  #buffer: Place[] = [];
  #isOver = false;

  constructor(
    read: (after: Place | undefined, count: number) => Promise<Place[]>,
    { newest, after, batch }: { newest: number; after: Place | undefined; batch: number },
  ) {
    this.#read = read;
    this.#after = after;
    this.#batch = batch;
    this.next = { createdAt: newest, seq: Infinity };
  }

  /** Undefined when the next job has to be read first. */
  take(): Place | undefined {
    const place = this.#buffer.shift();
    if (place !== undefined) this.next = this.#buffer[0] ?? place;
    return place;
  }

  /** False when there is nothing more to read. */
  async readOn(): Promise<boolean> {
    if (this.#isOver) return false;
    this.#buffer = await this.#read(this.#after, this.#batch);
    this.#isOver = this.#buffer.length < this.#batch;
    this.#batch *= 2;
    this.#after = this.#buffer.at(-1);
    this.next = this.#buffer[0] ?? this.next;
    return this.#buffer.length > 0;
  }
}

/** What follows a text at once, in the order of texts. */
const LOWEST_CHARACTER = "\u0001";

/** As SQL's `lower` does it in both engines: other letters than A to Z stay. */
function lower(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function newestFirst(a: Place, b: Place): number {
  return b.createdAt - a.createdAt || b.seq - a.seq;
}
