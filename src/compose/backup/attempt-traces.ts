import { existsSync } from "node:fs";
import { join } from "node:path";
import { logPaths } from "../../logs/paths.ts";

/** Whether attempts have left anything in a data directory: what runs there writes a log from its beginning, or at least a journal. */
export function attemptTraces(dataDir: string): (attemptId: string) => boolean {
  const logs = logPaths(join(dataDir, "logs"));
  return (attemptId) =>
    existsSync(logs.log(attemptId)) || existsSync(join(dataDir, "attempts", `${attemptId}.journal`));
}
