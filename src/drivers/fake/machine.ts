import type { UsedSoFar } from "../../core/usage.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptSpec, DriverEvent } from "../../ports/driver.ts";
import type { FakeBehaviour } from "./behaviour.ts";

type Exited = Extract<DriverEvent, { kind: "exited" }>;

const LATE_MS = 50;
/** How long a driver sees nothing that lost a report. */
const BLIND_MS = 2_000;

/** An attempt on the fake machine. */
export interface FakeAttempt {
  readonly spec: AttemptSpec;
  readonly behaviour: FakeBehaviour;
  readonly claimedAt: number;
  readonly address: string;
  startedAt?: number;
  /** Set when it is over. */
  end?: Exited;
}

export interface FakeMachineOptions {
  readonly clock: Clock;
  behaviour(attempt: AttemptSpec): FakeBehaviour;
  /** Called each time that an attempt begins: of one id it must be once, ever. */
  onClaim?(attempt: FakeAttempt, machine: FakeMachine): void;
}

/**
 * Where the attempts of the fake driver run: it outlives servers, as a real machine's processes and containers do. Reports go to the driver
 * that is open; without one they are lost, and the next one finds the attempts.
 */
export class FakeMachine {
  readonly #options: FakeMachineOptions;
  readonly #attempts = new Map<string, FakeAttempt>();
  /** Attempts that the host lost without a word: not shown, and not run again either. */
  readonly #lost = new Map<string, Exited>();
  readonly #kills = new Map<string, number>();
  readonly #isTerminating = new Set<string>();
  #addresses = 0;
  /** The open driver's. */
  report: (event: DriverEvent) => void = () => {};

  constructor(options: FakeMachineOptions) {
    this.#options = options;
  }

  /** All that were claimed and not forgotten. */
  attempts(): Iterable<FakeAttempt> {
    return this.#attempts.values();
  }

  /** Whether this attempt was claimed, and not forgotten, even if it was lost meanwhile. */
  knows(attemptId: string): boolean {
    return this.#attempts.has(attemptId) || this.#lost.has(attemptId);
  }

  /** Whether a running attempt was told to end. */
  isStopping(attemptId: string): boolean {
    return this.#kills.has(attemptId);
  }

  isActive(attemptId: string): boolean {
    const attempt = this.#attempts.get(attemptId);
    return attempt !== undefined && attempt.end === undefined;
  }

  active(): FakeAttempt[] {
    return [...this.#attempts.values()].filter(({ end }) => end === undefined);
  }

  /** Shows all attempts, as a driver does that opens or has lost sight of them for a while. */
  showInventory(): void {
    this.report({ kind: "inventory", attemptIds: [...this.#attempts.keys()] });
    for (const { spec, address, startedAt, end } of this.#attempts.values()) {
      if (startedAt !== undefined) this.report({ kind: "started", attemptId: spec.attemptId, at: startedAt, address });
      if (end !== undefined) this.report(end);
    }
  }

  claim(spec: AttemptSpec): void {
    const known = this.#attempts.get(spec.attemptId);
    const lost = this.#lost.get(spec.attemptId);
    if (lost !== undefined) return this.report(lost);
    if (known !== undefined) return;
    const behaviour = this.#options.behaviour(spec);
    if (behaviour.startRejects === "before-claim") throw new Error("the fake machine refuses this attempt");
    const attempt: FakeAttempt = {
      spec,
      behaviour,
      claimedAt: this.#options.clock.now(),
      address: this.#nextAddress(),
    };
    this.#attempts.set(spec.attemptId, attempt);
    this.#options.onClaim?.(attempt, this);
    this.#options.clock.after(behaviour.startDelayMs, () => this.#begin(attempt));
    if (behaviour.startRejects === "after-claim") throw new Error("the fake machine answers with an error");
  }

  stop(attemptId: string, killAt: number): void {
    const attempt = this.#attempts.get(attemptId);
    if (attempt === undefined || attempt.end !== undefined) return;
    if (attempt.startedAt === undefined) return this.#end(attempt, {});
    const { termMs } = attempt.behaviour;
    if (termMs !== undefined && !this.#isTerminating.has(attemptId)) {
      this.#isTerminating.add(attemptId);
      this.#options.clock.after(termMs, () => this.#end(attempt, { exitCode: 143 }));
    }
    const sooner = Math.min(killAt, this.#kills.get(attemptId) ?? Infinity);
    if (sooner === this.#kills.get(attemptId)) return;
    this.#kills.set(attemptId, sooner);
    const delayMs = sooner - this.#options.clock.now();
    if (delayMs <= 0) this.#end(attempt, { exitCode: 137 });
    else this.#options.clock.after(delayMs, () => this.#end(attempt, { exitCode: 137 }));
  }

  /** Each is as busy as it may be, and holds all that it asked for. */
  usedSoFar(attemptIds: readonly string[]): Map<string, UsedSoFar> {
    const now = this.#options.clock.now();
    const used = attemptIds.flatMap((attemptId): [string, UsedSoFar][] => {
      const { startedAt, end, spec } = this.#attempts.get(attemptId) ?? {};
      if (startedAt === undefined || end !== undefined || spec === undefined) return [];
      const cpuMs = Math.round(((now - startedAt) * spec.vcpuMilli) / 1000);
      return [[attemptId, { cpuMs, memoryMiB: spec.memoryMiB }]];
    });
    return new Map(used);
  }

  /** What runs on this instance is lost with it. */
  loseInstance(instanceId: string): void {
    for (const attempt of this.active()) if (attempt.spec.instanceId === instanceId) this.#end(attempt, {});
  }

  forget(attemptId: string): void {
    this.#attempts.delete(attemptId);
    this.#lost.delete(attemptId);
    this.#kills.delete(attemptId);
    this.#isTerminating.delete(attemptId);
  }

  #begin(attempt: FakeAttempt): void {
    if (attempt.end !== undefined) return;
    const { behaviour, spec } = attempt;
    const { clock } = this.#options;
    if (behaviour.startFailure !== undefined) return this.#end(attempt, { reason: behaviour.startFailure });
    attempt.startedAt = clock.now();
    const reports = { once: 1, twice: 2, lost: 0, late: 0 }[behaviour.startedReport];
    for (let n = 0; n < reports; n += 1) this.#reportStart(attempt);
    const { runMs, loss, exitCode, reason } = behaviour;
    if (runMs !== undefined) {
      clock.after(runMs, () => this.#end(attempt, { exitCode, ...(reason !== undefined && { reason }) }));
    }
    if (loss !== undefined) clock.after(loss.afterMs, () => this.#lose(attempt, spec.attemptId, loss.isSilent));
  }

  #lose(attempt: FakeAttempt, attemptId: string, isSilent: boolean): void {
    if (attempt.end !== undefined) return;
    if (!isSilent) return this.#end(attempt, {});
    attempt.end = { kind: "exited", attemptId, at: this.#options.clock.now(), startedAt: attempt.startedAt! };
    this.forget(attemptId);
    this.#lost.set(attemptId, attempt.end);
  }

  #end(attempt: FakeAttempt, how: Pick<Exited, "exitCode" | "reason">): void {
    if (attempt.end !== undefined) return;
    const { spec, behaviour, startedAt } = attempt;
    const at = this.#options.clock.now();
    attempt.end = {
      kind: "exited",
      attemptId: spec.attemptId,
      at,
      ...(startedAt !== undefined && { startedAt }),
      ...how,
    };
    const reports = { once: 1, twice: 2, lost: 0 }[behaviour.exitedReport];
    for (let n = 0; n < reports; n += 1) this.report(attempt.end);
    if (reports === 0) this.#options.clock.after(BLIND_MS, () => this.showInventory());
    if (behaviour.startedReport === "late" && startedAt !== undefined) {
      this.#options.clock.after(LATE_MS, () => this.#reportStart(attempt));
    }
  }

  #reportStart({ spec, startedAt, address }: FakeAttempt): void {
    this.report({ kind: "started", attemptId: spec.attemptId, at: startedAt!, address });
  }

  #nextAddress(): string {
    this.#addresses += 1;
    return `10.0.${this.#addresses >> 8}.${this.#addresses & 255}`;
  }
}
