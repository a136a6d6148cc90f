import { execute } from "../support/postgres.ts";
import type { Fault } from "./acts.ts";
import type { Running } from "./faults.ts";
import type { System } from "./system.ts";

const LOOK_EVERY_MS = 200;

interface Leader {
  readonly epoch: number;
  readonly url: string;
  /** Epoch ms. */
  readonly since: number;
}

/** Who leads, seen in the database past all networks; and how long it took until another server did when the leader's was broken. */
export class Leaders {
  readonly #system: System;
  readonly failoversMs: number[] = [];
  #leader: Leader | undefined;
  #broken: { readonly node: number; readonly at: number } | undefined;

  constructor(system: System) {
    this.#system = system;
  }

  /** Told before a fault begins. */
  about(fault: Fault): void {
    if (!("server" in fault) || fault.kind === "clients-cut") return;
    const url = this.#system.nodes[fault.server]!.server.url;
    if (this.#leader?.url === url && this.#broken === undefined) this.#broken = { node: fault.server, at: Date.now() };
  }

  async watch(run: Running): Promise<void> {
    const { database } = this.#system;
    if (database === undefined) return;
    while (!run.isOver) {
      const found = await execute(database.url, "SELECT epoch, url, since FROM leadership").catch(() => undefined);
      const [row] = found?.rows ?? [];
      if (row !== undefined) this.#saw({ epoch: Number(row.epoch), url: String(row.url), since: Number(row.since) });
      await run.pause(LOOK_EVERY_MS);
    }
  }

  /** One that leads again itself, after a short break, has not failed over. */
  #saw(leader: Leader): void {
    if (leader.epoch === this.#leader?.epoch) return;
    const isFirst = this.#leader === undefined;
    this.#leader = leader;
    const broken = this.#broken;
    this.#broken = undefined;
    if (isFirst || broken === undefined) return;
    if (this.#system.nodes[broken.node]!.server.url !== leader.url) this.failoversMs.push(leader.since - broken.at);
  }
}
