import { isTerminal, SERVICE_JOB_STATUSES } from "../../../core/job.ts";
import type { JobStatus } from "../../../core/job.ts";
import type { JobPlace, JobRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { isPriority } from "../definitions/definition-rules.ts";
import type { JobFilter } from "../jobs/job-filters.ts";
import { commonFilter, filterRules } from "../jobs/job-filters.ts";
import { findJobs } from "../jobs/job-records.ts";
import { arnOf, scopeOf, toJobId } from "../names.ts";
import { Pages, pageSize } from "../pages.ts";
import { findQueue } from "../queues/queue-lookup.ts";
import type { Rule } from "../rules.ts";
import { check, rule } from "../rules.ts";
import { serviceJobDetail, serviceJobSummary } from "./service-job-detail.ts";
import { TEXTS } from "../texts.ts";

type Operations = "DescribeServiceJob" | "ListServiceJobs" | "UpdateServiceJob";
type Listing = BatchInput<"ListServiceJobs">;

/** Service jobs after their submission (reference 3.7); TerminateServiceJob is where jobs are stopped. */
export function serviceJobHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, scheduler } = backend;
  return {
    async DescribeServiceJob({ jobId }, call) {
      const job = await find(backend, call, jobId);
      const spec = (await store.jobs.specs([job.id])).get(job.id)!;
      return serviceJobDetail(job, spec, scheduler);
    },

    async ListServiceJobs(input, call) {
      check(SERVICE_LIST_RULES, input);
      const queue = await findQueue(backend, call, input.jobQueue!);
      const query = toQuery(input);
      const size = pageSize(input.maxResults);
      const pages = new Pages<JobPlace>(backend, call, ["ListServiceJobs", queue.arn, query], input.nextToken, size);
      if (queue.settings.jobQueueType !== "SAGEMAKER_TRAINING") return { jobSummaryList: [] };
      const read = await store.jobs.list(queue.arn, {
        ...query,
        ...(pages.position !== undefined && { after: pages.position }),
        limit: size + 1,
      });
      const { items, ...more } = pages.page(read, ({ place }) => place);
      return { jobSummaryList: items.map(({ job }) => serviceJobSummary(job, scheduler)), ...more };
    },

    async UpdateServiceJob({ jobId, schedulingPriority }, call) {
      check(SERVICE_UPDATE_RULES, { schedulingPriority });
      const { id, name, state } = await find(backend, call, jobId);
      if (isTerminal(state.status)) throw clientException(TEXTS.serviceJobOver(id, state.status));
      await store.jobs.setPriority(id, schedulingPriority);
      await scheduler.nudgePriority(id);
      return { jobArn: arnOf(call, "service-job", id), jobName: name, jobId: id };
    },
  };
}

async function find({ store }: Backend, call: Call, idOrArn: string): Promise<JobRecord> {
  const [job] = await findJobs(store.jobs, scopeOf(call), [toJobId(idOrArn)], "service-job");
  if (job === undefined) throw clientException(TEXTS.serviceJobNotFound(toJobId(idOrArn)));
  return job;
}

const FILTERS = new Set(["JOB_NAME", "BEFORE_CREATED_AT", "AFTER_CREATED_AT", "SHARE_IDENTIFIER", "QUOTA_SHARE_NAME"]);
const OF_SHARES = new Set(["SHARE_IDENTIFIER", "QUOTA_SHARE_NAME"]);

export const SERVICE_LIST_RULES: readonly Rule<Listing>[] = [
  rule("serviceQueueRequired", ({ jobQueue }) => !jobQueue, "bare"),
  rule(
    "serviceJobStatus",
    ({ jobStatus }) => Boolean(jobStatus) && !SERVICE_JOB_STATUSES.includes(jobStatus as JobStatus),
    "bare",
  ),
  ...filterRules("serviceFilterName", FILTERS),
];

export const SERVICE_UPDATE_RULES: readonly Rule<Pick<BatchInput<"UpdateServiceJob">, "schedulingPriority">>[] = [
  rule("schedulingPriority", ({ schedulingPriority }) => !isPriority(schedulingPriority)),
];

/** A filter means all states, except those of shares, which go with a status. */
function toQuery({ jobStatus, filters = [] }: Listing): JobFilter {
  const [filter] = filters;
  if (filter === undefined) return { status: jobStatus || "RUNNING" };
  return { ...commonFilter(filter), ...(OF_SHARES.has(filter.name!) && jobStatus && { status: jobStatus }) };
}
