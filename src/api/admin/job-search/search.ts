import type { JobStatus } from "../../../core/job.ts";
import { matchesHead, matchesState, matchesTags } from "../../../core/search/job-filter.ts";
import type { SearchPage, SearchPlace, StoredSearch } from "../../../ports/job-search.ts";
import { TooManyQueues } from "../../../ports/job-search.ts";
import type { JobRecord } from "../../../ports/store.ts";
import type { Backend } from "../../batch/backend.ts";
import { childrenOf, findJobs, ownerId } from "../../batch/jobs/job-records.ts";
import { scopeOf } from "../../batch/names.ts";
import { clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { ToShow } from "./found-job.ts";

/** A place in a list of jobs in which children follow their array: behind the child of this index (-1: before the first), or behind all of the job. */
export interface FoundPlace extends SearchPlace {
  readonly index?: number;
}

export interface Found extends ToShow {
  readonly place: FoundPlace;
}

export interface FoundPage {
  readonly found: readonly Found[];
  readonly isPartial: boolean;
  /** Everything up to here was looked at; absent when there is nothing more. */
  readonly lookedTo?: FoundPlace;
}

type Page = Omit<SearchPage, "after"> & { readonly after: FoundPlace | undefined };

/** How many children of one array are looked at together. */
const CHILDREN_AT_A_TIME = 200;

/** How long one request looks. */
const MAX_MS = 400;

export function deadline({ clock }: Pick<Backend, "clock">): () => boolean {
  const start = clock.now();
  return () => clock.now() - start >= MAX_MS;
}

/** Jobs that match, and with `arraysToo` children that do. */
export async function searchJobs(backend: Backend, search: StoredSearch, page: Page): Promise<FoundPage> {
  return search.arraysToo ? withChildren(backend, search, page) : findIn(backend, search, page);
}

async function findIn({ store }: Backend, search: StoredSearch, { after, ...page }: Page) {
  try {
    return await store.jobSearch.find(search, { ...page, ...(after !== undefined && { after }) });
  } catch (error) {
    if (!(error instanceof TooManyQueues)) throw error;
    throw clientException(
      `There are jobs of more than ${error.limit} queues: name those that you mean in filters.queues.`,
    );
  }
}

async function withChildren(backend: Backend, search: StoredSearch, page: Page): Promise<FoundPage> {
  const found: Found[] = [];
  let { after } = page;
  const step = page.order === "newest" ? 1 : -1;
  for (;;) {
    // What was inside an array begins with this array once more.
    const from = after?.index === undefined ? after : { createdAt: after.createdAt, seq: after.seq + step };
    const within = after?.index === undefined ? undefined : after;
    const jobs = await findIn(backend, search, { ...page, after: from, limit: page.limit - found.length });
    for (const { job, tags, place, isMatch } of jobs.found) {
      const isResumed = within?.seq === place.seq;
      // A page that ends with an array goes on with its first child.
      const isArray = job.scheduling.arraySize !== undefined;
      if (isMatch && !isResumed) found.push({ job, tags, place: isArray ? { ...place, index: -1 } : place });
      const first = isResumed ? within.index! : -1;
      const left = page.limit - found.length;
      const children = await matchingChildren(backend, search, job, { first, limit: left, isOver: page.isOver });
      found.push(
        ...children.jobs.map((child) => ({ job: child, tags, place: { ...place, index: child.parent!.index } })),
      );
      after = children.lookedTo === undefined ? place : { ...place, index: children.lookedTo };
      if (found.length >= page.limit) return { found, isPartial: false, lookedTo: after };
      if (children.lookedTo !== undefined || page.isOver()) return { found, isPartial: true, lookedTo: after };
    }
    if (jobs.lookedTo === undefined) return { found, isPartial: false };
    after = jobs.lookedTo;
    if (jobs.isPartial || page.isOver()) return { found, isPartial: true, lookedTo: after };
  }
}

interface MatchingChildren {
  readonly jobs: JobRecord[];
  /** Absent when all have been looked at. */
  readonly lookedTo?: number;
}

async function matchingChildren(
  { store }: Backend,
  search: StoredSearch,
  parent: JobRecord,
  { first, limit, isOver }: { first: number; limit: number; isOver: () => boolean },
): Promise<MatchingChildren> {
  if (parent.scheduling.arraySize === undefined) return { jobs: [] };
  const jobs: JobRecord[] = [];
  for (let after = first; ;) {
    if (jobs.length >= limit) return { jobs, lookedTo: after };
    const ofStatuses = await Promise.all(
      search.statuses.map((status: JobStatus) =>
        childrenOf(store.jobs, parent, { status, after, limit: CHILDREN_AT_A_TIME }),
      ),
    );
    const children = ofStatuses
      .flat()
      .sort((a, b) => a.parent!.index - b.parent!.index)
      .slice(0, CHILDREN_AT_A_TIME);
    for (const child of children) {
      after = child.parent!.index;
      if (matchesState(search, child.state)) jobs.push(child);
      if (jobs.length >= limit) return { jobs, lookedTo: after };
    }
    if (children.length < CHILDREN_AT_A_TIME) return { jobs };
    await new Promise((resolve) => void setImmediate(resolve));
    if (isOver()) return { jobs, lookedTo: after };
  }
}

/** Jobs of these ids that match: single ones, arrays, children, nodes. In order of submission. */
export async function jobsOfIds(
  { store }: Backend,
  call: Call,
  ids: readonly string[],
  { search, order }: { readonly search: StoredSearch; readonly order: SearchPage["order"] },
): Promise<ToShow[]> {
  const jobs = await findJobs(store.jobs, scopeOf(call), [...new Set(ids)]);
  const specs = await store.jobs.specs([...new Set(jobs.map(ownerId))]);
  const sign = order === "newest" ? -1 : 1;
  return jobs
    .map((job) => ({ job, tags: specs.get(ownerId(job))?.tags ?? {} }))
    .filter(
      ({ job, tags }) =>
        (search.queueArns === undefined || search.queueArns.includes(job.queueArn)) &&
        search.statuses.includes(job.state.status) &&
        matchesHead(search, job) &&
        matchesState(search, job.state) &&
        matchesTags(search.tags, tags),
    )
    .sort((a, b) => sign * (a.job.createdAt - b.job.createdAt || a.job.seq - b.job.seq));
}
