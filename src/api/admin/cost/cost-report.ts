import type { AttemptUse } from "../../../core/cost/attempt-use.ts";
import type { UseTotals } from "../../../core/cost/totals.ts";
import { NO_USE, sumOfTotals, totalsOf } from "../../../core/cost/totals.ts";
import { parseChildId } from "../../../core/ids.ts";
import type { UseGrouping, UseQuery } from "../../../ports/attempt-uses.ts";
import { TooManyGroups } from "../../../ports/attempt-uses.ts";
import type { CostGroup, CostReport } from "../../../ports/cost-report.ts";
import type { Backend } from "../../batch/backend.ts";
import { arnOf, toArn } from "../../batch/names.ts";
import { clientException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { CostQuery } from "./cost-query.ts";
import { readCostQuery } from "./cost-query.ts";
import { toCostTotals } from "./cost-totals.ts";
import { describedJob } from "../jobs/find-job.ts";

interface Group {
  readonly totals: UseTotals;
  readonly running: number;
}

const EMPTY: Group = { totals: NO_USE, running: 0 };

/** What attempts of the caller's account and region used and cost, those that run until now. For who may describe jobs. */
export async function reportCost(backend: Backend, call: Call, search: string): Promise<CostReport> {
  const denied = call.denial("batch:DescribeJobs", "*");
  if (denied !== undefined) throw denied;
  const asked = readCostQuery(search);
  const groups = await groupsOf(backend, { ...(await useQuery(backend, call, asked)), by: asked.by });
  const sorted = [...groups].toSorted(([a, x], [b, y]) => byCost(x, y) || (a < b ? -1 : 1));
  const total = sorted.reduce((sum, [, group]) => together(sum, group), EMPTY);
  const told = sorted.slice(0, asked.limit);
  const nameOfKey = await naming(
    backend,
    asked.by,
    told.map(([key]) => key),
  );
  return {
    by: asked.by.kind === "tag" ? `tag:${asked.by.key}` : asked.by.kind,
    ...(asked.from !== undefined && { from: new Date(asked.from).toISOString() }),
    ...(asked.to !== undefined && { to: new Date(asked.to).toISOString() }),
    total: toCostTotals(total.totals, total.running),
    groups: told.map(([key, { totals, running }]) => ({ ...nameOfKey(key), ...toCostTotals(totals, running) })),
    groupCount: sorted.length,
  };
}

/** What is asked for as the store is asked; those that run are looked at apart. */
export async function useQuery(
  backend: Backend,
  call: Call,
  asked: Omit<CostQuery, "by">,
): Promise<Omit<UseQuery, "by" | "except">> {
  const { from, to, queue, environment, share, job: jobId } = asked;
  const job = jobId === undefined ? undefined : await describedJob(backend, call, jobId);
  return {
    queueArnPrefix: arnOf(call, "job-queue", ""),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(queue !== undefined && { queueArn: toArn(call, "job-queue", queue) }),
    ...(environment !== undefined && { environmentArn: toArn(call, "compute-environment", environment) }),
    ...(share !== undefined && { share }),
    ...(job !== undefined && { job: { seq: job.seq, ...(job.parent && { index: job.parent.index }) } }),
  };
}

/** What runs is looked at first: what ends meanwhile counts as what runs, and once. */
export async function groupsOf(
  { store, scheduler, clock }: Backend,
  query: Omit<UseQuery, "by" | "except"> & { readonly by: UseGrouping },
): Promise<Map<string, Group>> {
  const isPast = query.to !== undefined && query.to <= clock.now();
  const running = isPast ? [] : scheduler.runningUses().filter((use) => isMeant(use, query));
  const groups = new Map<string, Group>();
  const add = (key: string, group: Group): void => void groups.set(key, together(groups.get(key) ?? EMPTY, group));
  for (const [key, totals] of await endedGroups(store.uses, { ...query, except: running.map((use) => use.attemptId) }))
    add(key, { totals, running: 0 });
  const keyOf = await keying(store, query.by, running);
  for (const use of running) add(keyOf(use), { totals: totalsOf(use), running: 1 });
  return groups;
}

export async function endedGroups(uses: Backend["store"]["uses"], query: UseQuery): Promise<Map<string, UseTotals>> {
  try {
    return await uses.totals(query);
  } catch (error) {
    if (!(error instanceof TooManyGroups)) throw error;
    throw clientException(
      `There are more than ${error.limit} groups. Ask for less: with from, to, queue or job, or by something else.`,
    );
  }
}

function isMeant(use: AttemptUse, query: Omit<UseQuery, "by" | "except">): boolean {
  const { queueArnPrefix, queueArn = use.queueArn, environmentArn = use.environmentArn, share = use.share } = query;
  const { job = { seq: use.jobSeq } } = query;
  const isOfJob = use.jobSeq === job.seq && (job.index === undefined || job.index === use.index);
  const isThere = use.queueArn === queueArn && use.environmentArn === environmentArn && use.share === share;
  return use.queueArn.startsWith(queueArnPrefix) && isThere && isOfJob;
}

/** The key under which the store counts what is like this attempt. */
async function keying(
  { jobs }: Backend["store"],
  by: UseGrouping,
  running: readonly AttemptUse[],
): Promise<(use: AttemptUse) => string> {
  switch (by.kind) {
    case "queue":
      return ({ queueArn }) => queueArn;
    case "environment":
      return ({ environmentArn }) => environmentArn;
    case "share":
      return ({ share }) => share;
    case "array":
      return ({ jobSeq }) => String(jobSeq);
    case "job":
      return ({ jobSeq, index }) => (index === undefined ? String(jobSeq) : `${jobSeq}:${index}`);
    case "tag": {
      const specs = await jobs.specs([...new Set(running.map(ownerOf))]);
      return (use) => specs.get(ownerOf(use))?.tags[by.key] ?? "";
    }
  }
}

function ownerOf({ jobId }: AttemptUse): string {
  return parseChildId(jobId)?.parentId ?? jobId;
}

/** What groups are called: for the store jobs are numbers. */
async function naming(
  { store: { jobs } }: Backend,
  { kind }: UseGrouping,
  keys: readonly string[],
): Promise<(key: string) => Pick<CostGroup, "key" | "name">> {
  if (kind !== "array" && kind !== "job") {
    return (key) => ({ key, ...(key.startsWith("arn:") && { name: key.slice(key.lastIndexOf("/") + 1) }) });
  }
  const numbers = keys.map((key) => {
    const [seq, index] = key.split(":").map(Number);
    return { seq: seq!, ...(index !== undefined && { index }) };
  });
  const found = await jobs.findByNumber(numbers);
  const byKey = new Map(found.map((job) => [job.parent ? `${job.seq}:${job.parent.index}` : `${job.seq}`, job]));
  return (key) => {
    const job = byKey.get(key);
    // Its history has just been removed.
    return job === undefined ? { key: "" } : { key: job.id, name: job.name };
  };
}

function together(a: Group, b: Group): Group {
  return { totals: sumOfTotals(a.totals, b.totals), running: a.running + b.running };
}

function byCost({ totals: a }: Group, { totals: b }: Group): number {
  return b.nanoUsd - a.nanoUsd || b.vcpuMilliMs - a.vcpuMilliMs;
}
