import { parseChildId } from "../../../core/ids.ts";
import type { PlainJobStatus } from "../../../core/job.ts";
import { JOB_STATUSES } from "../../../core/job.ts";
import type { ArrayChildren, FailureGroup } from "../../../ports/array-children.ts";
import type { ChildFailure, StatusRun } from "../../../ports/job-family.ts";
import type { Backend } from "../../batch/backend.ts";
import { findJobs, restOf } from "../../batch/jobs/job-records.ts";
import { scopeOf, toJobId } from "../../batch/names.ts";
import { ApiError, clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import { readWholeNumbers } from "../parameters.ts";

const MOST_CHILDREN = 10_000;
const MOST_GROUPS = 100;
/** An array of a million is asked of in parts. */
const RANGES = {
  from: { least: 0, most: 999_999, usual: 0 },
  limit: { least: 1, most: MOST_CHILDREN, usual: MOST_CHILDREN },
};

/**
 * How all children of an array are, for who may list them.
 *
 * @throws ResourceNotFoundException, 404, when there is no such job, or it is somebody else's; ClientException when it is no array.
 */
export async function arrayChildren(
  backend: Backend,
  call: Call,
  idOrArn: string,
  search: string,
): Promise<ArrayChildren> {
  const denied = call.denial("batch:ListJobs", "*");
  if (denied !== undefined) throw denied;
  const { jobs } = backend.store;
  const { from, limit } = readWholeNumbers(search, RANGES);
  const id = toJobId(idOrArn);
  const [job] = await findJobs(jobs, scopeOf(call), [id]);
  if (job === undefined) throw new ApiError("ResourceNotFoundException", 404, `Job ${id} not found.`);
  const size = job.scheduling.arraySize;
  if (size === undefined || job.parent !== undefined)
    throw clientException(`Job ${job.id} is no array${parentText(job.id)}: it has no children.`);
  if (from >= size) throw clientException(`from must be below ${size}, the size of the array.`);
  const range = { from, to: Math.min(size, from + limit) };
  const runs = await jobs.statusRuns(job.id, range);
  const { status, statusReason } = restOf(job.state);
  const rest = unrecorded(runs, range).map((run) => ({ ...run, status }));
  const all = [...runs, ...rest];
  const recorded = all.some((run) => run.status === "FAILED") ? await jobs.failures(job.id, range) : [];
  // Those without a record that failed did so for their parent's reason.
  const failures = [
    ...recorded.map((failure) => ({ ...failure, first: failure.index, last: failure.index })),
    ...(status === "FAILED"
      ? rest.map((run) => ({ ...run, ...(statusReason !== undefined && { statusReason }) }))
      : []),
  ];
  return {
    arrayJobId: job.id,
    size,
    ...range,
    indexes: indexesByStatus(all),
    ...groups(failures),
  };
}

function parentText(id: string): string {
  const child = parseChildId(id);
  return child === undefined ? "" : ` but a child of ${child.parentId}`;
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/** What the runs leave out of the range. */
function unrecorded(runs: readonly StatusRun[], { from, to }: { from: number; to: number }): Span[] {
  const gaps: Span[] = [];
  let next = from;
  for (const { first, last } of runs.toSorted(byFirst)) {
    if (first > next) gaps.push({ first: next, last: first - 1 });
    next = last + 1;
  }
  if (next < to) gaps.push({ first: next, last: to - 1 });
  return gaps;
}

function indexesByStatus(runs: readonly StatusRun[]): ArrayChildren["indexes"] {
  const indexes: Partial<Record<PlainJobStatus, string>> = {};
  for (const status of JOB_STATUSES) {
    const own = runs.filter((run) => run.status === status);
    if (own.length > 0) indexes[status] = spansText(own);
  }
  return indexes;
}

function byFirst(a: Span, b: Span): number {
  return a.first - b.first;
}

/** `0-119,122`: spans that touch are one. */
function spansText(spans: readonly Span[]): string {
  const joined: { first: number; last: number }[] = [];
  for (const { first, last } of spans.toSorted(byFirst)) {
    const before = joined.at(-1);
    if (before !== undefined && before.last + 1 === first) before.last = last;
    else joined.push({ first, last });
  }
  return joined.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(",");
}

type Failure = Omit<ChildFailure, "index"> & Span;

function groups(failures: readonly Failure[]): Pick<ArrayChildren, "failures" | "otherFailures"> {
  const byKind = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = JSON.stringify([failure.exitCode, reasonOf(failure)]);
    const alike = byKind.get(key);
    if (alike === undefined) byKind.set(key, [failure]);
    else alike.push(failure);
  }
  const all = [...byKind.values()].map(toGroup).sort((a, b) => b.count - a.count);
  return {
    failures: all.slice(0, MOST_GROUPS),
    otherFailures: all.slice(MOST_GROUPS).reduce((sum, { count }) => sum + count, 0),
  };
}

function toGroup(failures: readonly Failure[]): FailureGroup {
  const { exitCode } = failures[0]!;
  const reason = reasonOf(failures[0]!);
  return {
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
    count: failures.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    indexes: spansText(failures),
  };
}

function reasonOf({ reason, statusReason }: Failure): string | undefined {
  return reason ?? statusReason;
}
