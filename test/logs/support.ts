import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createLogFiles } from "../../src/logs/files.ts";
import type { LogFiles } from "../../src/logs/files.ts";
import type { LogEvent, LogPosition, LogReader } from "../../src/ports/logs.ts";
import { systemClock } from "../support/clock.ts";

export function attemptId(number: number): string {
  return number.toString(16).padStart(32, "0");
}

/** A directory and log files in it, gone with the test. */
export function freshLogs(t: TestContext): { directory: string; logs: LogFiles; reopen: () => LogFiles } {
  const directory = mkdtempSync(join(tmpdir(), "logs-"));
  const opened: LogFiles[] = [];
  const reopen = (): LogFiles => {
    opened.at(-1)?.close();
    const logs = createLogFiles({ directory, clock: systemClock });
    opened.push(logs);
    return logs;
  };
  t.after(() => {
    for (const logs of opened) logs.close();
    rmSync(directory, { recursive: true });
  });
  return { directory, logs: reopen(), reopen };
}

export async function readAll(
  logs: LogReader,
  id: string,
  direction: "forward" | "backward",
  limit: number,
): Promise<LogEvent[]> {
  const all: LogEvent[] = [];
  let position: LogPosition | "head" | "tail" = direction === "forward" ? "head" : "tail";
  for (let pages = 0; pages < 100_000; pages += 1) {
    const page = await logs.read(id, { position, direction, limit });
    const next = direction === "forward" ? page.forwardPosition : page.backwardPosition;
    if (direction === "forward") all.push(...page.events);
    else all.unshift(...page.events);
    if (next === position) return all;
    position = next;
  }
  throw new Error("Paging does not end");
}

export async function head(logs: LogReader, id: string): Promise<string[]> {
  const page = await logs.read(id, { position: "head", direction: "forward", limit: 10_000 });
  return page.events.map((event) => event.message);
}

/** Asks again until the condition holds; fails after ten seconds. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`Not within ten seconds: ${what}`);
    await new Promise((resolve) => systemClock.after(5, () => resolve(undefined)));
  }
}
