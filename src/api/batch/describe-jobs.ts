import { validationException } from "../wire/errors.ts";
import type { BatchHandlers } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import { jobDetail } from "./job-detail.ts";
import { findJobs, ownerId } from "./job-records.ts";
import { scopeOf, toJobId } from "./names.ts";
import { TEXTS } from "./texts.ts";

/** DescribeJobs (reference 2.6). */
export function describeJobsHandler(backend: Backend): Required<Pick<BatchHandlers, "DescribeJobs">> {
  const { store } = backend;
  return {
    async DescribeJobs({ jobs }, call) {
      if (jobs.length > 100) throw validationException(TEXTS.tooManyJobs);
      const ids = [...new Set(jobs.map(toJobId))];
      const records = await findJobs(store.jobs, scopeOf(call), ids);
      const specs = await store.jobs.specs([...new Set(records.map(ownerId))]);
      return { jobs: records.map((job) => jobDetail(job, specs.get(ownerId(job))!, backend)) };
    },
  };
}
