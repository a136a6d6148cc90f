import type { ResourceKind } from "../../ports/store.ts";
import { QuotaReached, StoreUnavailable } from "../../ports/store.ts";
import { RateLimit } from "../load/rate-limit.ts";
import { clientException, serverException } from "../wire/errors.ts";
import type { BatchHandlers, Call } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import { computeEnvironmentHandlers } from "./environments/compute-environments.ts";
import { consumableJobsHandler } from "./consumables/consumable-jobs.ts";
import { consumableResourceHandlers } from "./consumables/consumable-resources.ts";
import { DefaultResources } from "./environments/default-resources.ts";
import { describeJobsHandler } from "./jobs/describe-jobs.ts";
import { jobDefinitionHandlers } from "./definitions/job-definitions.ts";
import { listJobsHandler } from "./jobs/list-jobs.ts";
import { jobQueueHandlers } from "./queues/job-queues.ts";
import { scopeOf } from "./names.ts";
import { quotaShareHandlers } from "./sharing/quota-shares.ts";
import { schedulingPolicyHandlers } from "./sharing/scheduling-policies.ts";
import { serviceEnvironmentHandlers } from "./services/service-environments.ts";
import { serviceJobHandlers } from "./services/service-jobs.ts";
import { snapshotHandler } from "./queues/snapshot.ts";
import { submitServiceJobHandler } from "./services/submit-service-job.ts";
import { stopJobHandlers } from "./jobs/stop-jobs.ts";
import { submitJobHandler } from "./jobs/submit-job.ts";
import { tagHandlers } from "./tags/tag-operations.ts";
import { TakingTurns } from "./taking-turns.ts";
import { TEXTS } from "./texts.ts";

/** Every Batch operation that works; the wire layer answers for the others. */
export function batchHandlers(backend: Backend): BatchHandlers {
  const defaults = new DefaultResources(backend);
  const rate = new RateLimit(backend.limits.requestsPerSecond, backend.clock);
  const prepare = async (operation: string, call: Call): Promise<void> => {
    rate.admit(operation, scopeOf(call));
    await defaults.ensure(call);
  };
  return prepared(prepare, {
    ...computeEnvironmentHandlers(backend),
    ...jobQueueHandlers(backend),
    ...schedulingPolicyHandlers(backend),
    ...quotaShareHandlers(backend),
    ...serviceEnvironmentHandlers(backend),
    ...submitServiceJobHandler(backend),
    ...serviceJobHandlers(backend),
    ...consumableResourceHandlers(backend),
    ...consumableJobsHandler(backend),
    ...jobDefinitionHandlers(backend),
    ...submitJobHandler(backend),
    ...describeJobsHandler(backend),
    ...listJobsHandler(backend),
    ...snapshotHandler(backend),
    ...stopJobHandlers(backend),
    ...tagHandlers(backend),
  });
}

type AnyHandler = (input: never, call: Call) => Promise<unknown>;

/** Has `prepare` done before each operation, and names the errors of the store for what they are. */
function prepared(prepare: (operation: string, call: Call) => Promise<void>, handlers: BatchHandlers): BatchHandlers {
  const turns = new TakingTurns();
  const wrap =
    (name: string, handler: AnyHandler): AnyHandler =>
    async (input, call) => {
      try {
        await prepare(name, call);
        return await turns.run(name, scopeOf(call), () => handler(input, call));
      } catch (error) {
        throw toApiError(error);
      }
    };
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [name, wrap(name, handler as AnyHandler)]),
  );
}

/** Errors of the store, in the API's terms; any other as it is. */
export function toApiError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return serverException(error.message);
  if (!(error instanceof QuotaReached)) return error;
  const where = error.kind === "quota-share" ? "a job queue" : "a region";
  return clientException(TEXTS.quotaReached(error.quota, RESOURCES[error.kind], where));
}

const RESOURCES: Readonly<Record<ResourceKind, string>> = {
  "compute-environment": "compute environments",
  "job-queue": "job queues",
  "scheduling-policy": "scheduling policies",
  "quota-share": "quota shares",
  "service-environment": "service environments",
  "consumable-resource": "consumable resources",
};
