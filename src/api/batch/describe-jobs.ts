import type { EksConfiguration } from "@aws-sdk/client-batch";
import type { JobRecord, JobSpec } from "../../ports/store.ts";
import { validationException } from "../wire/errors.ts";
import type { BatchHandlers } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import { isPod } from "./definition-rules.ts";
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
      const configurations = await clusterConfigurations(backend, records, specs);
      const context = { ...backend, cluster: { nodeName: backend.machine.hostName, configurations } };
      return { jobs: records.map((job) => jobDetail(job, specs.get(ownerId(job))!, context)) };
    },
  };
}

/** The clusters in whose compute environments pods ran. */
async function clusterConfigurations(
  { store }: Backend,
  records: readonly JobRecord[],
  specs: ReadonlyMap<string, JobSpec>,
): Promise<Map<string, EksConfiguration>> {
  const pods = records.filter((job) => isPod(specs.get(ownerId(job))!));
  const arns = new Set(pods.flatMap(({ state }) => state.attempts.map(({ environmentArn }) => environmentArn)));
  const configurations = new Map<string, EksConfiguration>();
  for (const arn of arns) {
    const configuration = (await store.environments.get(arn))?.settings.eksConfiguration;
    if (configuration !== undefined) configurations.set(arn, configuration);
  }
  return configurations;
}
