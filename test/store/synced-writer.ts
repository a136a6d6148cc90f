import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { statement } from "../../src/store/database.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";

/**
 * A program that writes ten rows of 100 kB for each line that it reads, and answers with a line when that was acknowledged. Arguments: a directory, and `store`
 * for the server's own database or `careless` for one that does not sync its commits.
 */
const [, , directory, how] = process.argv;
const path = join(directory!, "longshore.db");
const text = "x".repeat(100_000);
const insert = `INSERT INTO rows (text) VALUES (?)`;

const write = how === "store" ? await storeWriter() : carelessWriter();
console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  await write();
  console.log("acknowledged");
}

async function storeWriter(): Promise<() => Promise<unknown>> {
  const database = new SqliteDatabase(path);
  await database.write([statement(`CREATE TABLE rows (text TEXT)`)]);
  return () => database.write(Array.from({ length: 10 }, () => statement(insert, text)));
}

function carelessWriter(): () => Promise<unknown> {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE rows (text TEXT)");
  const prepared = database.prepare(insert);
  return async () => {
    for (let count = 0; count < 10; count += 1) prepared.run(text);
  };
}
