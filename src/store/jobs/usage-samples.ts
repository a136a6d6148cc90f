import type { UsageSample, UsageSampleTable } from "../../ports/usage-samples.ts";
import type { Database, Row, Statement } from "../database.ts";
import { statement } from "../database.ts";

const ROWS_AT_ONCE = 100;

/** One row an attempt, with all its samples: what belongs together is read, written and removed together. */
export function usageSampleTable(database: Database): UsageSampleTable {
  return {
    async read(attemptIds) {
      const found = new Map<string, readonly UsageSample[]>();
      for (let first = 0; first < attemptIds.length; first += ROWS_AT_ONCE) {
        const rows = await database.read(
          `SELECT attempt_id, samples FROM usage_samples WHERE attempt_id IN (SELECT value FROM json_each(?))`,
          [JSON.stringify(attemptIds.slice(first, first + ROWS_AT_ONCE))],
        );
        for (const row of rows) found.set(String(row["attempt_id"]), toSamples(row));
      }
      return found;
    },
    async write(series) {
      if (series.size === 0) return;
      await database.write([...series].map(([attemptId, samples]) => written(attemptId, samples)));
    },
  };
}

function written(attemptId: string, samples: readonly UsageSample[]): Statement {
  return statement(
    `INSERT INTO usage_samples (attempt_id, samples) VALUES (?, ?)
     ON CONFLICT (attempt_id) DO UPDATE SET samples = excluded.samples`,
    attemptId,
    toText(samples),
  );
}

/** Of a few thousand bytes: each number is told by how much it differs from the one before it. */
function toText(samples: readonly UsageSample[]): string {
  let [at, cpuMs, memoryMiB] = [0, 0, 0];
  const numbers = samples.flatMap((sample) => {
    const step = [sample.at - at, sample.cpuMs - cpuMs, sample.memoryMiB - memoryMiB];
    ({ at, cpuMs, memoryMiB } = sample);
    return step;
  });
  return numbers.join(" ");
}

function toSamples(row: Row): UsageSample[] {
  const numbers = String(row["samples"]).split(" ").map(Number);
  const samples: UsageSample[] = [];
  let [at, cpuMs, memoryMiB] = [0, 0, 0];
  for (let place = 0; place + 2 < numbers.length; place += 3) {
    at += numbers[place]!;
    cpuMs += numbers[place + 1]!;
    memoryMiB += numbers[place + 2]!;
    samples.push({ at, cpuMs, memoryMiB });
  }
  return samples;
}

/** Of attempts whose jobs are removed. */
export function deleteSamples(attemptIds: readonly string[]): Statement {
  return statement(
    `DELETE FROM usage_samples WHERE attempt_id IN (SELECT value FROM json_each(?))`,
    JSON.stringify(attemptIds),
  );
}
