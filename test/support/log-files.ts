import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { LogSink } from "../../src/ports/logs.ts";

/** The least that a driver needs of a log store: one file per attempt. */
export interface LogFiles extends LogSink {
  /** The attempts followed now. */
  readonly followed: ReadonlySet<string>;
  read(attemptId: string): Buffer;
}

export function createLogFiles(directory: string): LogFiles {
  mkdirSync(directory, { recursive: true });
  const followed = new Set<string>();
  const pathOf = (attemptId: string) => path.join(directory, `${attemptId}.log`);
  return {
    followed,
    path: pathOf,
    follow: (attemptId) => void followed.add(attemptId),
    unfollow: (attemptId) => void followed.delete(attemptId),
    append(attemptId, lines) {
      appendFileSync(pathOf(attemptId), lines.map((line) => `${line.message}\n`).join(""));
    },
    read(attemptId) {
      try {
        return readFileSync(pathOf(attemptId));
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return Buffer.alloc(0);
        throw error;
      }
    },
  };
}
