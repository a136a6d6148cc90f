import type { JobSearchAnswer } from "../../../ports/job-search.ts";
import type { Backend } from "../../batch/backend.ts";
import { scopeOf } from "../../batch/names.ts";
import { TEXTS } from "../../batch/texts.ts";
import { clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import { foundJobs } from "./found-job.ts";
import type { ReadSearch } from "./read-search.ts";
import { readSearch, toStoredSearch } from "./read-search.ts";
import type { FoundPlace } from "./search.ts";
import { deadline, jobsOfIds, searchJobs } from "./search.ts";

/** How many jobs of each status are counted. */
const MAX_COUNTED = 100_000;

/** What a token says: where to go on, and whether back from there. */
interface TokenPlace {
  readonly place: FoundPlace;
  readonly isBack?: true;
}

/**
 * Jobs of the caller's account and region by any filters at once, a page at a time. For who may list jobs and describe them: rows have tags and costs.
 * A request looks for less than half a second; what it has found by then is its answer, and a token says where to go on.
 */
export async function answerJobSearch(
  backend: Backend,
  call: Call,
  body: Buffer | undefined,
): Promise<JobSearchAnswer> {
  mayRead(call);
  const asked = readSearch(body);
  const counts = asked.counts
    ? { counts: await backend.store.jobSearch.counts(toStoredSearch(call, asked.filters), MAX_COUNTED) }
    : {};
  return { ...(await page(backend, call, asked)), ...counts };
}

export function mayRead(call: Call): void {
  const denied = call.denial("batch:ListJobs", "*") ?? call.denial("batch:DescribeJobs", "*");
  if (denied !== undefined) throw denied;
}

async function page(backend: Backend, call: Call, asked: ReadSearch): Promise<JobSearchAnswer> {
  const { filters, sort, limit } = asked;
  const search = toStoredSearch(call, filters);
  if (filters.jobIds !== undefined) {
    const some = await jobsOfIds(backend, call, filters.jobIds, { search, order: sort });
    return { jobs: await foundJobs(backend, some.slice(0, limit)), isPartial: false };
  }
  const query = [scopeOf(call), "SearchJobs", filters, sort];
  const opened = openToken(backend, query, asked.pageToken)?.place as TokenPlace | undefined;
  const { place, isBack = false } = opened ?? { place: undefined };
  const sign = (at: FoundPlace, back = false): string =>
    backend.tokens.sign(query, { place: at, ...(back && { isBack: true }) } satisfies TokenPlace);
  const order = isBack === (sort === "newest") ? "oldest" : "newest";
  const looked = await searchJobs(backend, search, {
    order,
    after: place,
    limit: limit + 1,
    isOver: deadline(backend),
  });
  const found = looked.found.slice(0, limit);
  const hasMore = looked.found.length > limit;
  const shown = isBack ? found.toReversed() : found;
  // Where the list goes on in the direction of the search, and in the other one.
  const onward = hasMore ? found.at(-1)!.place : looked.lookedTo;
  const [first, last] = [shown[0]?.place, shown.at(-1)?.place];
  const next = isBack ? (last ?? place) : onward;
  const previous = isBack ? (onward ?? first) : first;
  return {
    jobs: await foundJobs(backend, shown),
    ...(next !== undefined && { nextToken: sign(next) }),
    ...(previous !== undefined && !search.arraysToo && { previousToken: sign(previous, true) }),
    isPartial: looked.isPartial && !hasMore,
    ...(looked.isPartial && !hasMore && { lookedTo: looked.lookedTo!.createdAt }),
  };
}

/** @throws ClientException when the token is not of this query, or too old. */
export function openToken(
  { tokens }: Pick<Backend, "tokens">,
  query: unknown,
  token: string | undefined,
): { readonly place: unknown } | undefined {
  if (token === undefined) return undefined;
  const opened = tokens.open(query, token);
  if (opened === undefined) throw clientException(TEXTS.nextToken);
  return opened;
}
