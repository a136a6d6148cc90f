import type { KeyValuesPair } from "@aws-sdk/client-batch";
import type { JobQuery } from "../../../ports/store.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";

interface Filtered {
  readonly filters?: readonly KeyValuesPair[] | undefined;
}

/** At most one filter, with one value (reference 2.7, 3.7). `text`: for filters that the operation does not have. */
export function filterRules(
  text: "filterName" | "serviceFilterName",
  names: ReadonlySet<string>,
): readonly Rule<Filtered>[] {
  return [
    rule("oneFilter", ({ filters = [] }) => filters.length > 1, "bare"),
    each(
      ({ filters }: Filtered) => filters,
      [
        quotingRule<KeyValuesPair, "oneFilterValue">(
          "oneFilterValue",
          ({ name = "", values }) => (values?.length === 1 ? undefined : [name]),
          "bare",
        ),
        quotingRule<KeyValuesPair, typeof text>(
          text,
          ({ name = "" }) => (names.has(name) ? undefined : [name]),
          "bare",
        ),
        quotingRule<KeyValuesPair, "filterValue">(
          "filterValue",
          ({ name = "", values }) =>
            name.endsWith("CREATED_AT") && !/^\d{1,15}$/.test(values![0]!) ? [name] : undefined,
          "bare",
        ),
      ],
    ),
  ];
}

export type JobFilter = Omit<JobQuery, "limit" | "after">;

/** What the filters mean that both ListJobs and ListServiceJobs have. */
export function commonFilter({ name, values }: KeyValuesPair): JobFilter {
  const value = values![0]!;
  switch (name) {
    case "JOB_NAME":
      return { name: value };
    case "BEFORE_CREATED_AT":
      return { createdBefore: Number(value) };
    case "AFTER_CREATED_AT":
      return { createdAfter: Number(value) };
    default:
      return { shareIdentifier: value };
  }
}
