import { driverOfHost } from "../../../core/driver-name.ts";
import type { UsedSoFar } from "../../../core/usage.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { AttemptSpec, Driver, DriverEvent, DriverName } from "../../../ports/driver.ts";
import type { EngineFacts, HostSight } from "../../../ports/hosts.ts";

export interface HostDriverOptions {
  readonly hostId: string;
  readonly clock: Clock;
  /** A host that does not answer for so long is lost. */
  readonly lossMs: number;
  /** Of the host's engine. What it learns of that comes to `engineSighted` and `engineUnreachable`. */
  readonly driver: Driver;
  /** Attempts can be started on the host. */
  onSighted(): void;
  /** It does not answer, and is not lost yet. Epoch ms. */
  onUnseen(at: number): void;
  /** What runs on it is over, whatever becomes of it. Epoch ms. */
  onLost(at: number): void;
  /** The host is not registered any more, and nobody talks to it. */
  onRetired(): void;
}

/**
 * Runs attempts on a registered host. While the host is lost nobody can ask its engine anything; so what is told to stop there has ended, and what is told to
 * start never begins. When the engine answers again it shows what it still runs, as any driver does, and is told what of that nobody wants.
 */
export class HostDriver implements Driver {
  readonly name: DriverName;
  readonly #options: HostDriverOptions;
  /** Attempts that it showed, or was told to start, and not to forget; those that are over, or never began, among them. */
  readonly #held = new Map<string, "active" | "over">();
  #report: (event: DriverEvent) => void = () => {};
  #sight: HostSight;
  /** What the engine that comes into sight says of itself. */
  #engine: EngineFacts | undefined;
  #hasInventory = false;

  constructor(options: HostDriverOptions) {
    this.#options = options;
    this.name = driverOfHost(options.hostId);
    this.#sight = { kind: "connecting", since: options.clock.now() };
  }

  get sight(): HostSight {
    return this.#sight;
  }

  /** The engine answers; its inventory follows. */
  engineSighted(engine: EngineFacts): void {
    this.#engine = engine;
  }

  /** Told with each failure: a host is not lost before somebody has tried to reach it for so long. */
  engineUnreachable(problem: string): void {
    const { clock, lossMs } = this.#options;
    const now = clock.now();
    const { kind } = this.#sight;
    const since = this.#sight.kind === "in-sight" ? now : this.#sight.since;
    if (kind === "lost") this.#sight = { kind, since, problem };
    else if (now - since >= lossMs) this.#lose({ since, problem }, now);
    else {
      this.#sight = { kind: kind === "connecting" ? kind : "out-of-sight", since, problem };
      if (kind === "in-sight") this.#options.onUnseen(now);
    }
  }

  open(report: (event: DriverEvent) => void): Promise<void> {
    this.#report = report;
    return this.#options.driver.open((event) => this.#pass(event));
  }

  async start(spec: AttemptSpec): Promise<void> {
    this.#held.set(spec.attemptId, "active");
    if (this.#sight.kind === "lost") this.#end(spec.attemptId);
    else await this.#options.driver.start(spec);
  }

  waitsFor(attemptId: string): string | undefined {
    return this.#options.driver.waitsFor?.(attemptId);
  }

  async usedSoFar(attemptIds: readonly string[]): Promise<ReadonlyMap<string, UsedSoFar>> {
    return (await this.#options.driver.usedSoFar?.(attemptIds)) ?? new Map();
  }

  async stop(attemptId: string, killAt: number): Promise<void> {
    await this.#options.driver.stop(attemptId, killAt);
    if (this.#sight.kind === "lost") this.#end(attemptId);
  }

  async forget(attemptId: string): Promise<void> {
    this.#held.delete(attemptId);
    await this.#options.driver.forget(attemptId);
  }

  close(): Promise<void> {
    this.#report = () => {};
    return this.#options.driver.close();
  }

  /** As far as the host answers. */
  async retire(): Promise<void> {
    this.#report = () => {};
    await Promise.allSettled([...this.#held.keys()].map((attemptId) => this.forget(attemptId)));
    await this.#options.driver.close();
    this.#options.onRetired();
  }

  #pass(event: DriverEvent): void {
    this.#hold(event);
    this.#report(event);
    if (event.kind !== "inventory" || this.#engine === undefined) return;
    this.#hasInventory = true;
    this.#sight = { kind: "in-sight", engine: this.#engine };
    this.#options.onSighted();
  }

  #hold(event: DriverEvent): void {
    switch (event.kind) {
      case "inventory":
        for (const attemptId of event.attemptIds) this.#held.set(attemptId, "active");
        break;
      case "started":
        this.#held.set(event.attemptId, "active");
        break;
      case "made":
      case "exited":
        this.#held.set(event.attemptId, "over");
    }
  }

  /** The loss of the host is told first: what ran there ends for that reason. */
  #lose({ since, problem }: { since: number; problem: string }, now: number): void {
    this.#sight = { kind: "lost", since, problem };
    this.#options.onLost(now);
    // Of an engine that was never seen, nobody knows what an earlier server has started there.
    if (!this.#hasInventory) this.#report({ kind: "inventory", attemptIds: [] });
    this.#hasInventory = true;
    for (const [attemptId, state] of this.#held) if (state === "active") this.#end(attemptId);
  }

  #end(attemptId: string): void {
    this.#held.set(attemptId, "over");
    this.#report({ kind: "exited", attemptId, at: this.#options.clock.now() });
  }
}
