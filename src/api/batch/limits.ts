import type { ResourceKind } from "../../ports/store.ts";
import type { BatchOperationName } from "../wire/operations.ts";

/** What requests may ask for, and for how long their results are kept. */
export interface Limits {
  /** Whether requests may use what AWS Batch does not have: docs/beyond-aws.md. */
  readonly extensions: boolean;
  readonly maxArraySize: number;
  /** In which an account can have resources. AWS has fewer. */
  readonly maxRegions: number;
  /** For each account and region. */
  readonly requestsPerSecond: Readonly<Partial<Record<BatchOperationName, number>>>;
  /** For each account and region; quota shares: for each job queue. */
  readonly resources: Readonly<Partial<Record<ResourceKind, number>>>;
  readonly history: {
    /** For how many days jobs are kept after their end; undefined: for ever. */
    readonly jobDays: number | undefined;
    readonly tagsCount: boolean;
    readonly definitionDays: number | undefined;
  };
}

/** Longshore's own: they protect the server, and are above what anybody needs. */
export const OWN_LIMITS: Limits = {
  extensions: true,
  maxArraySize: 1_000_000,
  maxRegions: 100,
  requestsPerSecond: {},
  // Each tick of the scheduler, which serves all accounts, looks at each queue and environment.
  resources: {
    "compute-environment": 1_000,
    "job-queue": 1_000,
    "scheduling-policy": 1_000,
    "service-environment": 1_000,
    "consumable-resource": 50_000,
    "quota-share": 1_000,
  },
  history: { jobDays: undefined, tagsCount: true, definitionDays: undefined },
};

/** AWS's quotas (reference 2.5, 9), for who tests against them: `--strict`. */
export const AWS_LIMITS: Limits = {
  extensions: false,
  maxArraySize: 10_000,
  maxRegions: 100,
  requestsPerSecond: { SubmitJob: 50, SubmitServiceJob: 5 },
  resources: {
    "compute-environment": 50,
    "job-queue": 50,
    "service-environment": 50,
    "consumable-resource": 50_000,
    "quota-share": 20,
  },
  history: { jobDays: 7, tagsCount: false, definitionDays: 180 },
};
