import { rmSync } from "node:fs";
import type { Clock } from "../../ports/clock.ts";
import { copyStore } from "../../store/copies/copy.ts";
import type { Database } from "../../store/database.ts";
import { SqliteDatabase } from "../../store/sqlite/database.ts";
import { openDatabase } from "../database.ts";
import type { RestoredPlace } from "./replaced-store.ts";

/** A PostgreSQL database that is to have the restored store. What it had before stays in a database of its own: this one must be empty. */
export class EmptyDatabase implements RestoredPlace {
  readonly era = undefined;
  readonly #database: Database;
  readonly #clock: Clock;

  /** @throws StartError when it cannot be used. */
  static async open(databaseUrl: string, clock: Clock): Promise<EmptyDatabase> {
    return new EmptyDatabase(await openDatabase({ dataDir: "", databaseUrl }, { clock, onError: () => {} }), clock);
  }

  private constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** @throws NotEmpty */
  async take(draft: string): Promise<string[]> {
    const source = new SqliteDatabase(draft);
    try {
      await copyStore(source, this.#database, this.#clock.now());
    } finally {
      await source.close();
      rmSync(draft);
    }
    return [];
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
