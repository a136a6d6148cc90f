import type { JobFilter } from "../../../core/search/job-filter.ts";
import { asksOfState } from "../../../core/search/job-filter.ts";
import type { SearchPage, SearchPlace, StoredSearch } from "../../../ports/job-search.ts";
import { HIGHEST_CHARACTER, NUMBERS } from "../../conditions.ts";
import type { Database, Row, SqlValue } from "../../database.ts";
import type { Source } from "./candidates.ts";
import { placeOf } from "./candidates.ts";

/** What jobs are grouped by, with the queue before and `created_at` behind it in an index. */
export type GroupColumn = "status" | "lower(name)" | "definition_arn";

/** One group of each index: jobs in the order of the search. */
export interface Group {
  readonly queueArn: string;
  /** With a status only: then it is the index of shares. */
  readonly share?: string;
  readonly column: GroupColumn;
  readonly key: string;
}

/** How many groups one statement looks up the first jobs of. */
const GROUPS_AT_A_TIME = 400;

/** What is to be read of each candidate. There are few different texts, whatever is asked: each is prepared once and kept. */
export function columnsFor(search: StoredSearch): string {
  const { tags, arraysToo } = search;
  const ofHead = "created_at, seq, name, definition_arn, share_identifier, status";
  const arraySize = "scheduling ->> '$.arraySize' AS array_size";
  if (arraysToo) return `${ofHead}, state, spec -> '$.tags' AS tags, ${arraySize}`;
  if (asksOfState(search)) return tags.length > 0 ? `${ofHead}, state, spec -> '$.tags' AS tags` : `${ofHead}, state`;
  if (tags.length > 0) return `${ofHead}, spec -> '$.tags' AS tags`;
  return asksOfHead(search) ? ofHead : "created_at, seq, status";
}

/** What the index of statuses does not tell. */
function asksOfHead({ name, definitions, shares }: JobFilter): boolean {
  return name !== undefined || definitions !== undefined || shares !== undefined;
}

/** Reads jobs of one search, through whatever index. */
export class Sources {
  readonly #database: Database;
  readonly #columns: string;
  readonly #isNewestFirst: boolean;

  constructor(database: Database, columns: string, { order }: Pick<SearchPage, "order">) {
    this.#database = database;
    this.#columns = columns;
    this.#isNewestFirst = order === "newest";
  }

  /** Those of the groups that have jobs behind `after`. */
  async ofGroups(
    groups: readonly Group[],
    after: SearchPlace,
    pause: (rows: number) => Promise<void>,
  ): Promise<Source[]> {
    const sources: Source[] = [];
    for (let from = 0; from < groups.length; from += GROUPS_AT_A_TIME) {
      const some = groups.slice(from, from + GROUPS_AT_A_TIME);
      const heads = await this.#heads(some, after);
      some.forEach((group, index) => {
        const head = heads.get(index);
        if (head !== undefined) sources.push(this.#ofGroup(group, head));
      });
      await pause(some.length);
    }
    return sources;
  }

  /** Jobs whose places are known, in the order of the search. */
  ofPlaces(places: readonly SearchPlace[]): Source[] {
    const isBehind = (after: SearchPlace, { createdAt, seq }: SearchPlace): boolean =>
      (this.#isNewestFirst ? -1 : 1) * (createdAt - after.createdAt || seq - after.seq) > 0;
    const [first] = places;
    if (first === undefined) return [];
    const read = async (after: SearchPlace, count: number): Promise<Row[]> => {
      const wanted = places.filter((place) => isBehind(after, place)).slice(0, count);
      const rows = await this.#database.read(`SELECT ${this.#columns} FROM jobs WHERE seq IN ${NUMBERS}`, [
        JSON.stringify(wanted.map(({ seq }) => seq)),
      ]);
      return rows.toSorted((a, b) => (isBehind(placeOf(a), placeOf(b)) ? -1 : 1));
    };
    return [{ head: first.createdAt, read }];
  }

  #ofGroup(group: Group, head: number): Source {
    const [direction, behind] = this.#isNewestFirst ? ["DESC", "<"] : ["ASC", ">"];
    const { sql, values } = conditionOf(group);
    const text = `SELECT ${this.#columns} FROM jobs WHERE ${sql} AND (created_at, seq) ${behind} (?, ?)
      ORDER BY created_at ${direction}, seq ${direction} LIMIT ?`;
    return {
      head,
      read: (after, count) => this.#database.read(text, [...values, after.createdAt, after.seq, count]),
    };
  }

  /** By the group's place in the list: when its first job was created. One step in an index for each group. */
  async #heads(groups: readonly Group[], after: SearchPlace): Promise<Map<number, number>> {
    const [direction, behind] = this.#isNewestFirst ? ["DESC", "<="] : ["ASC", ">="];
    const { column, share } = groups[0]!;
    const ofShare = share === undefined ? "" : "AND share_identifier = g.value ->> 2";
    const rows = await this.#database.read(
      `SELECT g.key AS place, (SELECT created_at FROM jobs WHERE parent_id IS NULL AND queue_arn = g.value ->> 0 ${ofShare}
         AND ${column} = g.value ->> 1 AND created_at ${behind} ? ORDER BY created_at ${direction} LIMIT 1) AS head
       FROM json_each(?) g`,
      [after.createdAt, JSON.stringify(groups.map((group) => [group.queueArn, group.key, group.share ?? ""]))],
    );
    return new Map(rows.flatMap(({ place, head }) => (head === null ? [] : [[Number(place), Number(head)] as const])));
  }
}

function conditionOf({ queueArn, share, column, key }: Group): { sql: string; values: SqlValue[] } {
  const sql = `parent_id IS NULL AND queue_arn = ? ${share === undefined ? "" : "AND share_identifier = ? "}AND ${column} = ?`;
  return { sql, values: [queueArn, ...(share === undefined ? [] : [share]), key] };
}

/** How many jobs the groups have, counted to `most`. */
export async function countGroups(database: Database, groups: readonly Group[], most: number): Promise<number> {
  let count = 0;
  for (const group of groups) {
    const { sql, values } = conditionOf(group);
    const [row] = await database.read(
      `SELECT count(*) AS count FROM (SELECT 1 AS one FROM jobs WHERE ${sql} ORDER BY created_at LIMIT ?) counted`,
      [...values, most - count],
    );
    count += Number(row!["count"]);
    if (count >= most) break;
  }
  return count;
}

/** The different keys in a queue that begin so, at most so many. A step for each, by the index alone. */
export async function keysOf(
  database: Database,
  queueArn: string,
  column: GroupColumn,
  prefix: string,
  most: number,
): Promise<string[]> {
  const next = (bound: string): string =>
    `SELECT ${column} FROM jobs WHERE parent_id IS NULL AND queue_arn = ? AND ${column} ${bound} AND ${column} <= ?
     ORDER BY ${column} LIMIT 1`;
  const end = prefix + HIGHEST_CHARACTER;
  const rows = await database.read(
    `WITH RECURSIVE keys (key, number) AS (
       SELECT (${next(">= ?")}), 1
       UNION ALL SELECT (${next("> keys.key")}), number + 1 FROM keys WHERE key IS NOT NULL AND number < ?)
     SELECT key FROM keys WHERE key IS NOT NULL`,
    [queueArn, prefix, end, queueArn, end, most],
  );
  return rows.map(({ key }) => String(key));
}

/** Of the jobs whose name begins so, at most so many places; unordered. */
export async function placesOfNames(
  database: Database,
  queueArn: string,
  prefix: string,
  most: number,
): Promise<SearchPlace[]> {
  const rows = await database.read(
    `SELECT created_at, seq FROM jobs
     WHERE parent_id IS NULL AND queue_arn = ? AND lower(name) >= ? AND lower(name) < ? ORDER BY lower(name) LIMIT ?`,
    [queueArn, prefix, prefix + HIGHEST_CHARACTER, most],
  );
  return rows.map(placeOf);
}

/** The queues that have jobs, those that were deleted among them; at most so many. */
export async function queuesWithJobs(database: Database, prefix: string, most: number): Promise<string[]> {
  const next = (bound: string): string =>
    `SELECT queue_arn FROM jobs WHERE parent_id IS NULL AND queue_arn > ${bound} AND queue_arn < ? ORDER BY queue_arn LIMIT 1`;
  const end = prefix + HIGHEST_CHARACTER;
  const rows = await database.read(
    `WITH RECURSIVE queues (arn, number) AS (
       SELECT (${next("?")}), 1
       UNION ALL SELECT (${next("queues.arn")}), number + 1 FROM queues WHERE arn IS NOT NULL AND number < ?)
     SELECT arn FROM queues WHERE arn IS NOT NULL`,
    [prefix, end, end, most],
  );
  return rows.map(({ arn }) => String(arn));
}
