import type { JobDependency } from "@aws-sdk/client-batch";
import { parseChildId } from "../../../core/ids.ts";
import type { Dependency } from "../../../core/job.ts";
import type { JobRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { isOfKind } from "./job-records.ts";
import type { Limits } from "../limits.ts";
import { scopeOf, toJobId } from "../names.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";
import { TEXTS } from "../texts.ts";

type Submission = Pick<BatchInput<"SubmitJob">, "dependsOn" | "arrayProperties">;

const AWS_TYPES = ["N_TO_N", "SEQUENTIAL"];
const OWN_TYPES = ["AFTER_ANY", "AFTER_NOT_OK"];

/** Children that have dependencies of their own become records together with what they wait for: not more than AWS allows. */
const MAX_DEPENDENT_CHILDREN = 10_000;

interface Entry {
  readonly dependency: JobDependency;
  readonly arraySize: number;
  readonly limits: Limits;
}

const ENTRY: readonly Rule<Entry>[] = [
  quotingRule<Entry, "unknownDependencyType">("unknownDependencyType", ({ dependency: { type }, limits }) => {
    const types = limits.extensions ? [...AWS_TYPES, ...OWN_TYPES] : AWS_TYPES;
    return type === undefined || types.includes(type) ? undefined : [type, types];
  }),
  rule("dependencyWithoutId", ({ dependency: { type, jobId } }) => !jobId && type !== "SEQUENTIAL"),
  quotingRule<Entry, "tooLargeForDependency">("tooLargeForDependency", ({ dependency, arraySize }) =>
    ["N_TO_N", "SEQUENTIAL"].includes(toDependency(dependency).type ?? "") && arraySize > MAX_DEPENDENT_CHILDREN
      ? [MAX_DEPENDENT_CHILDREN]
      : undefined,
  ),
];

/** What can be said of `dependsOn` without looking at the jobs (reference 3.2). */
export const DEPENDENCY_RULES: readonly Rule<Submission & { readonly limits: Limits }>[] = [
  rule("tooManyDependencies", ({ dependsOn }) => (dependsOn?.length ?? 0) > 20),
  each(
    ({ dependsOn, arrayProperties, limits }) =>
      dependsOn?.map((dependency) => ({ dependency, arraySize: arrayProperties?.size ?? 0, limits })),
    ENTRY,
  ),
];

/** Reference 3.2, 10 no. 14 and 15: the jobs exist, and the types fit. */
export async function findDependencies(backend: Backend, call: Call, input: Submission): Promise<Dependency[]> {
  const dependencies = (input.dependsOn ?? []).map(toDependency);
  const ids = dependencies.flatMap(({ jobId }) =>
    jobId === undefined ? [] : [parseChildId(jobId)?.parentId ?? jobId],
  );
  const records = ids.length === 0 ? [] : await backend.store.jobs.find(scopeOf(call), ids);
  const byId = new Map(records.filter((record) => isOfKind("job", record)).map((record) => [record.id, record]));
  for (const dependency of dependencies) checkDependency(dependency, input.arrayProperties?.size, byId);
  return dependencies;
}

/** SEQUENTIAL with a job id is what some clients send; AWS reads it as a dependency on that job. */
function toDependency({ jobId, type }: JobDependency): Dependency {
  if (!jobId) return { type: "SEQUENTIAL" };
  const known = (["N_TO_N", "AFTER_ANY", "AFTER_NOT_OK"] as const).find((one) => one === (type as string | undefined));
  return { jobId: toJobId(jobId), ...(known !== undefined && { type: known }) };
}

function checkDependency(dependency: Dependency, arraySize: number | undefined, byId: Map<string, JobRecord>): void {
  if (dependency.type === "SEQUENTIAL") {
    if (arraySize === undefined) throw clientException(TEXTS.sequentialWithoutArray);
    return;
  }
  const child = parseChildId(dependency.jobId);
  const record = byId.get(child?.parentId ?? dependency.jobId);
  const size = record?.scheduling.arraySize;
  if (record === undefined || (child !== undefined && child.index >= (size ?? 0))) {
    throw clientException(TEXTS.dependencyNotFound(dependency.jobId));
  }
  if (dependency.type === "N_TO_N" && (arraySize === undefined || arraySize !== size)) {
    throw clientException(TEXTS.nToNWithoutArray);
  }
}
