import { CAPACITIES, CAPACITY_TAG } from "../../../core/environment-tags.ts";
import { DRIVER_TAG } from "../../../core/resources.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";

export type Tags = Readonly<Record<string, string>>;

/** Of one resource, job or definition (reference 1.7). */
export const MAX_TAGS = 50;

const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const RESERVED = /^aws:/i;

/** Lengths are in Unicode characters. */
function lengthOf(text: string): number {
  return [...text].length;
}

export const TAG_KEY_RULES: readonly Rule<string>[] = [
  rule("tagReserved", (key) => RESERVED.test(key)),
  quotingRule("tagKey", (key) => (key === "" || lengthOf(key) > 128 || !ALLOWED.test(key) ? [key] : undefined)),
];

/** Reference 1.7. */
export const TAG_RULES: readonly Rule<Tags>[] = [
  rule("tooManyTags", (tags) => Object.keys(tags).length > MAX_TAGS),
  each((tags) => Object.keys(tags), TAG_KEY_RULES),
  rule("tagReserved", (tags) => Object.values(tags).some((value) => RESERVED.test(value))),
  quotingRule("tagValue", (tags) => {
    const bad = Object.entries(tags).find(([, value]) => lengthOf(value) > 256 || !ALLOWED.test(value));
    return bad && [bad[0]];
  }),
];

/** Whether there is a cluster of that name is found out later: the environment is INVALID until there is. */
const DRIVER = /^(process|docker|kubernetes(@[a-z0-9.-]+)?)$/;

/** The tag by which an environment picks its driver has to name one. */
export const DRIVER_TAG_RULES: readonly Rule<Tags>[] = [
  quotingRule("unknownDriver", ({ [DRIVER_TAG]: driver }) =>
    driver === undefined || DRIVER.test(driver) ? undefined : [DRIVER_TAG, driver],
  ),
];

/** The tag by which a compute environment picks its capacity has to name one. */
export const CAPACITY_TAG_RULES: readonly Rule<Tags>[] = [
  quotingRule("unknownCapacity", ({ [CAPACITY_TAG]: capacity }) =>
    capacity === undefined || CAPACITIES.some((one) => one === capacity) ? undefined : [CAPACITY_TAG, capacity],
  ),
];
