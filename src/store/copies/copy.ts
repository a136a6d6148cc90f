import { createHash } from "node:crypto";
import type { Database, NumberedTable, Row, SqlValue, Statement } from "../database.ts";
import { statement } from "../database.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "../migrations.ts";

/** Every table, with the columns that its rows are told apart and put in order by. Which servers run, and which one leads, is not of the store and stays behind. */
const TABLES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  facts: ["name"],
  resources: ["arn"],
  job_definitions: ["arn"],
  removed_definitions: ["scope", "name"],
  jobs: ["seq"],
  job_dependents: ["job_id", "dependent_id"],
  job_consumables: ["arn", "seq"],
  removed_arrays: ["id"],
  stop_requests: ["job_id"],
  consumables_used: ["arn"],
  client_tokens: ["scope", "operation", "token"],
  access_keys: ["access_key_id"],
  ended_sessions: ["id"],
  instances: ["id"],
  hosts: ["number"],
  attempt_uses: ["stopped_at", "attempt_id"],
  usage_samples: ["attempt_id"],
  chronicle: ["step", "at", "scope", "arn"],
  log_groups: ["id"],
  log_streams: ["log_id"],
  log_events: ["seq"],
  events: ["seq"],
  event_targets: ["name"],
  dead_letters: ["id"],
};

const NUMBERED: readonly NumberedTable[] = [
  { name: "jobs", column: "seq" },
  { name: "log_groups", column: "id" },
  { name: "log_events", column: "seq" },
  { name: "events", column: "seq" },
  { name: "dead_letters", column: "id" },
  { name: "hosts", column: "number" },
];

const PAGE = 1_000;
/** Of one statement: engines have limits for the number of parameters. */
const ROWS_AT_ONCE = 50;

/** The store that is copied has another schema than this program's. */
export class OtherSchema extends Error {
  override readonly name = "OtherSchema";
}

/** The store to which is copied has something in it. */
export class NotEmpty extends Error {
  override readonly name = "NotEmpty";
}

/** What was written is not what was read. */
export class CopyDiffers extends Error {
  override readonly name = "CopyDiffers";
}

export interface Copied {
  readonly table: string;
  readonly rows: number;
  /** SHA-256 of all rows in order, the same on both sides. */
  readonly sha256: string;
}

/**
 * Copies a whole store into an empty database of any engine, as it is at one moment, and reads all of it again to see that it is the same. Each page is
 * a transaction: a copy that was broken off is not empty, and is refused.
 *
 * @param now epoch ms.
 * @param progress called with each page: the table and how many of its rows are there.
 */
export async function copyStore(
  source: Database,
  target: Database,
  now: number,
  progress: (table: string, rows: number) => void = () => {},
): Promise<Copied[]> {
  return source.snapshot(async (read) => {
    const version = await schemaVersion({ read });
    if (version !== SCHEMA_VERSION) {
      throw new OtherSchema(`The store has schema ${version}, and this Longshore ${SCHEMA_VERSION}: migrate it first.`);
    }
    await migrate(target, now);
    await refuseFilled(target);
    const copied: Copied[] = [];
    for (const table of Object.keys(TABLES)) copied.push(await copyTable(read, target, table, progress));
    for (const table of NUMBERED) await copyNumbers(read, source, target, table);
    for (const one of copied) await verify(target, one);
    await target.write(target.dialect.afterLoad.map((sql) => statement(sql)));
    return copied;
  });
}

type Read = Database["read"];

async function refuseFilled(target: Database): Promise<void> {
  for (const table of Object.keys(TABLES)) {
    if ((await target.read(`SELECT 1 FROM ${table} LIMIT 1`)).length === 0) continue;
    throw new NotEmpty(`The store to copy to is not empty: it has rows in ${table}.`);
  }
}

async function copyTable(
  read: Read,
  target: Database,
  table: string,
  progress: (table: string, rows: number) => void,
): Promise<Copied> {
  const digest = createHash("sha256");
  let rows = 0;
  for await (const page of pages(read, table)) {
    for (const row of page) digest.update(fingerprint(row));
    await target.write(inserts(table, page));
    rows += page.length;
    progress(table, rows);
  }
  return { table, rows, sha256: digest.digest("hex") };
}

/** In order, so that both sides read them alike. */
async function* pages(read: Read, table: string): AsyncGenerator<readonly Row[]> {
  const key = TABLES[table]!;
  const columns = key.join(", ");
  const marks = key.map(() => "?").join(", ");
  let last: Row | undefined;
  do {
    const behind = last === undefined ? "" : `WHERE (${columns}) > (${marks})`;
    const page = await read(`SELECT * FROM ${table} ${behind} ORDER BY ${columns} LIMIT ${PAGE}`, [
      ...(last === undefined ? [] : key.map((column) => last![column]!)),
    ]);
    if (page.length > 0) yield page;
    last = page.length === PAGE ? page.at(-1) : undefined;
  } while (last !== undefined);
}

function inserts(table: string, rows: readonly Row[]): Statement[] {
  const columns = Object.keys(rows[0]!);
  const marks = `(${columns.map(() => "?").join(", ")})`;
  const statements: Statement[] = [];
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const some = rows.slice(from, from + ROWS_AT_ONCE);
    const values: SqlValue[] = some.flatMap((row) => columns.map((column) => row[column]!));
    const text = `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${some.map(() => marks).join(", ")}`;
    statements.push(statement(text, ...values));
  }
  return statements;
}

/** The columns' order is the engine's own. */
function fingerprint(row: Row): string {
  const columns = Object.keys(row).toSorted();
  return JSON.stringify(columns.map((column) => [column, row[column]]));
}

async function copyNumbers(read: Read, source: Database, target: Database, table: NumberedTable): Promise<void> {
  const { sql, values } = source.dialect.lastNumber(table);
  const [row] = await read(sql, values);
  const statements = target.dialect.goOnBehind(table, Number(row?.["last"] ?? 0));
  if (statements.length > 0) await target.write(statements);
}

async function verify(target: Database, { table, rows, sha256 }: Copied): Promise<void> {
  const digest = createHash("sha256");
  let found = 0;
  for await (const page of pages((sql, values) => target.read(sql, values), table)) {
    for (const row of page) digest.update(fingerprint(row));
    found += page.length;
  }
  if (found === rows && digest.digest("hex") === sha256) return;
  throw new CopyDiffers(`The copy of ${table} is not what was copied: ${found} rows of ${rows}, or other values.`);
}
