import { BOOT_SECONDS_TAG, INTERRUPT_TAG, NEVER_JOINS_TAG } from "../../../core/environment-tags.ts";
import { memoryLadder } from "../../../core/submission/memory-ladder.ts";
import { FAILED_CHILDREN, parseArrayIndexes } from "../../../core/submission/array-indexes.ts";
import {
  ARRAY_CONCURRENCY_TAG,
  ARRAY_INDEXES_TAG,
  BACKFILL_TAG,
  countIn,
  EXPECTED_SECONDS_TAG,
  HISTORY_DAYS_TAG,
  INFRASTRUCTURE_RETRIES_TAG,
  MAX_RUNNING_JOBS_TAG,
  MEMORY_LADDER_TAG,
} from "../../../core/submission/own-tags.ts";
import type { Limits } from "../limits.ts";
import { OWN_LIMITS } from "../limits.ts";
import type { Rule } from "../rules.ts";
import { check, quotingRule } from "../rules.ts";
import type { Tags } from "./tags.ts";

/** A hundred years. */
const MAX_HISTORY_DAYS = 36_500;

/** Each attempt is kept with its job. */
const MAX_INFRASTRUCTURE_RETRIES = 100;

/** As good as none. */
const MAX_RUNNING_JOBS = 1_000_000;

/** A day. */
const MAX_FATE_SECONDS = 86_400;

/** A year. */
const MAX_EXPECTED_SECONDS = 31_536_000;

/** Tags of jobs and definitions that mean something here: docs/beyond-aws.md. */
export const OWN_TAG_RULES: readonly Rule<Tags>[] = [
  wholeNumber(ARRAY_CONCURRENCY_TAG, OWN_LIMITS.maxArraySize),
  wholeNumber(HISTORY_DAYS_TAG, MAX_HISTORY_DAYS),
  wholeNumber(INFRASTRUCTURE_RETRIES_TAG, MAX_INFRASTRUCTURE_RETRIES),
  quotingRule("memoryLadder", ({ [MEMORY_LADDER_TAG]: value }) =>
    value === undefined || memoryLadder(value, 1) !== undefined ? undefined : [MEMORY_LADDER_TAG, value],
  ),
  wholeNumber(EXPECTED_SECONDS_TAG, MAX_EXPECTED_SECONDS),
  quotingRule("arrayIndexes", ({ [ARRAY_INDEXES_TAG]: value }) =>
    value === undefined || value === FAILED_CHILDREN || parseArrayIndexes(value) !== undefined
      ? undefined
      : [ARRAY_INDEXES_TAG, value],
  ),
];

/** Tags of job queues. */
export const OWN_QUEUE_TAG_RULES: readonly Rule<Tags>[] = [
  quotingRule("ownFlag", ({ [BACKFILL_TAG]: value }) =>
    value === undefined || value === "true" || value === "false" ? undefined : [BACKFILL_TAG, value],
  ),
  wholeNumber(MAX_RUNNING_JOBS_TAG, MAX_RUNNING_JOBS),
];

/** Tags of compute environments. */
export const OWN_ENVIRONMENT_TAG_RULES: readonly Rule<Tags>[] = [
  wholeNumber(BOOT_SECONDS_TAG, MAX_FATE_SECONDS),
  wholeNumber(INTERRUPT_TAG, MAX_FATE_SECONDS),
  quotingRule("ownFlag", ({ [NEVER_JOINS_TAG]: value }) =>
    value === undefined || value === "true" || value === "false" ? undefined : [NEVER_JOINS_TAG, value],
  ),
];

function wholeNumber(tag: string, most: number): Rule<Tags> {
  return quotingRule<Tags, "ownTag">("ownTag", ({ [tag]: value }) => {
    const isValid = value === undefined || (countIn(value) ?? Infinity) <= most;
    return isValid ? undefined : [tag, value, most];
  });
}

/** Of one array, and of no other. */
const NOT_A_JOBS_RULES: readonly Rule<Tags>[] = [
  quotingRule("arrayIndexesMisplaced", ({ [ARRAY_INDEXES_TAG]: value }) =>
    value === undefined ? undefined : [ARRAY_INDEXES_TAG],
  ),
];

/** Of definitions and service jobs. With --strict they are tags like any other. */
export function validateOwnTags(tags: Tags | undefined, limits: Limits): void {
  if (limits.extensions) check([...OWN_TAG_RULES, ...NOT_A_JOBS_RULES], tags ?? {});
}

export function validateQueueTags(tags: Tags | undefined, limits: Limits): void {
  if (limits.extensions) check(OWN_QUEUE_TAG_RULES, tags ?? {});
}

export function validateEnvironmentTags(tags: Tags | undefined, limits: Limits): void {
  if (limits.extensions) check(OWN_ENVIRONMENT_TAG_RULES, tags ?? {});
}

/** What the tags of a job, else of its definition, ask of the scheduler. A tag that changes later changes nothing. */
export function askedByTags(job: Tags | undefined, definition: Tags | undefined, limits: Limits) {
  const valueOf = (tag: string): string | undefined =>
    limits.extensions ? (job?.[tag] ?? definition?.[tag]) : undefined;
  const numberOf = (tag: string): number | undefined => countIn(valueOf(tag));
  return {
    maxActiveChildren: numberOf(ARRAY_CONCURRENCY_TAG),
    expectedSeconds: numberOf(EXPECTED_SECONDS_TAG),
    memoryLadder: valueOf(MEMORY_LADDER_TAG),
    infrastructureRetries: numberOf(INFRASTRUCTURE_RETRIES_TAG),
  };
}
