import type { KeyValuesPair, ListJobsByConsumableResourceSummary } from "@aws-sdk/client-batch";
import { JOB_STATUSES } from "../../../core/job.ts";
import type { JobQuery, JobRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { findConsumable } from "./consumable-resources.ts";
import { jobHead } from "../jobs/job-detail.ts";
import { Pages, pageSize } from "../pages.ts";
import { TEXTS } from "../texts.ts";

/** The jobs that need a consumable resource, whether they wait for it, hold it or are over (reference 3.6). Arrays are listed as one job. */
export function consumableJobsHandler(backend: Backend): Required<Pick<BatchHandlers, "ListJobsByConsumableResource">> {
  return {
    async ListJobsByConsumableResource({ consumableResource, filters, maxResults, nextToken }, call) {
      const { arn } = await findConsumable(backend, call, consumableResource);
      const query = toQuery(filters);
      const operation = ["ListJobsByConsumableResource", arn, query];
      const pages = new Pages<number>(backend, call, operation, nextToken, pageSize(maxResults));
      const { jobs, lookedTo } = await backend.store.jobs.listByConsumable(arn, {
        ...query,
        ...(pages.position !== undefined && { before: pages.position }),
        limit: pages.size + 1,
      });
      const { items, ...more } = pages.page(jobs, ({ seq }) => seq, lookedTo);
      return { jobs: items.map((job) => toSummary(backend, job, arn)), ...more };
    },
  };
}

/** Each filter once, and both of them if wanted. */
function toQuery(filters: readonly KeyValuesPair[] = []): Pick<JobQuery, "status" | "name"> {
  const values = new Map<string, string>();
  for (const { name = "", values: given = [] } of filters) {
    if (name !== "JOB_STATUS" && name !== "JOB_NAME") throw clientException(TEXTS.consumableJobFilter(name));
    if (given.length !== 1) throw clientException(TEXTS.oneFilterValue(name));
    if (values.has(name)) throw clientException(TEXTS.filterTwice(name));
    values.set(name, given[0]!);
  }
  const asked = values.get("JOB_STATUS");
  const status = JOB_STATUSES.find((one) => one === asked);
  if (asked !== undefined && status === undefined) throw clientException(TEXTS.jobStatus);
  const name = values.get("JOB_NAME");
  return { ...(status !== undefined && { status }), ...(name !== undefined && { name }) };
}

/** `quantity`: of the resource that was asked for. Each child of an array needs as much. */
function toSummary({ scheduler }: Backend, job: JobRecord, arn: string): ListJobsByConsumableResourceSummary {
  const { jobId: _, jobDefinition, status, stoppedAt: __, ...head } = jobHead(job, scheduler);
  const { consumables = [] } = job.scheduling;
  return {
    ...head,
    jobStatus: status,
    jobQueueArn: job.queueArn,
    jobDefinitionArn: jobDefinition,
    quantity: consumables.find((need) => need.arn === arn)!.quantity,
    consumableResourceProperties: {
      consumableResourceList: consumables.map((need) => ({ consumableResource: need.arn, quantity: need.quantity })),
    },
  };
}
