import type { ArrayIndexes, IndexSpan } from "../../../core/submission/array-indexes.ts";
import {
  arrayIndexesText,
  countOf,
  FAILED_CHILDREN,
  mappedSpans,
  parseArrayIndexes,
} from "../../../core/submission/array-indexes.ts";
import { ARRAY_INDEXES_TAG, MAX_TAG_LENGTH, RERUN_OF_TAG } from "../../../core/submission/own-tags.ts";
import type { JobRecord, NewJob } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { scopeOf, toJobId } from "../names.ts";
import { isOfKind, restOf } from "./job-records.ts";
import type { Submission } from "./submit-rules.ts";

/** What is kept with the job, characters. */
const MAX_TEXT = 65_536;
/** So many children are looked at before it is others' turn. */
const WINDOW = 50_000;

/** The job with the indexes that its tag gives its children; a list of them is kept with it, whatever becomes of the tag. */
export async function withArrayIndexes(backend: Backend, call: Call, input: Submission, job: NewJob): Promise<NewJob> {
  const value = backend.limits.extensions ? input.tags?.[ARRAY_INDEXES_TAG] : undefined;
  if (value === undefined) return job;
  if (job.scheduling.nodes !== undefined)
    throw clientException(`The tag ${ARRAY_INDEXES_TAG} is for arrays and single jobs, not for multi-node jobs.`);
  const size = input.arrayProperties?.size;
  const text = value === FAILED_CHILDREN ? await failedOf(backend, call, input) : value;
  // The syntax was checked with the other tags.
  const { count } = parseArrayIndexes(text)!;
  if (count !== (size ?? 1)) {
    const has = `The tag ${ARRAY_INDEXES_TAG} names ${count} ${count === 1 ? "index" : "indexes"}`;
    throw clientException(
      size === undefined
        ? `${has}: a job that is no array has one. Set arrayProperties.size to ${count}.`
        : count === 1
          ? `${has}: that is a single job. Leave out arrayProperties.`
          : `${has}, and arrayProperties.size is ${size}: they must be the same.`,
    );
  }
  const shown = text.length <= MAX_TAG_LENGTH ? text : value;
  return { ...job, spec: { ...job.spec, arrayIndexes: text, tags: { ...job.spec.tags, [ARRAY_INDEXES_TAG]: shown } } };
}

async function failedOf(backend: Backend, call: Call, { tags }: Submission): Promise<string> {
  const id = toJobId(tags?.[RERUN_OF_TAG] ?? "");
  const [array] = id === "" ? [] : await backend.store.jobs.find(scopeOf(call), [id]);
  if (array === undefined || !isOfKind("job", array) || array.scheduling.arraySize === undefined || array.parent) {
    throw clientException(
      `With ${ARRAY_INDEXES_TAG}=${FAILED_CHILDREN} the tag ${RERUN_OF_TAG} must be the id of an array job that is there.`,
    );
  }
  const failed = await failedIndexes(backend, array);
  if (failed.count === 0) throw clientException(`No child of ${id} has failed.`);
  return indexesText(failed);
}

/** @throws ClientException when they are too many to be said. */
export function indexesText({ spans, of }: ArrayIndexes): string {
  const text = arrayIndexesText(spans, of!);
  if (text.length <= MAX_TEXT) return text;
  throw clientException(
    `The failed children are too many, and too far between, to be told apart (${text.length} characters of indexes, ${MAX_TEXT} at most): run the whole array again.`,
  );
}

/** The children of an array that have failed until now, by the indexes that their programs saw. */
export async function failedIndexes({ store }: Backend, array: JobRecord): Promise<ArrayIndexes> {
  const size = array.scheduling.arraySize!;
  const spans: IndexSpan[] = [];
  const restFailed = restOf(array.state).status === "FAILED";
  for (let from = 0; from < size; from += WINDOW) {
    const range = { from, to: Math.min(size, from + WINDOW) };
    const runs = (await store.jobs.statusRuns(array.id, range)).toSorted((a, b) => a.first - b.first);
    let next = range.from;
    for (const { status, first, last } of runs) {
      if (restFailed && first > next) spans.push({ first: next, last: first - 1 });
      if (status === "FAILED") spans.push({ first, last });
      next = last + 1;
    }
    if (restFailed && next < range.to) spans.push({ first: next, last: range.to - 1 });
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return asSeen(store, array, spans);
}

/** Children of a rerun have the indexes of the array that it is of. */
export async function asSeen(
  { jobs }: Backend["store"],
  array: JobRecord,
  spans: readonly IndexSpan[],
): Promise<ArrayIndexes> {
  const kept = (await jobs.specs([array.id])).get(array.id)?.arrayIndexes;
  const own = kept === undefined ? undefined : parseArrayIndexes(kept);
  const seen = mappedSpans(spans, own?.spans);
  return {
    spans: seen,
    count: countOf(seen),
    of: own === undefined ? array.scheduling.arraySize! : (own.of ?? own.spans.at(-1)!.last + 1),
  };
}
