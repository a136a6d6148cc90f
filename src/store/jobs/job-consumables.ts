import type { JobQuery } from "../../ports/store.ts";
import { NUMBERS } from "../conditions.ts";
import type { Database, Row, SqlValue, Statement } from "../database.ts";
import { statement } from "../database.ts";
import { nameCondition } from "../name-pattern.ts";

/** How many jobs one request looks at for those that its filters mean. */
const MAX_LOOKED_AT = 5_000;

/** That a job, just inserted, needs a consumable resource. */
export function consumableStatement(jobId: string, arn: string): Statement {
  return statement(`INSERT INTO job_consumables (arn, seq) SELECT ?, seq FROM jobs WHERE id = ?`, arn, jobId);
}

export interface ConsumableJobs {
  readonly rows: readonly Row[];
  /** Those behind this `seq` were not looked at. */
  readonly lookedTo?: number;
}

export type ConsumableJobsQuery = Pick<JobQuery, "status" | "name" | "limit"> & { readonly before?: number };

/** The jobs that need a resource, newest first. `columns`: of `jobs`, all that is wanted of each. */
export async function jobsByConsumable(
  database: Database,
  arn: string,
  { status, name, before = Number.MAX_SAFE_INTEGER, limit }: ConsumableJobsQuery,
  columns: string,
): Promise<ConsumableJobs> {
  const isFiltered = status !== undefined || name !== undefined;
  const needing = await database.read(
    `SELECT seq FROM job_consumables WHERE arn = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
    [arn, before, isFiltered ? MAX_LOOKED_AT : limit],
  );
  const seqs = needing.map(({ seq }) => Number(seq));
  const named = nameCondition("name", name ?? "*");
  const values: SqlValue[] = [JSON.stringify(seqs), status ?? null, status ?? null, ...named.values, limit];
  const rows = await database.read(
    `SELECT ${columns} FROM jobs WHERE seq IN ${NUMBERS} AND (CAST(? AS TEXT) IS NULL OR status = ?)
       AND ${named.sql} ORDER BY seq DESC LIMIT ?`,
    values,
  );
  return { rows, ...(seqs.length === MAX_LOOKED_AT && { lookedTo: seqs.at(-1)! }) };
}
