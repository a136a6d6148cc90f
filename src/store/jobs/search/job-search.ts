import type { JobState, JobStatus } from "../../../core/job.ts";
import { JOB_STATUSES } from "../../../core/job.ts";
import { asksOfState, matchesHead, matchesState, matchesTags } from "../../../core/search/job-filter.ts";
import type {
  JobSearch,
  SearchedJob,
  SearchPage,
  SearchPlace,
  StatusCount,
  StoredSearch,
} from "../../../ports/job-search.ts";
import type { JobRecord } from "../../../ports/store.ts";
import { NUMBERS } from "../../conditions.ts";
import type { Database, Row } from "../../database.ts";
import { parseStored } from "../../stored-json.ts";
import { PARENT_COLUMNS, toJobRecord } from "../jobs.ts";
import { Candidates, placeOf } from "./candidates.ts";
import { chooseSources, queuesOf } from "./choose.ts";

/** So many rows are read before it is others' turn. */
const ROWS_A_TURN = 500;
/** How many entries of an index are counted by one statement. */
const COUNTED_AT_A_TIME = 10_000;

interface Match {
  readonly place: SearchPlace;
  readonly isMatch: boolean;
}

/**
 * Single jobs and arrays by all filters at once, in order of submission. An index gives candidates in that order, of which each is looked at: so a search
 * costs in the candidates that it has to look at, and it can be ended and gone on with at any of them.
 */
export function jobSearch(database: Database): JobSearch<JobRecord> {
  return {
    async find(search, page) {
      const pause = turns();
      const after = page.after ?? beginning(search, page);
      const sources = await chooseSources(database, search, { order: page.order, after }, pause);
      const candidates = new Candidates(sources, { ...page, after }, pause);
      const found: SearchedJob<JobRecord>[] = [];
      let lookedTo: SearchPlace | undefined;
      for (;;) {
        const matches: Match[] = [];
        let isPartial = false;
        let isAll = false;
        while (!isPartial && found.length + matches.length < page.limit) {
          const row = candidates.take();
          if (row !== undefined) {
            const place = placeOf(row);
            isAll = isBeyond(search, page, place);
            if (isAll) break;
            lookedTo = place;
            const isMatch = isWholeMatch(search, row);
            if (isMatch || isArrayInQuestion(search, row)) matches.push({ place, isMatch });
          } else {
            isAll = !(await candidates.readOn());
            if (isAll) break;
            isPartial = lookedTo !== undefined && page.isOver();
          }
        }
        found.push(...(await fetch(database, matches)));
        if (isAll) return { found, isPartial: false };
        if (isPartial || found.length >= page.limit) return { found, isPartial, lookedTo: lookedTo! };
      }
    },
    async counts(asked, most) {
      const queues = await queuesOf(database, asked);
      const pause = turns();
      const counts: StatusCount[] = [];
      for (const status of JOB_STATUSES) {
        let count = 0;
        for (const queue of queues) {
          if (count > most) break;
          count += await countStatus(database, queue, status, most + 1 - count, pause);
        }
        counts.push(count > most ? { status, count: most, isMore: true } : { status, count });
      }
      return counts;
    },
  };
}

/** Resolves at once, or when others had their turn, where much was read since. */
function turns(): (rows: number) => Promise<void> {
  let read = 0;
  return async (rows) => {
    // Each statement counts, also one that found nothing.
    read += rows + 10;
    if (read < ROWS_A_TURN) return;
    read = 0;
    await new Promise((resolve) => void setImmediate(resolve));
  };
}

/** The place before the first job that can match. */
function beginning({ created, started, stopped }: StoredSearch, { order }: SearchPage): SearchPlace {
  if (order === "oldest") return { createdAt: (created.from ?? 0) - 1, seq: Number.MAX_SAFE_INTEGER };
  // What started or stopped before a time was created before it, too.
  const to = Math.min(created.to ?? Infinity, started.to ?? Infinity, stopped.to ?? Infinity);
  return { createdAt: Math.min(to, Number.MAX_SAFE_INTEGER), seq: 0 };
}

/** Nothing behind this place can match. */
function isBeyond({ created, started, stopped }: StoredSearch, { order }: SearchPage, { createdAt }: SearchPlace) {
  if (order === "newest") return createdAt < (created.from ?? -Infinity);
  return createdAt >= Math.min(created.to ?? Infinity, started.to ?? Infinity, stopped.to ?? Infinity);
}

function isWholeMatch(search: StoredSearch, row: Row): boolean {
  if (!search.statuses.includes(row["status"] as JobStatus) || !isCommonMatch(search, row)) return false;
  return !asksOfState(search) || matchesState(search, parseStored(row["state"]) as JobState);
}

/** An array whose children may match, as far as they have it from their array. */
function isArrayInQuestion(search: StoredSearch, row: Row): boolean {
  return search.arraysToo && row["array_size"] !== null && isCommonMatch(search, row);
}

function isCommonMatch(search: StoredSearch, row: Row): boolean {
  if (row["name"] !== undefined) {
    const share = row["share_identifier"];
    const head = {
      name: String(row["name"]),
      definitionArn: String(row["definition_arn"]),
      shareIdentifier: share === null ? undefined : String(share),
      createdAt: Number(row["created_at"]),
    };
    if (!matchesHead(search, head)) return false;
  }
  return search.tags.length === 0 || matchesTags(search.tags, tagsOf(row));
}

function tagsOf(row: Row): Readonly<Record<string, string>> {
  return row["tags"] === null ? {} : (parseStored(row["tags"]) as Record<string, string>);
}

/** Service jobs, which are kept beside them, are left out; so is what was removed meanwhile. */
async function fetch(database: Database, matches: readonly Match[]): Promise<SearchedJob<JobRecord>[]> {
  if (matches.length === 0) return [];
  const rows = await database.read(
    `SELECT seq, ${PARENT_COLUMNS}, spec -> '$.tags' AS tags FROM jobs WHERE seq IN ${NUMBERS}`,
    [JSON.stringify(matches.map(({ place }) => place.seq))],
  );
  const bySeq = new Map(rows.map((row) => [Number(row["seq"]), row]));
  return matches.flatMap(({ place, isMatch }) => {
    const row = bySeq.get(place.seq);
    if (row === undefined) return [];
    const job = toJobRecord(row);
    return job.scheduling.service === undefined ? [{ job, tags: tagsOf(row), place, isMatch }] : [];
  });
}

async function countStatus(
  database: Database,
  queueArn: string,
  status: JobStatus,
  most: number,
  pause: (rows: number) => Promise<void>,
): Promise<number> {
  const behind = `FROM jobs WHERE parent_id IS NULL AND queue_arn = ? AND status = ? AND (created_at, seq) > (?, ?)
    ORDER BY created_at, seq`;
  let count = 0;
  let after: SearchPlace = { createdAt: -1, seq: 0 };
  while (count < most) {
    const limit = Math.min(COUNTED_AT_A_TIME, most - count);
    const values = [queueArn, status, after.createdAt, after.seq];
    const [last] = await database.read(`SELECT created_at, seq ${behind} LIMIT 1 OFFSET ?`, [...values, limit - 1]);
    if (last === undefined) {
      const [row] = await database.read(`SELECT count(*) AS count FROM (SELECT seq ${behind} LIMIT ?) counted`, [
        ...values,
        limit,
      ]);
      return count + Number(row!["count"]);
    }
    count += limit;
    after = placeOf(last);
    await pause(limit / 20);
  }
  return count;
}
