import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createProcessDriver } from "../../src/drivers/process/driver.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Driver } from "../../src/ports/driver.ts";
import type { Term } from "../../src/ports/leadership.ts";
import { ONLY_SERVER } from "../../src/ports/leadership.ts";
import { NO_SECRETS } from "../../src/ports/secrets.ts";
import type { Secrets } from "../../src/ports/secrets.ts";
import type { DriverHarness } from "../conformance/driver/suite.ts";
import { removeOutsideOf } from "./cgroup-folders.ts";
import { systemClock } from "./clock.ts";
import { createLogFiles } from "./log-files.ts";
import type { LogFiles } from "./log-files.ts";

export interface ProcessHarness extends DriverHarness {
  createDriver(
    limits?: "auto" | "watch",
    clock?: Clock,
    secrets?: Secrets,
    bootId?: string,
    term?: Pick<Term, "confirm">,
  ): Driver;
  /** The driver's own directory. */
  readonly attempts: string;
  readonly logsDirectory: string;
  readonly logs: LogFiles;
  /** What the drivers told the operator. */
  readonly notices: readonly string[];
  /** What the driver has noted of the attempt. */
  journal(attemptId: string): string;
}

/** Process drivers over a temporary directory. */
export async function makeProcessHarness(): Promise<ProcessHarness> {
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-process-"));
  const attempts = path.join(directory, "attempts");
  mkdirSync(attempts);
  const logsDirectory = path.join(directory, "logs");
  const logs = createLogFiles(logsDirectory);
  const notices: string[] = [];
  return {
    attempts,
    logsDirectory,
    logs,
    notices,
    journal: (attemptId) => readFileSync(path.join(attempts, `${attemptId}.journal`), "utf8"),
    createDriver: (limits = "auto", clock = systemClock, secrets = NO_SECRETS, bootId, term = ONLY_SERVER) =>
      createProcessDriver({
        ...{ directory: attempts, clock, logs, limits, secrets, bootId, term },
        onNotice: (notice) => notices.push(notice),
      }),
    readLog: async (attemptId) => logs.read(attemptId).toString("utf8"),
    command: (argv) => ({ image: "scratch", command: [...argv] }),
    async dispose() {
      killWhatRuns(attempts);
      removeOutsideOf(attempts);
      rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}

/** Attempts without an exit code, when a test failed in the middle. */
function killWhatRuns(attempts: string): void {
  const journals = readdirSync(attempts).filter((name) => name.endsWith(".journal"));
  for (const journal of journals) {
    const text = readFileSync(path.join(attempts, journal), "utf8");
    const pid = /^program (\d+) /m.exec(text)?.[1];
    if (pid === undefined || /^exit /m.test(text)) continue;
    try {
      process.kill(-Number(pid), "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}
