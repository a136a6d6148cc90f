import type { EksConfiguration } from "@aws-sdk/client-batch";
import type { JobRecord, JobSpec } from "../../../ports/store.ts";
import { validationException } from "../../wire/errors.ts";
import type { BatchHandlers } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { isPod } from "../definitions/definition-rules.ts";
import { jobDetail } from "./job-detail.ts";
import { findJobsWithSpecs } from "./job-records.ts";
import { scopeOf, toJobId } from "../names.ts";
import { TEXTS } from "../texts.ts";

/** DescribeJobs (reference 2.6). */
export function describeJobsHandler(backend: Backend): Required<Pick<BatchHandlers, "DescribeJobs">> {
  const { store } = backend;
  return {
    async DescribeJobs({ jobs }, call) {
      if (jobs.length > 100) throw validationException(TEXTS.tooManyJobs);
      const ids = [...new Set(jobs.map(toJobId))];
      const found = await findJobsWithSpecs(store.jobs, scopeOf(call), ids);
      const configurations = await clusterConfigurations(backend, found);
      const context = { ...backend, cluster: { nodeName: backend.machine.hostName, configurations } };
      return { jobs: found.map(({ job, spec }) => jobDetail(job, spec, context)) };
    },
  };
}

/** The clusters in whose compute environments pods ran. */
export async function clusterConfigurations(
  { store }: { readonly store: Pick<Backend["store"], "environments"> },
  found: readonly { readonly job: JobRecord; readonly spec: JobSpec }[],
): Promise<Map<string, EksConfiguration>> {
  const attempts = found.flatMap(({ job, spec }) => (isPod(spec) ? job.state.attempts : []));
  const arns = new Set(attempts.map(({ environmentArn }) => environmentArn));
  const configurations = new Map<string, EksConfiguration>();
  for (const arn of arns) {
    const configuration = (await store.environments.get(arn))?.settings.eksConfiguration;
    if (configuration !== undefined) configurations.set(arn, configuration);
  }
  return configurations;
}
