import type { JobSummary, KeyValuesPair } from "@aws-sdk/client-batch";
import type { JobStatus } from "../../core/job.ts";
import { JOB_STATUSES } from "../../core/job.ts";
import type { JobQuery, JobRecord } from "../../ports/store.ts";
import { clientException, validationException } from "../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import type { ChildCounts } from "./job-detail.ts";
import { jobDetail, jobHead, statusSummary } from "./job-detail.ts";
import { findJobs, unrecordedChild } from "./job-records.ts";
import { arnOf, scopeOf, toJobId } from "./names.ts";
import { Pages } from "./pages.ts";
import { findQueue } from "./queue-lookup.ts";
import { TEXTS } from "./texts.ts";

type Listing = BatchInput<"ListJobs">;

/** DescribeJobs and ListJobs (reference 2.6, 2.7). */
export function describeJobHandlers(backend: Backend): Required<Pick<BatchHandlers, "DescribeJobs" | "ListJobs">> {
  const { store } = backend;
  return {
    async DescribeJobs({ jobs }, call) {
      if (jobs.length > 100) throw validationException(TEXTS.tooManyJobs);
      const ids = [...new Set(jobs.map(toJobId))];
      const records = await findJobs(store.jobs, scopeOf(call), ids);
      const specs = await store.jobs.specs([...new Set(records.map(({ id, parent }) => parent?.id ?? id))]);
      const counts = await countChildren(backend, records);
      return {
        jobs: records.map((job) => jobDetail(job, specs.get(job.parent?.id ?? job.id)!, counts.get(job.id), backend)),
      };
    },

    async ListJobs(input, call) {
      const status = checkedStatus(input);
      if (input.arrayJobId) return listChildren(backend, call, input, status);
      if (input.multiNodeJobId) return { jobSummaryList: [] };
      const queue = await findQueue(backend, call, input.jobQueue!);
      const filter = toQuery(call, input.filters);
      const hasFilter = (input.filters?.length ?? 0) > 0;
      const size = clampedSize(input.maxResults, hasFilter ? 100 : 1000);
      const pages = new Pages<number>(backend, call, ["ListJobs", queue.arn, status, filter], input.nextToken, size);
      const read = await store.jobs.list(queue.arn, {
        ...(hasFilter ? filter : { status }),
        ...(pages.position !== undefined && { before: pages.position }),
        limit: size + 1,
      });
      const { items, ...more } = pages.page(read, ({ seq }) => seq);
      const counts = await countChildren(backend, items);
      return { jobSummaryList: items.map((job) => jobSummary(backend, job, counts.get(job.id))), ...more };
    },
  };
}

function countChildren(backend: Backend, jobs: readonly JobRecord[]): Promise<Map<string, ChildCounts>> {
  const parents = jobs.filter(({ scheduling, parent }) => scheduling.arraySize !== undefined && parent === undefined);
  return backend.store.jobs.countChildren(parents.map(({ id }) => id));
}

function checkedStatus({ jobStatus, jobQueue, arrayJobId, multiNodeJobId }: Listing): JobStatus {
  const given = [jobQueue, arrayJobId, multiNodeJobId].filter(Boolean);
  if (given.length !== 1) throw clientException(TEXTS.oneListingOf);
  const status = JOB_STATUSES.find((one) => one === (jobStatus || "RUNNING"));
  if (status === undefined) throw clientException(TEXTS.jobStatus);
  return status;
}

/** AWS documents "up to": larger values mean the largest page. */
function clampedSize(maxResults: number | undefined, max: number): number {
  if (maxResults !== undefined && maxResults < 1) throw clientException(TEXTS.maxResults(max));
  return Math.min(maxResults ?? max, max);
}

function toQuery(call: Call, filters: readonly KeyValuesPair[] | undefined): Omit<JobQuery, "limit"> {
  if (filters === undefined || filters.length === 0) return {};
  if (filters.length > 1) throw clientException(TEXTS.oneFilter);
  const { name = "", values = [] } = filters[0]!;
  const [value] = values;
  if (values.length !== 1 || value === undefined) throw clientException(TEXTS.oneFilterValue(name));
  switch (name) {
    case "JOB_NAME":
      return { name: value };
    case "JOB_DEFINITION":
      return definitionQuery(call, value);
    case "BEFORE_CREATED_AT":
      return { createdBefore: epochMs(name, value) };
    case "AFTER_CREATED_AT":
      return { createdAfter: epochMs(name, value) };
    default:
      throw clientException(TEXTS.filterName(name));
  }
}

/** A definition's name means all its revisions, a name with `*` all that begin so, an ARN that revision only. */
function definitionQuery(call: Call, value: string): Pick<JobQuery, "definitionArn" | "definitionArnPrefix"> {
  if (value.startsWith("arn:")) return { definitionArn: value };
  const arn = arnOf(call, "job-definition", value.replace(/\*$/, ""));
  return { definitionArnPrefix: value.endsWith("*") ? arn : `${arn}:` };
}

function epochMs(name: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw clientException(TEXTS.filterValue(name));
  return Number(value);
}

/** How many children are read at a time while looking for those of one status. */
const CHILD_WINDOW = 2_000;

/** Children by index, those without a record among them. */
async function listChildren(backend: Backend, call: Call, input: Listing, status: JobStatus) {
  const [parent] = await backend.store.jobs.find(scopeOf(call), [toJobId(input.arrayJobId!)]);
  const arraySize = parent?.scheduling.arraySize;
  if (parent === undefined || arraySize === undefined) return { jobSummaryList: [] };
  const size = clampedSize(input.maxResults, 1000);
  const pages = new Pages<number>(backend, call, ["ListJobs", parent.id, status], input.nextToken, size);
  const found: JobRecord[] = [];
  for (let from = (pages.position ?? -1) + 1; from < arraySize && found.length <= size; from += CHILD_WINDOW) {
    const to = Math.min(from + CHILD_WINDOW, arraySize);
    const recorded = await backend.store.jobs.children(parent.id, { from, to });
    const byIndex = new Map(recorded.map((child) => [child.parent!.index, child]));
    for (let index = from; index < to && found.length <= size; index += 1) {
      const child = byIndex.get(index) ?? unrecordedChild(parent, index);
      if (child.state.status === status) found.push(child);
    }
  }
  const { items, ...more } = pages.page(found, (child) => child.parent!.index);
  return { jobSummaryList: items.map((job) => jobSummary(backend, job, undefined)), ...more };
}

function jobSummary({ scheduler }: Backend, job: JobRecord, counts: ChildCounts | undefined): JobSummary {
  const { state, scheduling } = job;
  const last = state.attempts.at(-1);
  return {
    ...jobHead(job, scheduler),
    container: { exitCode: last?.exitCode, reason: last?.reason },
    capacityUsage: [{ capacityUnit: "VCPU", quantity: scheduling.requirements.vcpuMilli / 1000 }],
    ...(job.parent !== undefined && { arrayProperties: { index: job.parent.index } }),
    ...(job.parent === undefined &&
      scheduling.arraySize !== undefined && {
        arrayProperties: { size: scheduling.arraySize, statusSummary: statusSummary(job, counts ?? {}) },
      }),
    ...(state.isCancelled && { isCancelled: true }),
    ...(state.isTerminated && { isTerminated: true }),
  };
}
