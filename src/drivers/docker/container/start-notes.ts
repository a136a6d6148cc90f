import { rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Which containers an engine was asked to start, and has not answered. It is noted before the engine is asked: one that dies in the middle says of a container
 * that has run, or runs, that nobody ever started it.
 */
export class StartNotes {
  readonly #directory: string | undefined;
  readonly #times = new Map<string, number>();

  /** Without a directory they are gone with the server. */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** Epoch ms; undefined when it was not asked. */
  askedAt(attemptId: string): number | undefined {
    const path = this.#path(attemptId);
    const noted = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    return this.#times.get(attemptId) ?? (noted && Math.round(noted));
  }

  note(attemptId: string, now: number): void {
    this.#times.set(attemptId, now);
    const path = this.#path(attemptId);
    if (path !== undefined) writeFileSync(path, "");
  }

  forget(attemptId: string): void {
    this.#times.delete(attemptId);
    const path = this.#path(attemptId);
    if (path !== undefined) rmSync(path, { force: true });
  }

  #path(attemptId: string): string | undefined {
    return this.#directory && join(this.#directory, `${attemptId}.asked`);
  }
}
