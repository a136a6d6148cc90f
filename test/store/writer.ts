import { statement } from "../../src/store/database.ts";
import { DatabaseInUse, SqliteDatabase } from "../../src/store/sqlite/database.ts";

/** A process of its own that has the database of argv[2] open: writes numbered rows, several at once, and prints the numbers that were acknowledged. */
try {
  const database = new SqliteDatabase(process.argv[2]!);
  await database.write([statement(`CREATE TABLE IF NOT EXISTS acks (n INTEGER PRIMARY KEY, twin INTEGER NOT NULL)`)]);
  process.stdout.write("open\n");
  const first = Number(process.argv[3] ?? 0);
  for (let n = first; ; n += 3) {
    const group = [n, n + 1, n + 2].map(async (one) => {
      // Two rows in one write: both or none.
      await database.write([
        statement(`INSERT INTO acks VALUES (?, ?)`, one, one),
        statement(`INSERT INTO acks VALUES (?, ?)`, -one - 1, one),
      ]);
      process.stdout.write(`${one}\n`);
    });
    await Promise.all(group);
  }
} catch (error) {
  process.stdout.write(error instanceof DatabaseInUse ? "in use\n" : `${String(error)}\n`);
}
