import type { TestContext } from "node:test";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { createLogsHandlers } from "../../src/api/logs/handlers.ts";
import { PageTokens } from "../../src/api/wire/page-tokens.ts";
import type { LogFiles } from "../../src/logs/files.ts";
import { removeOldLogs } from "../../src/logs/keeper.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { statement } from "../../src/store/database.ts";
import { RUNNING, SPAN_OF_ROW } from "../../src/store/logs/log-spans.ts";
import { SqliteDatabase } from "../../src/store/sqlite/database.ts";
import { openStore } from "../../src/store/store.ts";
import type { OpenStore } from "../../src/store/store.ts";
import { systemClock } from "../support/clock.ts";
import { logsClient, startServer } from "../wire/harness.ts";
import { attemptId, freshLogs } from "./support.ts";

export const GROUP = "/aws/batch/job";
export const SCOPE = "123456789012/us-east-1";

export interface LogsService {
  readonly client: CloudWatchLogsClient;
  readonly endpoint: string;
  readonly port: number;
  readonly logs: LogFiles;
  readonly store: OpenStore;
  readonly database: SqliteDatabase;
  /** Makes the stream of an attempt, which runs unless it has an end, and returns the attempt's id. */
  addStream(stream: string, options?: { group?: string; createdAt?: number; endedAt?: number }): Promise<string>;
  /** Resolves when all that was deleted, or is too old, is gone. */
  removeOld(): Promise<void>;
}

/** The whole way from a real CloudWatch Logs client to files and rows: HTTP server, handlers, store, log files. */
export async function logsService(t: TestContext, clock: Clock = systemClock): Promise<LogsService> {
  const database = new SqliteDatabase(":memory:");
  t.after(() => database.close());
  const store = await openStore(database, 0, { defaultDriver: "process" });
  const { logs } = freshLogs(t);
  const { logGroups: groups, logStreams: streams, putEvents, tags, logRemovals: removals } = store;
  const tokens = new PageTokens(store.tokenKey, () => clock.now());
  const backend = { groups, streams, putEvents, tags, output: logs, clock, tokens, removed: () => {} };
  const { endpoint, port } = await startServer(t, { logs: createLogsHandlers(backend) });
  let attempts = 0;
  return {
    ...{ client: logsClient(t, endpoint), endpoint, port, logs, store, database },
    async addStream(stream, { group = GROUP, createdAt = 1_000, endedAt = RUNNING } = {}) {
      const id = attemptId((attempts += 1));
      await groups.create(SCOPE, { name: group, createdAt, settings: {} });
      const { id: groupId } = (await groups.find(SCOPE, group))!;
      const insert = `INSERT INTO log_streams (log_id, group_id, name, origin, created_at, first_event_at, last_event_at, span)
        VALUES (?, ?, ?, 'job', ?, ?, ?, 0)`;
      await database.write([
        statement(insert, id, groupId, stream, createdAt, createdAt, endedAt),
        statement(`UPDATE log_streams SET span = ${SPAN_OF_ROW} WHERE log_id = ?`, id),
      ]);
      return id;
    },
    removeOld: () => removeOldLogs({ groups, removals, files: logs, clock }, () => false),
  };
}

/** Lines with times `step` ms apart from `from` on. */
export function lines(count: number, from: number, step: number, text: (n: number) => string) {
  return Array.from({ length: count }, (_, n) => ({ timestamp: from + n * step, message: text(n) }));
}
