import type { AttemptUse } from "../../core/cost/attempt-use.ts";
import { instancesText } from "../../core/cost/attempt-use.ts";
import type { UseTotals } from "../../core/cost/totals.ts";
import { NO_USE, sumOfTotals } from "../../core/cost/totals.ts";
import type { AttemptUses, EndedUse, UseQuery } from "../../ports/attempt-uses.ts";
import { TooManyGroups } from "../../ports/attempt-uses.ts";
import type { Database, Row, SqlValue, Statement } from "../database.ts";
import { statement } from "../database.ts";

export interface UseLimits {
  /** How many attempts are added up before it is others' turn. */
  readonly page: number;
  readonly groups: number;
}

/** A page takes some milliseconds. */
const LIMITS: UseLimits = { page: 10_000, groups: 100_000 };

/** In the commit that ends the attempt. */
export function useStatement(use: AttemptUse): Statement {
  const { requirements, usage } = use;
  return statement(
    `INSERT INTO attempt_uses (stopped_at, attempt_id, job_seq, array_index, queue_arn, environment_arn, share, instances,
       started_at, vcpu_milli, memory_mib, gpus, cpu_ms, peak_memory_mib, nano_usd)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ...[use.stoppedAt, use.attemptId, use.jobSeq, use.index ?? null, use.queueArn, use.environmentArn],
    ...[use.share === "" ? null : use.share, instancesText(use) ?? null, use.startedAt ?? null],
    ...[requirements.vcpuMilli, requirements.memoryMiB, requirements.gpus],
    ...[usage?.cpuMs ?? null, usage?.peakMemoryMiB ?? null, use.nanoUsd ?? null],
  );
}

export function attemptUseTable(database: Database, limits = LIMITS): AttemptUses {
  return {
    async totals(query) {
      const totals = new Map<string, UseTotals>();
      let after: Place = { stoppedAt: query.from ?? 0, attemptId: "" };
      for (;;) {
        const last = await lastOfPage(database, query, after, limits.page);
        for (const row of await addedUp(database, query, after, last)) {
          const key = String(row["key"]);
          totals.set(key, sumOfTotals(totals.get(key) ?? NO_USE, toTotals(row)));
        }
        if (totals.size > limits.groups) throw new TooManyGroups(limits.groups);
        if (last === undefined) return totals;
        after = last;
        await new Promise((resolve) => void setImmediate(resolve));
      }
    },
    async ofAttempts(attempts) {
      const places = attempts.map(({ id, stoppedAt }) => [stoppedAt, id]);
      const rows = await database.read(
        `SELECT attempt_id, instances, vcpu_milli, memory_mib, gpus, cpu_ms, peak_memory_mib, nano_usd FROM attempt_uses
         WHERE ${IS_ONE_OF}`,
        [JSON.stringify(places)],
      );
      return new Map(rows.map((row) => [String(row["attempt_id"]), toEndedUse(row)]));
    },
  };
}

/** `?`: a JSON list of [stopped_at, attempt_id]. */
export const IS_ONE_OF = `(stopped_at, attempt_id) IN (SELECT CAST(value ->> 0 AS BIGINT), value ->> 1 FROM json_each(?))`;

/** A place in the order in which attempts ended. */
interface Place {
  readonly stoppedAt: number;
  readonly attemptId: string;
}

/** The last attempt of a full page; undefined when the rest is less. */
async function lastOfPage(
  database: Database,
  { job, to }: UseQuery,
  after: Place,
  page: number,
): Promise<Place | undefined> {
  const [row] = await database.read(
    `SELECT stopped_at, attempt_id FROM attempt_uses
     WHERE ${job === undefined ? "" : "job_seq = ? AND "}(stopped_at, attempt_id) > (?, ?) AND stopped_at < ?
     ORDER BY stopped_at, attempt_id LIMIT 1 OFFSET ?`,
    [...(job === undefined ? [] : [job.seq]), after.stoppedAt, after.attemptId, to ?? FOR_EVER, page - 1],
  );
  return row && { stoppedAt: Number(row["stopped_at"]), attemptId: String(row["attempt_id"]) };
}

const FOR_EVER = Number.MAX_SAFE_INTEGER;

/** Those behind `after` up to and with `last`, in groups. */
function addedUp(database: Database, query: UseQuery, after: Place, last: Place | undefined): Promise<Row[]> {
  const { by, job, queueArn, environmentArn, share, queueArnPrefix, except, to } = query;
  const conditions: [sql: string, ...values: SqlValue[]][] = [
    ["(stopped_at, attempt_id) > (?, ?)", after.stoppedAt, after.attemptId],
    last === undefined
      ? ["stopped_at < ?", to ?? FOR_EVER]
      : ["(stopped_at, attempt_id) <= (?, ?)", last.stoppedAt, last.attemptId],
    ["substr(queue_arn, 1, ?) = ?", queueArnPrefix.length, queueArnPrefix],
    ["attempt_id NOT IN (SELECT value FROM json_each(?))", JSON.stringify(except)],
  ];
  if (job !== undefined) conditions.unshift(["job_seq = ?", job.seq]);
  if (job?.index !== undefined) conditions.push(["array_index = ?", job.index]);
  if (queueArn !== undefined) conditions.push(["queue_arn = ?", queueArn]);
  if (environmentArn !== undefined) conditions.push(["environment_arn = ?", environmentArn]);
  if (share !== undefined) conditions.push(["coalesce(share, '') = ?", share]);
  if (query.isMeasured === true) conditions.push(["cpu_ms IS NOT NULL"]);
  const sums = `SELECT ${COLUMNS_OF[by.kind]}, ${SUMS} FROM attempt_uses
    WHERE ${conditions.map(([sql]) => sql).join(" AND ")} GROUP BY ${COLUMNS_OF[by.kind]}`;
  const values = conditions.flatMap(([, ...some]) => some);
  return by.kind === "tag"
    ? database.read(ofJobs(TAG_KEY, sums), [by.key, ...values])
    : database.read(by.kind === "size" ? ofJobs(SIZE_KEY, sums) : ofUses(KEY_OF[by.kind], sums), values);
}

function ofUses(key: string, sums: string): string {
  return `SELECT ${key} AS key, ${ALL_SUMS} FROM (${sums}) u`;
}

/** With what the job says, which is looked at once for all its attempts. Several groups may have the same key. */
function ofJobs(key: string, sums: string): string {
  return `SELECT ${key} AS key, ${ALL_SUMS} FROM (${sums}) u LEFT JOIN jobs j ON j.seq = u.job_seq`;
}

const TAG_KEY = `coalesce((SELECT t.value FROM json_each(j.spec, '$.tags') t WHERE t.key = ?), '')`;
const SIZE_KEY = `coalesce(j.definition_arn, '') || ' ' || u.vcpu_milli || ' ' || u.memory_mib`;

const COLUMNS_OF: Readonly<Record<UseQuery["by"]["kind"], string>> = {
  queue: "queue_arn",
  environment: "environment_arn",
  share: "share",
  array: "job_seq",
  job: "job_seq, array_index",
  tag: "job_seq",
  size: "job_seq, vcpu_milli, memory_mib",
};

const KEY_OF: Readonly<Record<Exclude<UseQuery["by"]["kind"], "tag" | "size">, string>> = {
  queue: "queue_arn",
  environment: "environment_arn",
  share: "coalesce(share, '')",
  array: "job_seq",
  job: "job_seq || coalesce(':' || array_index, '')",
};

const RAN = "coalesce(stopped_at - started_at, 0)";

const SUM_OF = {
  attempts: "count(*)",
  // As floating-point numbers: whole ones could become too large.
  vcpuMilliMs: `total(1.0 * vcpu_milli * ${RAN})`,
  memoryMiBMs: `total(1.0 * memory_mib * ${RAN})`,
  gpuMs: `total(1.0 * gpus * ${RAN})`,
  cpuMs: "total(cpu_ms)",
  unmeasured: "count(started_at) - count(CASE WHEN started_at IS NOT NULL THEN cpu_ms END)",
  peakMemoryMiB: "coalesce(max(peak_memory_mib), 0)",
  nanoUsd: "total(nano_usd)",
  unpriced: "count(*) - count(nano_usd)",
} as const satisfies Record<keyof UseTotals, string>;

const NAMES = Object.keys(SUM_OF) as (keyof UseTotals)[];
const SUMS = NAMES.map((name) => `${SUM_OF[name]} AS "${name}"`).join(", ");
const ALL_SUMS = NAMES.map((name) => `"${name}"`).join(", ");

function toTotals(row: Row): UseTotals {
  return Object.fromEntries(NAMES.map((name) => [name, Number(row[name])])) as Record<keyof UseTotals, number>;
}

function toEndedUse(row: Row): EndedUse {
  const { instances, cpu_ms: cpuMs, peak_memory_mib: peakMemoryMiB, nano_usd: nanoUsd } = row;
  const usage = {
    ...(typeof cpuMs === "number" && { cpuMs }),
    ...(typeof peakMemoryMiB === "number" && { peakMemoryMiB }),
  };
  return {
    ...{ vcpuMilli: Number(row["vcpu_milli"]), memoryMiB: Number(row["memory_mib"]), gpus: Number(row["gpus"]) },
    ...(typeof instances === "string" && { instances }),
    ...(Object.keys(usage).length > 0 && { usage }),
    ...(typeof nanoUsd === "number" && { nanoUsd }),
  };
}
