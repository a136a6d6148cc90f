import type { Clock } from "../ports/clock.ts";
import type { ServerRecord, ServerTable } from "../ports/servers.ts";
import { Alarm } from "./alarm.ts";

const EVERY_MS = 5_000;

export interface PresenceOptions {
  readonly table: Pick<ServerTable, "seen" | "gone">;
  readonly clock: Pick<Clock, "after">;
  onError(what: string, error: unknown): void;
}

/** Has people know that a server is there, until it stops. Nothing depends on it. */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #alarm: Alarm;
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock);
  }

  start(server: ServerRecord): void {
    this.#loop = this.#run(server);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#alarm.ring();
    await this.#loop;
  }

  async #run(server: ServerRecord): Promise<void> {
    const { table } = this.#options;
    while (!this.#isStopped) {
      await this.#try(() => table.seen(server));
      if (!this.#isStopped) await this.#alarm.sleep(EVERY_MS);
    }
    await this.#try(() => table.gone(server.id));
  }

  async #try(tell: () => Promise<void>): Promise<void> {
    try {
      await tell();
    } catch (error) {
      this.#options.onError("the store was not told that this server is there", error);
    }
  }
}
