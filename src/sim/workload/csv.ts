import type { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { InputError } from "../../input/input-error.ts";
import type { JobKind, Workload, WorkloadJob } from "./workload.ts";
import { jobKinds, workloadOf } from "./workload.ts";

interface Range {
  readonly least: number;
  readonly most?: number;
  readonly isWhole?: boolean;
}

const NUMBERS = {
  submit_seconds: { least: 0 },
  run_seconds: { least: 0 },
  vcpus: { least: 0.001 },
  memory_mib: { least: 0, isWhole: true },
  gpus: { least: 0, isWhole: true },
  priority: { least: 0, most: 9_999, isWhole: true },
  timeout_seconds: { least: 60, isWhole: true },
  expected_seconds: { least: 1, isWhole: true },
  exit_code: { least: 0, most: 255, isWhole: true },
  nodes: { least: 1, most: 1_000, isWhole: true },
  array_size: { least: 2, most: 1_000_000, isWhole: true },
} as const satisfies Readonly<Record<string, Range>>;

const TEXTS = ["submit_time", "queue", "share", "name"] as const;

type NumberColumn = keyof typeof NUMBERS;
type TextColumn = (typeof TEXTS)[number];

const COLUMNS: readonly string[] = [...Object.keys(NUMBERS), ...TEXTS];

const REQUIRED: readonly NumberColumn[] = ["run_seconds", "vcpus"];

/** More than any amount or epoch second; times in ms still are whole numbers. */
const MOST = 1e10;

/** Reads a CSV file with a header, a line at a time; each is a job, and an empty field is one that is not there (docs/simulate.md). Rejects with InputError. */
export async function readCsv(input: Readable): Promise<Workload> {
  const jobs: WorkloadJob[] = [];
  const kindOf = jobKinds();
  let hasHeader = false;
  const rows = input.pipe(
    parse({
      bom: true,
      trim: true,
      skip_empty_lines: true,
      info: true,
      relax_column_count: true,
      columns: (header: string[]) => {
        hasHeader = true;
        return knownColumns(header);
      },
    }),
  );
  input.once("error", (error) => rows.destroy(error));
  try {
    for await (const row of rows) {
      const { record, info } = row as ParsedRow;
      refuseWrongLength(info);
      jobs.push(toJob(new Row(record, info.lines), kindOf));
    }
    if (!hasHeader) throw new InputError("line 1: the header is missing.");
  } catch (error) {
    if (error instanceof CsvError) throw new InputError(error.message);
    throw error;
  }
  return workloadOf(jobs, []);
}

interface ParsedRow {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number; readonly columns: readonly unknown[]; readonly error?: CsvError };
}

function refuseWrongLength({ lines, columns, error }: ParsedRow["info"]): void {
  if (error === undefined) return;
  const { record } = error as CsvError & { readonly record: readonly string[] };
  throw new InputError(`line ${lines} has ${record.length} fields; the header has ${columns.length}.`);
}

function knownColumns(header: readonly string[]): string[] {
  for (const [index, name] of header.entries()) {
    if (!COLUMNS.includes(name))
      throw new InputError(`line 1: "${name}" is no column; known are ${COLUMNS.join(", ")}.`);
    if (header.indexOf(name) !== index) throw new InputError(`line 1: the column ${name} is there twice.`);
  }
  const missing = REQUIRED.find((name) => !header.includes(name));
  if (missing !== undefined) throw new InputError(`line 1: the column ${missing} is missing.`);
  if (header.includes("submit_seconds") === header.includes("submit_time"))
    throw new InputError("line 1: one of the columns submit_seconds and submit_time must be there.");
  return [...header];
}

function toJob(row: Row, kindOf: (kind: JobKind) => JobKind): WorkloadJob {
  const nodes = row.number("nodes");
  const arraySize = row.number("array_size");
  if (nodes !== undefined && arraySize !== undefined) row.fail("array_size", "is not for jobs that have nodes");
  const name = row.text("name");
  const submitMs = row.number("submit_seconds") ?? row.time("submit_time") ?? row.fail("submit_seconds", "is empty");
  return {
    submitMs: Math.round(submitMs * 1000),
    runMs: Math.round(row.required("run_seconds") * 1000),
    exitCode: row.number("exit_code") ?? 0,
    kind: kindOf({
      vcpus: row.required("vcpus"),
      memoryMiB: row.number("memory_mib") ?? 0,
      gpus: row.number("gpus") ?? 0,
      ...given("nodes", nodes),
      ...given("arraySize", arraySize),
      ...given("queue", row.text("queue")),
      ...given("share", row.text("share")),
      ...given("priority", row.number("priority")),
      ...given("timeoutSeconds", row.number("timeout_seconds")),
      ...given("expectedSeconds", row.number("expected_seconds")),
    }),
    ...given("name", name),
  };
}

/** The member, unless it is not there. */
function given<K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, T>);
}

class Row {
  readonly #record: Readonly<Record<string, string>>;
  readonly #line: number;

  constructor(record: Readonly<Record<string, string>>, line: number) {
    this.#record = record;
    this.#line = line;
  }

  fail(column: NumberColumn | TextColumn, problem: string): never {
    throw new InputError(`line ${this.#line}, column ${column}: ${problem}.`);
  }

  text(column: NumberColumn | TextColumn): string | undefined {
    const text = this.#record[column];
    return text === "" ? undefined : text;
  }

  number(column: NumberColumn): number | undefined {
    const text = this.text(column);
    if (text === undefined) return undefined;
    const { least, most = MOST, isWhole = false }: Range = NUMBERS[column];
    const value = Number(text);
    if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return value;
    return this.fail(column, `"${text}" is no ${isWhole ? "whole " : ""}number from ${least} to ${most}`);
  }

  required(column: NumberColumn): number {
    return this.number(column) ?? this.fail(column, "is empty");
  }

  /** Seconds since the epoch. */
  time(column: TextColumn): number | undefined {
    const text = this.text(column);
    if (text === undefined) return undefined;
    const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(ms) ? this.fail(column, `"${text}" is no time as 2026-11-23T08:30:00Z is`) : ms / 1000;
  }
}
