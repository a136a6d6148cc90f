import { after } from "node:test";
import type { OwnPostgres } from "./postgres.ts";
import { ownPostgres } from "./postgres.ts";

const cleanUps: (() => unknown)[] = [];
let shared: Promise<OwnPostgres> | undefined;

// Here, not in the test that is the first to want it: PostgreSQL stays for all of a file's tests.
after(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
});

/** The URL of a new, empty database: a file's tests share one PostgreSQL, which needs not be killed or stopped. */
export async function emptyDatabase(): Promise<string> {
  shared ??= ownPostgres({ after: (task) => cleanUps.push(task) });
  return (await shared).createDatabase();
}
