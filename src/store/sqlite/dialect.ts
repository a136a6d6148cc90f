import type { Dialect } from "../database.ts";
import { statement } from "../database.ts";

/** The schema is written in SQLite's words. */
export const SQLITE: Dialect = {
  engine: "SQLite",
  groundwork: [],
  afterLoad: [],
  schemaStep: (sql) => sql,
  lastNumber: ({ name }) => statement(`SELECT seq AS last FROM sqlite_sequence WHERE name = ?`, name),
  goOnBehind: ({ name }, last) => [
    statement(`DELETE FROM sqlite_sequence WHERE name = ?`, name),
    statement(`INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, name, last),
  ],
};
