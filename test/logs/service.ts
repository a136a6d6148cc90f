import type { TestContext } from "node:test";
import type { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { createLogsHandlers } from "../../src/api/logs/handlers.ts";
import type { LogFiles } from "../../src/logs/files.ts";
import { statement } from "../../src/store/database.ts";
import { logStreamTable } from "../../src/store/log-streams.ts";
import { migrate } from "../../src/store/migrations.ts";
import { SqliteDatabase } from "../../src/store/sqlite.ts";
import { systemClock } from "../support/clock.ts";
import { logsClient, startServer } from "../wire/harness.ts";
import { attemptId, freshLogs } from "./support.ts";

export const GROUP = "/aws/batch/job";

export interface LogsService {
  readonly client: CloudWatchLogsClient;
  readonly logs: LogFiles;
  /** Makes a stream and returns the id of its attempt. */
  addStream(stream: string, options?: { group?: string; createdAt?: number }): Promise<string>;
}

/** The whole way from a real CloudWatch Logs client to files: HTTP server, handlers, stream table, log files. */
export async function logsService(t: TestContext): Promise<LogsService> {
  const database = new SqliteDatabase(":memory:");
  t.after(() => database.close());
  await migrate(database, 0);
  const { logs } = freshLogs(t);
  const handlers = createLogsHandlers({ streams: logStreamTable(database), logs, clock: systemClock });
  const { endpoint } = await startServer(t, { logs: handlers });
  let attempts = 0;
  return {
    client: logsClient(t, endpoint),
    logs,
    async addStream(stream, { group = GROUP, createdAt = 1_000 } = {}) {
      const id = attemptId((attempts += 1));
      const sql = "INSERT INTO log_streams (scope, group_name, name, attempt_id, created_at) VALUES (?, ?, ?, ?, ?)";
      await database.write([statement(sql, "123456789012/us-east-1", group, stream, id, createdAt)]);
      return id;
    },
  };
}

/** Lines with times `step` ms apart from `from` on. */
export function lines(count: number, from: number, step: number, text: (n: number) => string) {
  return Array.from({ length: count }, (_, n) => ({ timestamp: from + n * step, message: text(n) }));
}
