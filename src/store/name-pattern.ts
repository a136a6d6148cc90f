import type { SqlValue } from "./database.ts";

/** A condition on names as the filters of AWS Batch match them: whatever the letters' case, `*` at the end matches any rest. */
export function nameCondition(column: string, pattern: string): { sql: string; values: SqlValue[] } {
  if (!pattern.endsWith("*")) return { sql: `lower(${column}) = ?`, values: [pattern.toLowerCase()] };
  const prefix = pattern.slice(0, -1).toLowerCase();
  return { sql: `substr(lower(${column}), 1, ?) = ?`, values: [[...prefix].length, prefix] };
}
