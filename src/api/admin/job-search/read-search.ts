import { JOB_STATUSES } from "../../../core/job.ts";
import type { DefinitionMatch, TagFilter, TextMatch, TimeRange } from "../../../core/search/job-filter.ts";
import type { JobFilters, JobSearchRequest, JobStopRequest, StoredSearch } from "../../../ports/job-search.ts";
import { arnOf, toArn, toJobId } from "../../batch/names.ts";
import { isOwnArn } from "../../batch/resource-lookup.ts";
import { clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import { flagIn, listIn, membersOf, oneOf, textIn, wholeNumberIn } from "../json-members.ts";
import { parseBody } from "../../wire/body.ts";

const LIMIT = { usual: 100, most: 1_000 };
const MAX_ENTRIES = 100;
const MAX_IDS = 1_000;
/** Names, ARNs, tags: nothing that is searched for is longer. */
const MAX_TEXT = 512;
const MAX_TOKEN = 2_048;
const LATEST = 8_640_000_000_000_000;
const MAX_REASON = 1_024;

const FILTERS = [
  ...(["queues", "statuses", "name", "definitions", "tags", "shares", "created", "started", "stopped"] as const),
  ...(["exitCodes", "reason", "jobIds", "children"] as const),
];

/** With its defaults. */
export interface ReadSearch extends JobSearchRequest {
  readonly filters: JobFilters;
  readonly sort: "newest" | "oldest";
  readonly limit: number;
  readonly counts: boolean;
}

export function readSearch(body: Buffer | undefined): ReadSearch {
  const names = ["filters", "sort", "limit", "pageToken", "counts"];
  const { filters, sort, limit, pageToken, counts } = membersOf(parseBody(body), "the request", names);
  return {
    filters: readFilters(filters),
    sort: sort === undefined ? "newest" : oneOf(sort, "sort", ["newest", "oldest"]),
    limit: limit === undefined ? LIMIT.usual : wholeNumberIn(limit, "limit", 1, LIMIT.most),
    counts: counts !== undefined && flagIn(counts, "counts"),
    ...(pageToken !== undefined && { pageToken: textIn(pageToken, "pageToken", MAX_TOKEN) }),
  };
}

export function readStop(body: Buffer | undefined): JobStopRequest & { readonly filters: JobFilters } {
  const names = ["filters", "action", "reason", "pageToken"];
  const { filters, action, reason, pageToken } = membersOf(parseBody(body), "the request", names);
  const read = oneOf(action, "action", ["cancel", "terminate", "count"]);
  if (read === "count" && reason !== undefined) throw clientException("reason is for cancel and terminate only.");
  return {
    filters: readFilters(filters),
    action: read,
    ...(read !== "count" && { reason: textIn(reason, "reason", MAX_REASON) }),
    ...(pageToken !== undefined && { pageToken: textIn(pageToken, "pageToken", MAX_TOKEN) }),
  };
}

function readFilters(value: unknown): JobFilters {
  if (value === undefined) return {};
  const given = membersOf(value, "filters", FILTERS);
  const texts = (name: string, most = MAX_ENTRIES): string[] =>
    listIn(given[name], `filters.${name}`, most).map((one, index) =>
      textIn(one, `filters.${name}[${index}]`, MAX_TEXT),
    );
  return {
    ...(given["queues"] !== undefined && { queues: texts("queues") }),
    ...(given["statuses"] !== undefined && {
      statuses: texts("statuses").map((one, index) => oneOf(one, `filters.statuses[${index}]`, JOB_STATUSES)),
    }),
    ...(given["name"] !== undefined && { name: checkedName(textIn(given["name"], "filters.name", MAX_TEXT)) }),
    ...(given["definitions"] !== undefined && { definitions: texts("definitions") }),
    ...(given["tags"] !== undefined && { tags: listIn(given["tags"], "filters.tags", MAX_ENTRIES).map(readTag) }),
    ...(given["shares"] !== undefined && { shares: texts("shares") }),
    ...readRange(given, "created"),
    ...readRange(given, "started"),
    ...readRange(given, "stopped"),
    ...(given["exitCodes"] !== undefined && {
      exitCodes: listIn(given["exitCodes"], "filters.exitCodes", MAX_ENTRIES).map((code, index) =>
        wholeNumberIn(code, `filters.exitCodes[${index}]`, -0x8000_0000, 0xffff_ffff),
      ),
    }),
    ...(given["reason"] !== undefined && { reason: textIn(given["reason"], "filters.reason", MAX_TEXT) }),
    ...(given["jobIds"] !== undefined && { jobIds: texts("jobIds", MAX_IDS).map(toJobId) }),
    ...(given["children"] !== undefined && { children: flagIn(given["children"], "filters.children") }),
  };
}

function checkedName(name: string): string {
  if (
    !name
      .replace(/^\*(?=.*\*$)/s, "")
      .replace(/\*$/, "")
      .includes("*")
  )
    return name;
  throw clientException("filters.name may have a * at its end, or one at each end: abc, abc* or *abc*.");
}

function readTag(value: unknown, index: number): TagFilter {
  const what = `filters.tags[${index}]`;
  const { key, value: wanted } = membersOf(value, what, ["key", "value"]);
  if (wanted !== undefined && (typeof wanted !== "string" || wanted.length > MAX_TEXT))
    throw clientException(`${what}.value must be a text of at most ${MAX_TEXT} characters.`);
  return { key: textIn(key, `${what}.key`, MAX_TEXT), ...(wanted !== undefined && { value: wanted }) };
}

function readRange(given: Readonly<Record<string, unknown>>, name: "created" | "started" | "stopped"): JobFilters {
  if (given[name] === undefined) return {};
  const { from, to } = membersOf(given[name], `filters.${name}`, ["from", "to"]);
  const range: TimeRange = {
    ...(from !== undefined && { from: wholeNumberIn(from, `filters.${name}.from`, 0, LATEST) }),
    ...(to !== undefined && { to: wholeNumberIn(to, `filters.${name}.to`, 0, LATEST) }),
  };
  if (range.from === undefined && range.to === undefined)
    throw clientException(`filters.${name} needs from or to, in milliseconds since 1970.`);
  if ((range.from ?? 0) >= (range.to ?? Infinity)) throw clientException(`filters.${name}.from must be before its to.`);
  return { [name]: range };
}

/** As the store is asked: names become ARNs of the caller's own account and region. */
export function toStoredSearch(call: Call, filters: JobFilters): StoredSearch {
  const { queues, statuses, name, definitions, shares, exitCodes, reason } = filters;
  const arns = queues?.map((queue) => toArn(call, "job-queue", queue));
  const match = name === undefined ? undefined : nameMatch(name);
  return {
    queueArnPrefix: arnOf(call, "job-queue", ""),
    // Those of others are as good as those that are not there.
    ...(arns !== undefined && { queueArns: [...new Set(arns)].filter((arn) => isOwnArn(call, "job-queue", arn)) }),
    statuses: statuses === undefined ? JOB_STATUSES : [...new Set(statuses)],
    ...(match !== undefined && { name: match }),
    ...(definitions !== undefined && { definitions: definitions.map((one) => definitionMatch(call, one)) }),
    tags: filters.tags ?? [],
    ...(shares !== undefined && { shares: [...new Set(shares)] }),
    created: filters.created ?? {},
    started: filters.started ?? {},
    stopped: filters.stopped ?? {},
    ...(exitCodes !== undefined && { exitCodes }),
    ...(reason !== undefined && { reason: reason.toLowerCase() }),
    arraysToo: filters.children ?? false,
  };
}

function nameMatch(name: string): TextMatch | undefined {
  const text = name.toLowerCase();
  if (/^\*+$/.test(text)) return undefined;
  if (!text.endsWith("*")) return { kind: "exact", text };
  return text.startsWith("*") ? { kind: "part", text: text.slice(1, -1) } : { kind: "prefix", text: text.slice(0, -1) };
}

function definitionMatch(call: Call, definition: string): DefinitionMatch {
  if (definition.startsWith("arn:")) return { arn: definition, isPrefix: false };
  if (definition.endsWith("*")) return { arn: arnOf(call, "job-definition", definition.slice(0, -1)), isPrefix: true };
  const isRevision = definition.includes(":");
  return { arn: arnOf(call, "job-definition", isRevision ? definition : `${definition}:`), isPrefix: !isRevision };
}
