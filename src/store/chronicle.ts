import type { EnvironmentPoint, Part, QueuePoint } from "../core/chronicle/point.ts";
import { environmentSpan, inTheSameMinute, NO_QUEUE_POINT, queueSpan } from "../core/chronicle/point.ts";
import type { Chronicle, ChronicleEntry, ChronicleQuery, ChronicleStep } from "../ports/chronicle.ts";
import { CHRONICLE_KEPT_MS, CHRONICLE_STEPS } from "../ports/chronicle.ts";
import type { Database, Row, Statement } from "./database.ts";
import { statement } from "./database.ts";

/** Read at a time; then it is others' turn. */
const ENTRIES_AT_ONCE = 120;
/** Of what is too old, as many entries go at a time. */
const REMOVED_AT_ONCE = 60;

/** Of which longer entries are made. */
const LEVELS = [
  { fine: 60, coarse: 600 },
  { fine: 600, coarse: 3_600 },
] as const satisfies readonly { fine: ChronicleStep; coarse: ChronicleStep }[];

export function chronicleTable(database: Database): Chronicle {
  return {
    async addMinute({ at, queues, environments }) {
      const before = new Map((await rowsAt(database, 60, at, at + 1)).map((row) => [String(row["arn"]), row]));
      const merged = [...queues].map(([arn, point]): [string, QueuePoint] => {
        const row = before.get(arn);
        return [arn, row === undefined ? point : inTheSameMinute(toQueuePoint(row), point)];
      });
      // A queue that had something in the minute's first part has nothing waiting or running any more.
      const emptied = [...before.values()].filter((row) => isOfQueue(row) && !queues.has(String(row["arn"])));
      const rest = emptied.map((row): [string, QueuePoint] => [
        String(row["arn"]),
        { ...toQueuePoint(row), waiting: 0, running: 0 },
      ]);
      await database.write(statements(60, { at, queues: new Map([...merged, ...rest]), environments }));
    },
    async roll(now) {
      for (const level of LEVELS) if (await rollNext(database, level, now)) return true;
      for (const step of CHRONICLE_STEPS) if (await removeSome(database, step, now)) return true;
      return false;
    },
    read: (query) => read(database, query),
  };
}

/** True when a longer entry was made. */
async function rollNext(database: Database, { fine, coarse }: (typeof LEVELS)[number], now: number): Promise<boolean> {
  const coarseMs = coarse * 1000;
  const [last] = await database.read(`SELECT max(at) AS at FROM chronicle WHERE step = ? AND scope = ''`, [coarse]);
  const done = typeof last?.["at"] === "number" ? last["at"] + coarseMs : 0;
  const [next] = await database.read(`SELECT min(at) AS at FROM chronicle WHERE step = ? AND scope = '' AND at >= ?`, [
    fine,
    done,
  ]);
  if (typeof next?.["at"] !== "number") return false;
  const at = Math.floor(next["at"] / coarseMs) * coarseMs;
  if (at + coarseMs > now) return false;
  const entries = toEntries(await rowsAt(database, fine, at, at + coarseMs));
  await database.write(statements(coarse, spanOf(at, entries, fine)));
  return true;
}

/** One entry in place of several of the same length. */
function spanOf(at: number, entries: readonly ChronicleEntry[], length: number): ChronicleEntry {
  const queues = partsByArn(entries.map((entry) => ({ points: entry.queues, length })));
  const environments = partsByArn(entries.map((entry) => ({ points: entry.environments, length })));
  const whole = entries.length * length;
  return {
    at,
    queues: new Map([...queues].map(([arn, parts]) => [arn, queueSpan(parts, whole)])),
    environments: new Map([...environments].map(([arn, parts]) => [arn, environmentSpan(parts)])),
  };
}

function partsByArn<Point>(
  spans: readonly { readonly points: ReadonlyMap<string, Point>; readonly length: number }[],
): Map<string, Part<Point>[]> {
  const byArn = new Map<string, Part<Point>[]>();
  for (const { points, length } of spans)
    for (const [arn, point] of points) {
      const parts = byArn.get(arn);
      if (parts === undefined) byArn.set(arn, [{ point, length }]);
      else parts.push({ point, length });
    }
  return byArn;
}

async function removeSome(database: Database, step: ChronicleStep, now: number): Promise<boolean> {
  const before = now - CHRONICLE_KEPT_MS[step];
  const [first] = await database.read(`SELECT min(at) AS at FROM chronicle WHERE step = ?`, [step]);
  const from = first?.["at"];
  if (typeof from !== "number" || from >= before) return false;
  const until = Math.min(before, from + step * 1000 * REMOVED_AT_ONCE);
  await database.write([statement(`DELETE FROM chronicle WHERE step = ? AND at < ?`, step, until)]);
  return true;
}

async function read(database: Database, { step, from, to, scope, arns }: ChronicleQuery): Promise<ChronicleEntry[]> {
  const entries: ChronicleEntry[] = [];
  const span = step * 1000 * ENTRIES_AT_ONCE;
  const [isMeant, values] = arns === undefined ? ["", []] : [`AND arn IN (SELECT value FROM json_each(?))`, arns];
  for (let begin = from; begin < to; begin += span) {
    const end = Math.min(to, begin + span);
    const [led, rows] = await Promise.all([
      database.read(ofScope(""), [step, "", begin, end]),
      database.read(ofScope(isMeant), [
        step,
        scope,
        begin,
        end,
        ...(arns === undefined ? [] : [JSON.stringify(values)]),
      ]),
    ]);
    entries.push(...toEntries([...led, ...rows]));
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return entries;
}

const ofScope = (condition: string): string =>
  `SELECT at, arn, point FROM chronicle WHERE step = ? AND scope = ? AND at >= ? AND at < ? ${condition} ORDER BY at`;

/** Of all accounts. */
function rowsAt(database: Database, step: ChronicleStep, from: number, to: number): Promise<Row[]> {
  return database.read(`SELECT at, arn, point FROM chronicle WHERE step = ? AND at >= ? AND at < ? ORDER BY at`, [
    ...[step, from, to],
  ]);
}

function toEntries(rows: readonly Row[]): ChronicleEntry[] {
  const byTime = new Map<number, { queues: Map<string, QueuePoint>; environments: Map<string, EnvironmentPoint> }>();
  for (const row of rows) {
    const at = Number(row["at"]);
    let entry = byTime.get(at);
    if (entry === undefined) byTime.set(at, (entry = { queues: new Map(), environments: new Map() }));
    const arn = String(row["arn"]);
    if (isOfQueue(row)) entry.queues.set(arn, toQueuePoint(row));
    else if (arn !== "") entry.environments.set(arn, toEnvironmentPoint(row));
  }
  return [...byTime].map(([at, entry]) => ({ at, ...entry })).sort((a, b) => a.at - b.at);
}

function isOfQueue(row: Row): boolean {
  return String(row["arn"]).includes(":job-queue/");
}

function toQueuePoint(row: Row): QueuePoint {
  return { ...NO_QUEUE_POINT, ...(JSON.parse(String(row["point"])) as Partial<QueuePoint>) };
}

function toEnvironmentPoint(row: Row): EnvironmentPoint {
  return JSON.parse(String(row["point"])) as EnvironmentPoint;
}

function statements(step: ChronicleStep, { at, queues, environments }: ChronicleEntry): Statement[] {
  const written = [...[...queues].map(([arn, point]) => [arn, withoutNothing(point)] as const), ...environments];
  return [insert(step, at, "", "", {}), ...written.map(([arn, point]) => insert(step, at, scopeOf(arn), arn, point))];
}

function withoutNothing(point: QueuePoint): object {
  return Object.fromEntries(
    Object.entries(point).filter(([, value]) =>
      typeof value === "object" ? Object.keys(value as object).length > 0 : value !== 0,
    ),
  );
}

function insert(step: ChronicleStep, at: number, scope: string, arn: string, point: object): Statement {
  return statement(
    `INSERT INTO chronicle (step, at, scope, arn, point) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (step, at, scope, arn) DO UPDATE SET point = excluded.point`,
    ...[step, at, scope, arn, JSON.stringify(point)],
  );
}

/** `account/region`. */
function scopeOf(arn: string): string {
  const [, , , region = "", account = ""] = arn.split(":", 6);
  return `${account}/${region}`;
}
