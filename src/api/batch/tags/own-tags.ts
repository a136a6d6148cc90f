import { ARRAY_CONCURRENCY_TAG, HISTORY_DAYS_TAG } from "../../../core/submission/own-tags.ts";
import type { Limits } from "../limits.ts";
import { OWN_LIMITS } from "../limits.ts";
import type { Rule } from "../rules.ts";
import { check, quotingRule } from "../rules.ts";
import type { Tags } from "./tags.ts";

/** A hundred years. */
const MAX_HISTORY_DAYS = 36_500;

/** Tags of jobs and definitions that mean something here: docs/beyond-aws.md. */
export const OWN_TAG_RULES: readonly Rule<Tags>[] = [
  wholeNumber(ARRAY_CONCURRENCY_TAG, OWN_LIMITS.maxArraySize),
  wholeNumber(HISTORY_DAYS_TAG, MAX_HISTORY_DAYS),
];

function wholeNumber(tag: string, most: number): Rule<Tags> {
  return quotingRule<Tags, "ownTag">("ownTag", ({ [tag]: value }) => {
    const isValid = value === undefined || (/^[1-9]\d*$/.test(value) && Number(value) <= most);
    return isValid ? undefined : [tag, value, most];
  });
}

/** With --strict they are tags like any other. */
export function validateOwnTags(tags: Tags | undefined, limits: Limits): void {
  if (limits.extensions) check(OWN_TAG_RULES, tags ?? {});
}

/** How many children of an array may run at a time: the job's tag, else the definition's. A tag that changes later changes nothing. */
export function maxActiveChildren(
  job: Tags | undefined,
  definition: Tags | undefined,
  limits: Limits,
): number | undefined {
  if (!limits.extensions) return undefined;
  const value = job?.[ARRAY_CONCURRENCY_TAG] ?? definition?.[ARRAY_CONCURRENCY_TAG];
  return value === undefined ? undefined : Number(value);
}
