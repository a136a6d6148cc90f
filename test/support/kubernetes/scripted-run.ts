import { ContainerLog } from "./container-log.ts";
import type { ContainerRun, Exit } from "./container-run.ts";
import type { Script } from "./images.ts";

/** A container that is played: no process, so that thousands of them cost little. */
export class ScriptedRun implements ContainerRun {
  readonly log = new ContainerLog();
  readonly exited: Promise<Exit>;
  readonly #end: (exitCode: number) => void;

  constructor({ runMs, exitCode = 0, lines = [] }: Script) {
    const { promise, resolve } = Promise.withResolvers<Exit>();
    this.exited = promise;
    const stream = this.log.stream();
    if (lines.length > 0) stream.write(Buffer.from(lines.map((line) => `${line}\n`).join("")));
    const timer = setTimeout(() => this.#end(exitCode), runMs);
    this.#end = (code) => {
      clearTimeout(timer);
      this.log.complete();
      resolve({ exitCode: code, oom: false });
    };
  }

  signal(name: "SIGTERM" | "SIGKILL"): void {
    this.#end(name === "SIGTERM" ? 143 : 137);
  }
}
