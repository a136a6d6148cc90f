import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createProcessDriver } from "../../src/drivers/process/driver.ts";
import type { DriverHarness } from "../conformance/driver/suite.ts";
import { systemClock } from "./clock.ts";
import { createLogFiles } from "./log-files.ts";
import type { LogFiles } from "./log-files.ts";

export interface ProcessHarness extends DriverHarness {
  /** The driver's own directory. */
  readonly attempts: string;
  readonly logs: LogFiles;
  /** What the drivers told the operator. */
  readonly notices: readonly string[];
  attemptFile(attemptId: string, name: string): string;
}

/** Process drivers over a temporary directory. */
export async function makeProcessHarness(): Promise<ProcessHarness> {
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-process-"));
  const attempts = path.join(directory, "attempts");
  const logs = createLogFiles(path.join(directory, "logs"));
  const notices: string[] = [];
  return {
    attempts,
    logs,
    notices,
    attemptFile: (attemptId, name) => path.join(attempts, attemptId, name),
    createDriver: () =>
      createProcessDriver({
        directory: attempts,
        clock: systemClock,
        logs,
        onNotice: (notice) => notices.push(notice),
      }),
    readLog: async (attemptId) => logs.read(attemptId).toString("utf8"),
    command: (argv) => ({ image: "scratch", command: [...argv] }),
    async dispose() {
      killWhatRuns(attempts);
      rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}

/** Attempts without an exit code, when a test failed in the middle. */
function killWhatRuns(attempts: string): void {
  for (const attemptId of readdirSync(attempts)) {
    const files = readdirSync(path.join(attempts, attemptId));
    if (!files.includes("pid") || files.includes("exit")) continue;
    const pid = Number.parseInt(readFileSync(path.join(attempts, attemptId, "pid"), "utf8"), 10);
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}
