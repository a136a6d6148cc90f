import { JOB_STATUSES } from "../../../core/job.ts";
import type { SearchPage, SearchPlace, StoredSearch } from "../../../ports/job-search.ts";
import { TooManyQueues } from "../../../ports/job-search.ts";
import type { Database } from "../../database.ts";
import type { Source } from "./candidates.ts";
import type { Group, GroupColumn } from "./sources.ts";
import { columnsFor, countGroups, keysOf, placesOfNames, queuesWithJobs, Sources } from "./sources.ts";

const MAX_QUEUES = 1_000;
/** Different names or definitions in a queue: more of them are not merged. */
const MAX_KEYS = 100;
/** Jobs that are put in order, where no index does. */
const MAX_PLACES = 5_000;
/** How far is counted which index has the fewest candidates: about a millisecond each. */
const MAX_COUNTED = 20_000;

/** A way to find all candidates: groups of an index, or places that were looked up. */
type Way =
  | { readonly groups: readonly Group[]; readonly count?: number }
  | { readonly places: readonly SearchPlace[]; readonly count?: number };

/**
 * Where to look for jobs that match: whatever index has the fewest candidates. Which one it was makes no difference to the order, so another one
 * may be the best for the next page.
 */
export async function chooseSources(
  database: Database,
  search: StoredSearch,
  { order, after }: Required<Pick<SearchPage, "order" | "after">>,
  pause: (rows: number) => Promise<void>,
): Promise<Source[]> {
  const queues = await queuesOf(database, search);
  const way = await bestWay(database, search, queues, pause);
  const sources = new Sources(database, columnsFor(search), { order });
  if ("groups" in way) return sources.ofGroups(way.groups, after, pause);
  const sign = order === "newest" ? -1 : 1;
  return sources.ofPlaces(way.places.toSorted((a, b) => sign * (a.createdAt - b.createdAt || a.seq - b.seq)));
}

/** Rejects with TooManyQueues. */
export async function queuesOf(
  database: Database,
  { queueArns, queueArnPrefix }: Pick<StoredSearch, "queueArns" | "queueArnPrefix">,
): Promise<readonly string[]> {
  if (queueArns !== undefined) return queueArns;
  const queues = await queuesWithJobs(database, queueArnPrefix, MAX_QUEUES + 1);
  if (queues.length > MAX_QUEUES) throw new TooManyQueues(MAX_QUEUES);
  return queues;
}

async function bestWay(
  database: Database,
  search: StoredSearch,
  queues: readonly string[],
  pause: (rows: number) => Promise<void>,
): Promise<Way> {
  const { statuses, shares, arraysToo } = search;
  // An array may have any status, whatever those of its children.
  const ofStatuses = groupsOf(queues, "status", arraysToo ? JOB_STATUSES : statuses);
  const ofShares = shares?.flatMap((share) => ofStatuses.map((group) => ({ ...group, share })));
  const ways: Way[] = [
    ...(await waysByName(database, search, queues)),
    ...(await waysByDefinition(database, search, queues)),
    ...(ofShares === undefined ? [] : [{ groups: ofShares }]),
    { groups: ofStatuses },
  ];
  let best: { way: Way; count: number } | undefined;
  if (ways.length === 1) return ways[0]!;
  for (const way of ways) {
    const most = best === undefined ? MAX_COUNTED : Math.min(MAX_COUNTED, best.count + 1);
    const count = "groups" in way ? await countGroups(database, way.groups, most) : way.places.length;
    await pause(Math.ceil(count / 10));
    if (best === undefined || count < best.count) best = { way, count };
  }
  return best!.way;
}

function groupsOf(queues: readonly string[], column: GroupColumn, keys: readonly string[]): Group[] {
  return queues.flatMap((queueArn) => keys.map((key) => ({ queueArn, column, key })));
}

async function waysByName(database: Database, { name }: StoredSearch, queues: readonly string[]): Promise<Way[]> {
  if (name === undefined || name.kind === "part") return [];
  if (name.kind === "exact") return [{ groups: groupsOf(queues, "lower(name)", [name.text]) }];
  const places: SearchPlace[] = [];
  for (const queue of queues) {
    places.push(...(await placesOfNames(database, queue, name.text, MAX_PLACES + 1 - places.length)));
    if (places.length > MAX_PLACES) return waysByKeys(database, queues, "lower(name)", name.text);
  }
  return [{ places }];
}

async function waysByDefinition(
  database: Database,
  { definitions }: StoredSearch,
  queues: readonly string[],
): Promise<Way[]> {
  if (definitions === undefined) return [];
  const groups: Group[] = [];
  for (const { arn, isPrefix } of definitions) {
    const ways = isPrefix
      ? await waysByKeys(database, queues, "definition_arn", arn)
      : [{ groups: groupsOf(queues, "definition_arn", [arn]) }];
    if (ways.length === 0) return [];
    groups.push(...ways.flatMap((way) => way.groups));
  }
  const distinct = new Map(groups.map((group) => [`${group.queueArn}\n${group.key}`, group]));
  return [{ groups: [...distinct.values()] }];
}

/** None where there are too many keys to be merged. */
async function waysByKeys(
  database: Database,
  queues: readonly string[],
  column: GroupColumn,
  prefix: string,
): Promise<{ groups: Group[] }[]> {
  const groups: Group[] = [];
  for (const queueArn of queues) {
    const keys = await keysOf(database, queueArn, column, prefix, MAX_KEYS + 1);
    if (keys.length > MAX_KEYS || groups.length > MAX_COUNTED) return [];
    groups.push(...keys.map((key) => ({ queueArn, column, key })));
  }
  return [{ groups }];
}
