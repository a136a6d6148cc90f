import type { JobSummary, NodePropertiesSummary } from "@aws-sdk/client-batch";
import type { JobStatus, PlainJobStatus } from "../../../core/job.ts";
import { JOB_STATUSES } from "../../../core/job.ts";
import { rangeOfEachNode } from "../../../core/tasks/nodes.ts";
import { totalRequirements } from "../../../core/submission/requirements.ts";
import type { Nodes } from "../../../core/tasks/task.ts";
import { runsPods } from "../../../core/tasks/units.ts";
import type { JobPlace, JobRecord } from "../../../ports/store.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import type { JobFilter } from "./job-filters.ts";
import { commonFilter, filterRules } from "./job-filters.ts";
import { jobHead, statusSummary } from "./job-detail.ts";
import { childrenOf, nodeRecord } from "./job-records.ts";
import { arnOf, scopeOf, toJobId } from "../names.ts";
import { Pages } from "../pages.ts";
import { findQueue } from "../queues/queue-lookup.ts";
import type { Rule } from "../rules.ts";
import { check, quotingRule, rule } from "../rules.ts";

type Listing = BatchInput<"ListJobs">;

/** The largest page, and the one of who does not ask: of jobs of one status, and of jobs that a filter picks. */
const MAX_BY_STATUS = 1000;
const MAX_FILTERED = 100;

const FILTERS = new Set(["JOB_NAME", "JOB_DEFINITION", "BEFORE_CREATED_AT", "AFTER_CREATED_AT", "SHARE_IDENTIFIER"]);

/** Reference 2.7. */
export const LIST_RULES: readonly Rule<Listing>[] = [
  rule(
    "oneListingOf",
    ({ jobQueue, arrayJobId, multiNodeJobId }) => [jobQueue, arrayJobId, multiNodeJobId].filter(Boolean).length !== 1,
    "bare",
  ),
  rule(
    "jobStatus",
    ({ jobStatus }) => Boolean(jobStatus) && !JOB_STATUSES.includes(jobStatus as PlainJobStatus),
    "bare",
  ),
  ...filterRules("filterName", FILTERS),
  quotingRule<Listing, "maxResults">(
    "maxResults",
    (input) => ((input.maxResults ?? 1) < 1 ? [maxPage(input)] : undefined),
    "bare",
  ),
];

/** ListJobs: the jobs of a queue newest first, the children of an array or the nodes of a multi-node parallel job by index. */
export function listJobsHandler(backend: Backend): Required<Pick<BatchHandlers, "ListJobs">> {
  return {
    async ListJobs(input, call) {
      check(LIST_RULES, input);
      if (input.arrayJobId) return listChildren(backend, call, input, input.arrayJobId);
      if (input.multiNodeJobId) return listNodes(backend, call, input, input.multiNodeJobId);
      const queue = await findQueue(backend, call, input.jobQueue!);
      if (queue.settings.jobQueueType === "SAGEMAKER_TRAINING") return { jobSummaryList: [] };
      const query = toQuery(call, input);
      const size = pageSize(input);
      const pages = new Pages<JobPlace>(backend, call, ["ListJobs", queue.arn, query], input.nextToken, size);
      const after = pages.position;
      const read = await backend.store.jobs.list(queue.arn, {
        ...query,
        ...(after !== undefined && { after }),
        limit: size + 1,
      });
      const { items, ...more } = pages.page(read, ({ place }) => place);
      return { jobSummaryList: items.map(({ job }) => jobSummary(backend, job)), ...more };
    },
  };
}

async function listChildren(backend: Backend, call: Call, input: Listing, arrayJobId: string) {
  const { jobs } = backend.store;
  const [parent] = await jobs.find(scopeOf(call), [toJobId(arrayJobId)]);
  if (parent?.scheduling.arraySize === undefined) return { jobSummaryList: [] };
  const status = statusOf(input);
  const size = pageSize(input);
  const pages = new Pages<number>(backend, call, ["ListJobs", parent.id, status], input.nextToken, size);
  const read = await childrenOf(jobs, parent, { status, after: pages.position ?? -1, limit: size + 1 });
  const { items, ...more } = pages.page(read, (child) => child.parent!.index);
  return { jobSummaryList: items.map((job) => jobSummary(backend, job)), ...more };
}

/** The nodes of a job by index. */
async function listNodes(backend: Backend, call: Call, input: Listing, multiNodeJobId: string) {
  const { jobs } = backend.store;
  const [job] = await jobs.find(scopeOf(call), [toJobId(multiNodeJobId)]);
  const spec = job && (await jobs.specs([job.id])).get(job.id);
  if (job === undefined || spec?.nodeProperties === undefined) return { jobSummaryList: [] };
  const status = statusOf(input);
  const pages = new Pages<number>(backend, call, ["ListJobs", job.id, status], input.nextToken, pageSize(input));
  const ranges = rangeOfEachNode(spec.nodeProperties);
  const found: JobRecord[] = [];
  for (let node = (pages.position ?? -1) + 1; node < ranges.length && found.length <= pages.size; node += 1) {
    const record = nodeRecord(job, node);
    const requirements = totalRequirements(ranges[node]!);
    const { scheduling } = record;
    if (record.state.status === status) found.push({ ...record, scheduling: { ...scheduling, requirements } });
  }
  const { items, ...more } = pages.page(found, (one) => one.node!.index);
  return { jobSummaryList: items.map((one) => jobSummary(backend, one)), ...more };
}

function statusOf({ jobStatus }: Listing): JobStatus {
  return jobStatus || "RUNNING";
}

/** Filters do not apply to children. */
function hasFilter({ filters, jobQueue }: Listing): boolean {
  return Boolean(jobQueue) && filters !== undefined && filters.length > 0;
}

function maxPage(input: Listing): number {
  return hasFilter(input) ? MAX_FILTERED : MAX_BY_STATUS;
}

/** AWS documents "up to": larger values mean the largest page. */
function pageSize(input: Listing): number {
  return Math.min(input.maxResults ?? Infinity, maxPage(input));
}

/** A filter means all states, except that of the share, which goes with a status. */
function toQuery(call: Call, input: Listing): JobFilter {
  if (!hasFilter(input)) return { status: statusOf(input) };
  const filter = input.filters![0]!;
  if (filter.name === "JOB_DEFINITION") return definitionQuery(call, filter.values![0]!);
  const withStatus = filter.name === "SHARE_IDENTIFIER" && input.jobStatus;
  return { ...commonFilter(filter), ...(withStatus && { status: statusOf(input) }) };
}

/** A definition's name means all its revisions, a name with `*` all that begin so, an ARN that revision only. */
function definitionQuery(call: Call, value: string): JobFilter {
  if (value.startsWith("arn:")) return { definitionArn: value };
  const arn = arnOf(call, "job-definition", value.replace(/\*$/, ""));
  return { definitionArnPrefix: value.endsWith("*") ? arn : `${arn}:` };
}

function jobSummary({ scheduler }: Backend, job: JobRecord): JobSummary {
  const { state, scheduling } = job;
  const last = state.attempts.at(-1);
  return {
    ...jobHead(job, scheduler),
    container: { exitCode: last?.exitCode, reason: last?.reason },
    capacityUsage: [
      { capacityUnit: runsPods(scheduling) ? "cpu" : "VCPU", quantity: scheduling.requirements.vcpuMilli / 1000 },
    ],
    ...(job.parent !== undefined && { arrayProperties: { index: job.parent.index } }),
    ...(job.parent === undefined &&
      scheduling.arraySize !== undefined && {
        arrayProperties: { size: scheduling.arraySize, statusSummary: statusSummary(job) },
      }),
    ...(scheduling.nodes !== undefined && { nodeProperties: nodeSummary(job, scheduling.nodes) }),
    ...(state.isCancelled && { isCancelled: true }),
    ...(state.isTerminated && { isTerminated: true }),
  };
}

function nodeSummary({ node }: JobRecord, { count, main }: Nodes): NodePropertiesSummary {
  if (node === undefined) return { numNodes: count };
  return { isMainNode: node.index === main, numNodes: count, nodeIndex: node.index };
}
