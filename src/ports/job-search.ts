import type { JobStatus } from "../core/job.ts";
import type { JobFilter, TagFilter, TimeRange } from "../core/search/job-filter.ts";

/** `POST /longshore/job-search`, as the console asks and the server answers. Times are epoch ms; `from` is included, `to` is not. */
export interface JobSearchRequest {
  readonly filters?: JobFilters;
  /** By the time of submission; "newest" (the default) comes first. */
  readonly sort?: JobSort;
  /** 1 to 1,000; 100 by default. */
  readonly limit?: number;
  /** `nextToken` or `previousToken` of an answer to the same filters and sort. */
  readonly pageToken?: string;
  /** Whether `counts` are wanted. */
  readonly counts?: boolean;
}

export type JobSort = "newest" | "oldest";

/** All of them must hold; of a list, one of its entries is enough, but of `tags` all are needed. */
export interface JobFilters {
  /** Names or ARNs. Jobs of queues that were deleted are found, too. */
  readonly queues?: readonly string[];
  readonly statuses?: readonly JobStatus[];
  /** The case does not matter: `abc` is the whole name, `abc*` its beginning, `*abc*` a part of it. */
  readonly name?: string;
  /** A name (all its revisions), a name with a revision (`name:3`), the beginning of a name (`abc*`), or an ARN. */
  readonly definitions?: readonly string[];
  readonly tags?: readonly TagFilter[];
  readonly shares?: readonly string[];
  readonly created?: TimeRange;
  readonly started?: TimeRange;
  readonly stopped?: TimeRange;
  /** Of the last attempt. */
  readonly exitCodes?: readonly number[];
  /** A part of the job's statusReason or its last attempt's reason, whatever the case. */
  readonly reason?: string;
  /** Ids; children (`id:3`) and nodes (`id#0`), too. With them nothing is searched: those that there are and that match are the answer. */
  readonly jobIds?: readonly string[];
  /** Whether children of arrays are looked at, too; each follows its array. Their tags are the array's. */
  readonly children?: boolean;
}

export interface JobSearchAnswer {
  readonly jobs: readonly FoundJob[];
  /** Where the search goes on; absent when there is nothing more. */
  readonly nextToken?: string;
  /** What comes before the first job: on the first page, newer ones that came since. Absent where there is no job, or children are looked at. */
  readonly previousToken?: string;
  /** So much was looked at that the rest is left to the next request. The page may have few jobs, even none. */
  readonly isPartial: boolean;
  /** Of a partial answer: everything was looked at down to (in "oldest": up to) jobs of this time. */
  readonly lookedTo?: number;
  /** How many jobs (no children) of the queues asked for there are in each status, whatever else the filters say. */
  readonly counts?: readonly StatusCount[];
}

export interface StatusCount {
  readonly status: JobStatus;
  readonly count: number;
  /** There are more: it was not counted any further. */
  readonly isMore?: true;
}

/** A row of a table of jobs. */
export interface FoundJob {
  readonly jobId: string;
  readonly jobName: string;
  readonly jobArn: string;
  /** ARN. */
  readonly jobQueue: string;
  readonly jobDefinition: string;
  readonly status: JobStatus;
  /** Of a RUNNABLE job: why it waits, in short. */
  readonly statusReason?: string;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly stoppedAt?: number;
  readonly shareIdentifier?: string;
  readonly attempts: number;
  /** Of the last attempt. */
  readonly exitCode?: number;
  readonly reason?: string;
  readonly resources: { readonly vcpus: number; readonly memoryMiB: number; readonly gpus: number };
  readonly tags: Readonly<Record<string, string>>;
  /** Of an array: how many of its children have which status. Of a child: its index. */
  readonly array?:
    | { readonly size: number; readonly counts: Readonly<Record<string, number>> }
    | { readonly index: number };
  readonly nodes?: number;
  /** What the attempts that are over would have cost on AWS, US dollars, where it is known; not of arrays. */
  readonly costUsd?: number;
  readonly isCancelled?: true;
  readonly isTerminated?: true;
}

/** `POST /longshore/job-search/stop`: one bounded step of stopping all jobs that match. */
export interface JobStopRequest {
  readonly filters?: JobFilters;
  /** "count" stops nothing, and tells how many jobs "terminate" would ask to end. */
  readonly action: "cancel" | "terminate" | "count";
  /** 1 to 1,024 characters; not for "count". */
  readonly reason?: string;
  readonly pageToken?: string;
}

export interface JobStopAnswer {
  /** How many jobs that are not over were found in this step (and asked to end, unless `action` was "count"), by their status until now. */
  readonly found: Readonly<Partial<Record<JobStatus, number>>>;
  /** How many of them are arrays, whose children are not counted here. */
  readonly arrays: number;
  /** Jobs that were not stopped, and why. */
  readonly refused: readonly { readonly jobId: string; readonly message: string }[];
  /** Down to jobs of this time. */
  readonly lookedTo?: number;
  /** Absent when all have been looked at. */
  readonly nextToken?: string;
}

/** The store's side: names are resolved, and nothing is left to be interpreted. */
export interface StoredSearch extends JobFilter {
  /** All queues of this beginning, where `queueArns` are not given. */
  readonly queueArnPrefix: string;
  readonly queueArns?: readonly string[];
  /** Arrays are found as well when only their children may match. */
  readonly arraysToo: boolean;
}

export interface SearchPlace {
  readonly createdAt: number;
  readonly seq: number;
}

export interface SearchPage {
  readonly order: JobSort;
  readonly after?: SearchPlace;
  readonly limit: number;
  /** Asked between steps of some milliseconds: true ends the search where it is. */
  readonly isOver: () => boolean;
}

export interface SearchResult<Job> {
  readonly found: readonly SearchedJob<Job>[];
  /** Absent when everything was looked at: there is nothing more behind this place then. */
  readonly lookedTo?: SearchPlace;
  readonly isPartial: boolean;
}

export interface SearchedJob<Job> {
  readonly job: Job;
  readonly tags: Readonly<Record<string, string>>;
  readonly place: SearchPlace;
  /** False: an array that was found for its children's sake only. */
  readonly isMatch: boolean;
}

/** Single jobs and array parents by any filters at once. */
export interface JobSearch<Job> {
  /** Rejects with TooManyQueues. */
  find(search: StoredSearch, page: SearchPage): Promise<SearchResult<Job>>;
  /** Counts no further than `most` jobs of each status. */
  counts(queues: Pick<StoredSearch, "queueArns" | "queueArnPrefix">, most: number): Promise<StatusCount[]>;
}

/** More queues, with those that were deleted and have jobs, than are looked through together. */
export class TooManyQueues extends Error {
  override readonly name = "TooManyQueues";
  readonly limit: number;

  constructor(limit: number) {
    super(`there are jobs of more than ${limit} queues`);
    this.limit = limit;
  }
}
