import type Dockerode from "dockerode";
import { containerName } from "../../../core/driver-name.ts";
import type { Usage, UsedSoFar } from "../../../core/usage.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { EngineLink } from "../engine/link.ts";

/** Between two requests, of whatever containers: an engine takes milliseconds for each. */
const APART_MS = 250;
const FIRST_AFTER_MS = 500;
/** A container is asked about again when it has run a tenth longer: so much of what it used may be missing, or this time. */
const LONGER = 0.1;
const LEAST_PAUSE_MS = 2_000;
const MOST_PAUSE_MS = 60_000;
/** Of those who ask for many. */
const ASKED_AT_A_TIME = 4;
const BYTES_PER_MIB = 1024 * 1024;

interface Watched {
  readonly attemptId: string;
  readonly startedAt: number;
  dueAt: number;
  usage: Usage;
}

/**
 * What containers have used until they were last asked, where it cannot be read after their end: on engines elsewhere. Each is asked soon after its start
 * and more and more rarely, at most four a second in all. Of what ends before its turn nothing is known.
 */
export class UsageSamples {
  readonly #clock: Clock;
  readonly #link: EngineLink;
  readonly #watched = new Map<string, Watched>();
  #isAsking = false;
  #cancel: () => void = () => {};

  constructor(clock: Clock, link: EngineLink) {
    this.#clock = clock;
    this.#link = link;
  }

  /** It runs since `startedAt` (epoch ms). */
  watch(attemptId: string, startedAt: number): void {
    if (this.#watched.has(attemptId)) return;
    this.#watched.set(attemptId, { attemptId, startedAt, dueAt: this.#clock.now() + FIRST_AFTER_MS, usage: {} });
    this.#schedule();
  }

  usageOf(attemptId: string): Usage | undefined {
    const usage = this.#watched.get(attemptId)?.usage;
    return usage?.cpuMs === undefined ? undefined : usage;
  }

  /** Whether it can be asked about here. */
  has(attemptId: string): boolean {
    return this.#watched.has(attemptId);
  }

  /** What these hold and have used now, as the engine says, a few at a time: it takes milliseconds for each. */
  async ask(attemptIds: readonly string[]): Promise<Map<string, UsedSoFar>> {
    const used = new Map<string, UsedSoFar>();
    const waiting = [...attemptIds];
    const askOneByOne = async (): Promise<void> => {
      for (let attemptId = waiting.pop(); attemptId !== undefined; attemptId = waiting.pop()) {
        const one = this.#watched.get(attemptId);
        const answer = one && (await this.#ask(one).catch(() => undefined));
        if (answer !== undefined) used.set(attemptId, answer.now);
      }
    };
    await Promise.all(Array.from({ length: Math.min(ASKED_AT_A_TIME, waiting.length) }, askOneByOne));
    return used;
  }

  unwatch(attemptId: string): void {
    this.#watched.delete(attemptId);
  }

  close(): void {
    this.#watched.clear();
    this.#cancel();
  }

  #schedule(): void {
    if (this.#isAsking) return;
    this.#cancel();
    const next = this.#next();
    if (next === undefined) return;
    const delayMs = Math.max(APART_MS, next.dueAt - this.#clock.now());
    this.#cancel = this.#clock.after(delayMs, () => void this.#askNext());
  }

  #next(): Watched | undefined {
    let next: Watched | undefined;
    for (const one of this.#watched.values()) if (next === undefined || one.dueAt < next.dueAt) next = one;
    return next;
  }

  async #askNext(): Promise<void> {
    const one = this.#next();
    if (one === undefined) return;
    this.#isAsking = true;
    try {
      await this.#ask(one);
    } catch {
      // It has just ended, or the engine is out of sight: the next turn may do better.
    }
    this.#isAsking = false;
    this.#putOff(one);
    this.#schedule();
  }

  async #ask(one: Watched): Promise<Answer | undefined> {
    const answer = this.#link.docker && (await ask(this.#link.docker, one.attemptId, this.#link.closing));
    if (answer === undefined) return undefined;
    one.usage = later(one.usage, answer.usage);
    this.#putOff(one);
    return answer;
  }

  #putOff(one: Watched): void {
    const now = this.#clock.now();
    const pauseMs = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, LONGER * (now - one.startedAt)));
    one.dueAt = now + pauseMs;
  }
}

interface Stats {
  readonly cpu_stats?: { readonly cpu_usage?: { readonly total_usage?: number } };
  readonly memory_stats?: {
    readonly usage?: number;
    readonly max_usage?: number;
    readonly stats?: Readonly<Partial<Record<"total_inactive_file" | "inactive_file", number>>> | null;
  };
}

interface Answer {
  readonly usage: Usage;
  readonly now: UsedSoFar;
}

/** Undefined of what does not run. */
async function ask(docker: Dockerode, attemptId: string, signal: AbortSignal): Promise<Answer | undefined> {
  const container = docker.getContainer(containerName(attemptId));
  const { cpu_stats, memory_stats }: Stats = await container.stats({
    stream: false,
    "one-shot": true,
    abortSignal: signal,
  } as { stream: false });
  const nanoseconds = cpu_stats?.cpu_usage?.total_usage;
  // Version 2 of control groups tells no engine the most.
  const bytes = memory_stats?.max_usage ?? memory_stats?.usage;
  if (!nanoseconds || !bytes) return undefined;
  const cpuMs = Math.round(nanoseconds / 1_000_000);
  // As `docker stats` counts it.
  const inactive = memory_stats?.stats?.total_inactive_file ?? memory_stats?.stats?.inactive_file ?? 0;
  const held = Math.max(0, (memory_stats?.usage ?? 0) - inactive);
  return {
    usage: { cpuMs, peakMemoryMiB: Math.ceil(bytes / BYTES_PER_MIB) },
    now: { cpuMs, memoryMiB: Math.ceil(held / BYTES_PER_MIB) },
  };
}

function later({ peakMemoryMiB = 0 }: Usage, usage: Usage): Usage {
  return { ...usage, peakMemoryMiB: Math.max(peakMemoryMiB, usage.peakMemoryMiB ?? 0) };
}
