import type {
  ComputeEnvironmentDetail,
  DescribeQuotaShareResponse,
  DescribeServiceJobResponse,
  ConsumableResourceProperties,
  JobDefinition,
  JobDependency,
  JobQueueDetail,
  JobTimeout,
  PlatformCapability,
  RetryStrategy,
  SchedulingPolicyDetail,
  ServiceEnvironmentDetail,
} from "@aws-sdk/client-batch";
import type { Change, Fact, Outcome } from "../core/changes.ts";
import type { DriverName } from "../core/driver-name.ts";
import type { Told } from "../core/events/event.ts";
import type { RecordedChildren } from "../core/array.ts";
import type { Job, JobState, JobStatus, Scheduling, StopRequest } from "../core/job.ts";
import type { ShareUse } from "../core/order/share-use.ts";
import type { AttemptUses } from "./attempt-uses.ts";
import type { JobFamily } from "./job-family.ts";
import type { JobSearch } from "./job-search.ts";
import type { JobProperties } from "../core/submission/job-properties.ts";
import type { Replacement, ResourceStatus } from "../core/resources.ts";

/**
 * What is kept. A promise of a write resolves when the write is durable (synced), and every read sees all acknowledged writes. Each column has one
 * writer: the API inserts and edits resources, inserts jobs and stop requests; the engine writes the state of jobs and the status of resources.
 */
export interface Store {
  readonly environments: ResourceTable<EnvironmentSettings>;
  readonly queues: ResourceTable<QueueSettings>;
  readonly schedulingPolicies: ResourceTable<SchedulingPolicySettings>;
  readonly quotaShares: ResourceTable<QuotaShareSettings>;
  readonly serviceEnvironments: ResourceTable<ServiceEnvironmentSettings>;
  readonly consumableResources: ConsumableResourceTable;
  readonly clientTokens: ClientTokenTable;
  readonly definitions: DefinitionTable;
  readonly jobs: JobTable;
  readonly jobSearch: JobSearch<JobRecord>;
  readonly tags: TagTable;
  readonly uses: AttemptUses;
  readonly scheduling: SchedulingStore;
  /** Names this store for ever: what a driver makes is labelled with it. */
  readonly clusterId: string;
  /** The secret with which `nextToken`s are signed; this store keeps it for ever. */
  readonly tokenKey: string;
  close(): Promise<void>;
}

/** Thrown (as a rejection) when the store cannot write or read: a full disk, a broken file. Nothing of the write has happened. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

/** What is kept cannot be read: the store is to be restored from a backup. */
export class StoreDamaged extends StoreUnavailable {
  constructor(what: string, options?: ErrorOptions) {
    super(`${what}: restore the last backup with \`longshore restore\`.`, options);
  }
}

/** A write by a leader that is no longer the leader. Nothing of it has happened. */
export class StaleEpoch extends Error {
  override readonly name = "StaleEpoch";
}

/** A job to be inserted depends on one that is not there. Nothing of it has happened. */
export class UnknownDependency extends Error {
  override readonly name = "UnknownDependency";
  readonly jobId: string;

  constructor(jobId: string) {
    super(`there is no job ${jobId}`);
    this.jobId = jobId;
  }
}

/** One more resource of this kind would be too many. Nothing has happened. */
export class QuotaReached extends Error {
  override readonly name = "QuotaReached";
  readonly kind: ResourceKind;
  readonly quota: number;

  constructor(kind: ResourceKind, quota: number) {
    super(`there are ${quota} of kind ${kind}`);
    this.kind = kind;
    this.quota = quota;
  }
}

export type ResourceKind =
  | "compute-environment"
  | "job-queue"
  | "scheduling-policy"
  | "quota-share"
  | "service-environment"
  | "consumable-resource";

/** `account/region`: whose resource it is. */
export type Scope = string;

export interface ResourceRecord<Settings> {
  readonly arn: string;
  readonly scope: Scope;
  readonly name: string;
  readonly version: number;
  readonly createdAt: number;
  readonly status: ResourceStatus;
  readonly statusReason: string;
  readonly settings: Settings;
}

/** The members of the API's detail shape that the user determines. */
export interface EnvironmentSettings extends Omit<
  ComputeEnvironmentDetail,
  "computeEnvironmentArn" | "computeEnvironmentName" | "status" | "statusReason"
> {
  /** Not shown: of the last infrastructure update. */
  readonly replacement?: Replacement;
}
export type QueueSettings = Omit<JobQueueDetail, "jobQueueArn" | "jobQueueName" | "status" | "statusReason">;

export type SchedulingPolicySettings = Omit<SchedulingPolicyDetail, "arn" | "name">;
export type QuotaShareSettings = Omit<DescribeQuotaShareResponse, "quotaShareArn" | "quotaShareName" | "status">;
export type ServiceEnvironmentSettings = Omit<
  ServiceEnvironmentDetail,
  "serviceEnvironmentArn" | "serviceEnvironmentName" | "status"
>;
export interface ConsumableSettings {
  /** What was given to the resource in all; what jobs have used up for good is still in it. */
  readonly totalQuantity: number;
  readonly resourceType: "REPLENISHABLE" | "NON_REPLENISHABLE";
  readonly tags: Record<string, string>;
}

export interface ResourceTable<Settings> {
  /** False, and nothing done, when there is one of that ARN. Rejects with QuotaReached. */
  insert(record: Omit<ResourceRecord<Settings>, "version">): Promise<boolean>;
  get(arn: string): Promise<ResourceRecord<Settings> | undefined>;
  /** In order of name, those after `after`. */
  list(scope: Scope, page: { after?: string; limit: number }): Promise<ResourceRecord<Settings>[]>;
  /** In how many regions the account has any; counts no further than `most`. */
  regionsOf(account: string, most: number): Promise<number>;
  /** False, and nothing done, when the stored version is not `expected.version`. The tags stay what they are. */
  update(
    expected: Pick<ResourceRecord<Settings>, "arn" | "version">,
    change: Pick<ResourceRecord<Settings>, "status" | "statusReason" | "settings">,
  ): Promise<boolean>;
  /** At once: for kinds that the engine does not lead through a life of their own. Absent: nothing happens. */
  remove(arn: string): Promise<void>;
}

export interface ConsumableRecord extends ResourceRecord<ConsumableSettings> {
  /** What jobs have used up of it for good: written by the engine, with the ends of their attempts. */
  readonly usedUp: number;
}

export interface ConsumableResourceTable extends Pick<ResourceTable<ConsumableSettings>, "insert" | "remove"> {
  get(arn: string): Promise<ConsumableRecord | undefined>;
  /** `name`: case-insensitive, `*` at the end matches any rest. */
  list(scope: Scope, page: { after?: string; limit: number; name?: string }): Promise<ConsumableRecord[]>;
  /**
   * Sets or changes what is left in all (what was given less what was used up), atomically. False, and nothing done, when that would become
   * negative or more than a whole number can be, or when there is no such resource. Rejects with TokenTaken, and nothing is done, when the token was used.
   */
  changeTotal(
    arn: string,
    change: { readonly operation: "SET" | "ADD" | "REMOVE"; readonly quantity: number },
    token: ClientToken | undefined,
  ): Promise<boolean>;
}

/** A client's own name for a request, so that the same request sent twice is done once. Kept in the transaction of what it names. */
export interface ClientToken {
  readonly scope: Scope;
  readonly operation: string;
  readonly token: string;
  /** Of the request without its token: the same token with another one is a mistake. */
  readonly fingerprint: string;
  /** What was answered, where it cannot be told again from the resource. */
  readonly answer: string;
  /** Epoch ms, of the request. */
  readonly now: number;
  /** Epoch ms; from then on the token is as good as never used. */
  readonly expiresAt: number;
}

/** A write whose token was used before. Nothing of it has happened. */
export class TokenTaken extends Error {
  override readonly name = "TokenTaken";
}

export interface ClientTokenTable {
  /** The request that used this token and has not expired. */
  find(
    token: Pick<ClientToken, "scope" | "operation" | "token" | "now">,
  ): Promise<Pick<ClientToken, "fingerprint" | "answer"> | undefined>;
}

/** What has tags: resources and definition revisions by ARN; jobs and arrays, not their children, by id; log groups by name. */
export type Tagged =
  | { readonly kind: "resource" | "definition"; readonly arn: string }
  | { readonly kind: "job" | "service-job"; readonly id: string; readonly scope: Scope }
  | { readonly kind: "log-group"; readonly name: string; readonly scope: Scope };

/**
 * The tags that are kept in the settings of resources and definitions and in the specs of jobs. They are written by the insert of these and here, and
 * nowhere else: so no other edit undoes a change of tags, and none of a resource's versions or states is touched by one.
 */
export interface TagTable {
  get(tagged: Tagged): Promise<Record<string, string> | undefined>;
  /** Adds, replaces and (null) removes tags, all at once. Nothing is done when more than `max` would be there. */
  change(
    tagged: Tagged,
    changes: Readonly<Record<string, string | null>>,
    max: number,
  ): Promise<"changed" | "unknown" | "too many">;
}

export interface DefinitionRecord {
  readonly arn: string;
  readonly scope: Scope;
  readonly name: string;
  readonly revision: number;
  readonly status: "ACTIVE" | "INACTIVE";
  readonly settings: DefinitionSettings;
}

export type DefinitionSettings = Omit<JobDefinition, "jobDefinitionName" | "jobDefinitionArn" | "revision" | "status">;

export interface DefinitionTable {
  /** Makes the next revision of `name`: one above the highest there ever was. `unrevisionedArn` ends in the name. */
  register(definition: {
    scope: Scope;
    name: string;
    unrevisionedArn: string;
    createdAt: number;
    settings: DefinitionSettings;
  }): Promise<DefinitionRecord>;
  get(arn: string): Promise<DefinitionRecord | undefined>;
  latestActive(scope: Scope, name: string): Promise<DefinitionRecord | undefined>;
  /** By name, newest revision first; `after` is the last record of the page before. */
  list(scope: Scope, query: DefinitionQuery): Promise<DefinitionRecord[]>;
  /** Whether there ever was one of this name. */
  wasRegistered(scope: Scope, name: string): Promise<boolean>;
  /** ACTIVE to INACTIVE; anything else stays. */
  deregister(arn: string, now: number): Promise<void>;
}

export interface DefinitionQuery {
  readonly name?: string;
  readonly status?: string;
  readonly after?: { readonly name: string; readonly revision: number };
  readonly limit: number;
}

/** What to run and what the user said, overrides merged into the definition: fixed at submission. */
export interface JobSpec extends JobProperties {
  readonly parameters: Record<string, string>;
  readonly dependsOn: readonly JobDependency[];
  readonly retryStrategy: RetryStrategy;
  readonly timeout?: JobTimeout;
  readonly tags: Record<string, string>;
  readonly propagateTags: boolean;
  readonly platformCapabilities: readonly PlatformCapability[];
  readonly schedulingPriority?: number;
  readonly consumableResourceProperties?: ConsumableResourceProperties;
  /** Service jobs only; they have none of JobProperties. */
  readonly service?: ServiceJobSpec;
  /** The access key that the job was submitted with, where that is a known one: what the job itself may do is what this key may. */
  readonly submittedBy?: string;
  /** The indexes that an array's children see, or a single job does: as parseArrayIndexes reads them. */
  readonly arrayIndexes?: string;
  /** The header of that name of the request that it was submitted with (W3C Trace Context). */
  readonly traceparent?: string;
}

/** What the user said of a service job, as DescribeServiceJob echoes it. */
export type ServiceJobSpec = Pick<
  DescribeServiceJobResponse,
  "retryStrategy" | "timeoutConfig" | "preemptionConfiguration" | "quotaShareName"
> & { readonly serviceRequestPayload: string };

export interface NewJob {
  readonly id: string;
  readonly scope: Scope;
  readonly queueArn: string;
  readonly name: string;
  readonly definitionArn: string;
  readonly createdAt: number;
  /** In queues with a fair-share policy; in those with a quota-share policy the name of the job's share. */
  readonly shareIdentifier?: string;
  readonly scheduling: Scheduling;
  readonly spec: JobSpec;
}

/** A job as the API reads it. A child has its parent's scheduling; its spec is the parent's too and only there. */
export interface JobRecord extends Omit<NewJob, "spec"> {
  readonly seq: number;
  readonly parent?: { readonly id: string; readonly index: number };
  /** Of a node of a multi-node parallel job, which has no row of its own: `id` is `job#node`, all else but the state is the job's. */
  readonly node?: { readonly jobId: string; readonly index: number };
  readonly state: JobState;
  /** Of an array parent, once a child has a record. */
  readonly recorded?: RecordedChildren;
}

export interface JobTable extends JobFamily {
  /** How many jobs there are that are not over. Costs in their number. */
  countUnfinished(): Promise<number>;
  /** Rejects, and nothing is done, with UnknownDependency when a job that it depends on is gone, with TokenTaken when the token was used. */
  insert(job: NewJob, token?: ClientToken): Promise<void>;
  /** The schedulingPriority that is shown; and that by which the job is served, if its queue has a scheduling policy. */
  setPriority(id: string, schedulingPriority: number): Promise<void>;
  /** Those of `ids` that have a record, in any order. */
  find(scope: Scope, ids: readonly string[]): Promise<JobRecord[]>;
  /** The same, each with its spec; a child has none of its own. */
  findWithSpecs(scope: Scope, ids: readonly string[]): Promise<{ readonly job: JobRecord; readonly spec?: JobSpec }[]>;
  /** Where a job of whatever account comes from; undefined for an id that has no record. */
  origin(id: string): Promise<{ scope: Scope; status: JobStatus; submittedBy?: string } | undefined>;
  /** By a job's number and a child's index; of every account. Those that have no record are left out. */
  findByNumber(jobs: readonly { readonly seq: number; readonly index?: number }[]): Promise<JobRecord[]>;
  /** Whether a share has a job in the queue that is not over, and how many shares have: counted to `limit` at most. */
  activeShares(queueArn: string, share: string, limit: number): Promise<{ isActive: boolean; count: number }>;
  /** By job id; for children ask with the parent's id. */
  specs(ids: readonly string[]): Promise<Map<string, JobSpec>>;
  /** Single jobs and array parents of a queue, newest first, each with the place where a list that ends with it goes on. */
  list(queueArn: string, query: JobQuery): Promise<{ readonly job: JobRecord; readonly place: JobPlace }[]>;
  /** Recorded children of an array that have this status, by index, those behind `after`. */
  children(parentId: string, query: { status: JobStatus; after: number; limit: number }): Promise<JobRecord[]>;
  /**
   * Single jobs and array parents that need a consumable resource, newest first. `lookedTo` is there when many were looked at and those behind
   * this `seq` were not.
   */
  listByConsumable(
    arn: string,
    query: Pick<JobQuery, "status" | "name" | "limit"> & { readonly before?: number },
  ): Promise<{ jobs: JobRecord[]; lookedTo?: number }>;
  /** Asks for the end of jobs. A terminate replaces any other; otherwise the first one stays. */
  requestStops(jobIds: readonly string[], stop: StopRequest, now: number): Promise<void>;
}

/** At most one of `status`, `name`, `definitionArn` and `definitionArnPrefix`. */
export interface JobQuery {
  readonly status?: JobStatus;
  /** Case-insensitive, `*` at the end matches any rest. */
  readonly name?: string;
  /** One revision, or all whose ARN begins so; the case matters. */
  readonly definitionArn?: string;
  readonly definitionArnPrefix?: string;
  readonly createdBefore?: number;
  readonly createdAfter?: number;
  readonly shareIdentifier?: string;
  /** The place of the last job of the page before. */
  readonly after?: JobPlace;
  readonly limit: number;
}

/** A place in a list of jobs: behind the one that was submitted as number `seq`. */
export interface JobPlace {
  readonly createdAt: number;
  readonly seq: number;
  /** In a list of jobs of many names or definitions: those from which on and up to which are listed now. */
  readonly portion?: { readonly from: string; readonly until: string };
}

/** The engine's side of the store. */
export interface SchedulingStore {
  /** Makes the caller the leader: every earlier epoch is stale from now on. */
  lead(): Promise<number>;
  /** All that a new world needs, in an order in which it can be applied. */
  load(): Promise<Fact[]>;
  resources(): Promise<Fact[]>;
  /** Jobs submitted after the one with `afterSeq`, in order of submission, and all open stop requests. The next look goes on after `lastSeq`. */
  news(
    afterSeq: number,
    limit: number,
  ): Promise<{ jobs: readonly Job[]; stops: readonly Fact[]; lastSeq: number; isPartial: boolean }>;
  /** The priorities of these jobs, as they are now; those that have none are left out. */
  priorities(jobIds: readonly string[]): Promise<readonly Fact[]>;
  /** What the attempts of a queue's shares that ended at or after `since` (epoch ms) have used, of jobs that are over. */
  shareUses(queueArn: string, since: number): Promise<ShareUse[]>;
  /** How jobs ended. Unknown ids count as failed. */
  outcomes(jobIds: readonly string[]): Promise<Map<string, Outcome>>;
  /** What dispatch needs to start these jobs' attempts: by job id; a child has its parent's. */
  launches(jobs: readonly Pick<Job, "id" | "parent">[]): Promise<Map<string, Launch>>;
  /** Whether an attempt that is not over runs on this driver. */
  hasAttemptsOn(driver: DriverName): Promise<boolean>;
  /** All or nothing, with the events that tell of it. Rejects with StaleEpoch when another one leads by now. */
  commit(epoch: number, changes: readonly Change[], told?: Told): Promise<void>;
}

export interface Launch {
  readonly scope: Scope;
  readonly spec: JobSpec;
  readonly arraySize?: number;
}
