import type { EnvironmentPoint, QueuePoint } from "../core/chronicle/point.ts";
import { isIdle, NO_QUEUE_POINT } from "../core/chronicle/point.ts";
import { classOf } from "../core/chronicle/wait-histogram.ts";
import type { JobStatus } from "../core/job.ts";
import type { Flow } from "../core/status-counts.ts";
import type { World } from "../core/world.ts";
import type { Chronicle, ChronicleEntry } from "../ports/chronicle.ts";
import type { Clock } from "../ports/clock.ts";
import type { Term } from "../ports/leadership.ts";
import type { EnvironmentFacts, Present, PresentFacts } from "../ports/present.ts";
import type { AttemptWatcher, Placed } from "./attempt-watch.ts";
import { factsOf } from "./facts.ts";

const MINUTE_MS = 60_000;
/** While the store cannot be written; older ones are lost. */
const MAX_UNWRITTEN = 30;
/** Longer entries made, and old ones removed, at a time: after a long pause the rest follows with the next minutes. */
const MAX_ROLLS = 50;
/** Of a minute: the rest is left out. */
const MAX_SERIES = 5_000;

export interface RecorderOptions {
  readonly chronicle: Chronicle;
  readonly clock: Clock;
  readonly term: Pick<Term, "holds">;
  onError(what: string, error: unknown): void;
}

interface Gathered extends Flow {
  started: number;
  waits: Record<string, number>;
  maxWaitMs: number;
}

/** Writes down, once a minute, what each queue and environment did: counted from the engine's own changes. */
export class Recorder implements Present, AttemptWatcher {
  readonly #options: RecorderOptions;
  #world: World | undefined;
  #gathered = new Map<string, Gathered>();
  /** Epoch ms. */
  #minute: number;
  #unwritten: ChronicleEntry[] = [];
  #writing: Promise<void> = Promise.resolve();
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#minute = minuteOf(options.clock.now());
    this.#sleep();
  }

  committed(world: World, flows: ReadonlyMap<string, Readonly<Flow>>): void {
    this.#world = world;
    for (const [queueArn, { submitted, succeeded, failed }] of flows) {
      const gathered = this.#of(queueArn);
      gathered.submitted += submitted;
      gathered.succeeded += succeeded;
      gathered.failed += failed;
    }
  }

  placed({ queueArn, at, runnableSince }: Placed): void {
    const gathered = this.#of(queueArn);
    gathered.started += 1;
    if (runnableSince === undefined) return;
    const waitedMs = Math.max(0, at - runnableSince);
    const name = String(classOf(waitedMs));
    gathered.waits[name] = (gathered.waits[name] ?? 0) + 1;
    gathered.maxWaitMs = Math.max(gathered.maxWaitMs, waitedMs);
  }

  facts(): PresentFacts | undefined {
    return this.#world && factsOf(this.#world);
  }

  unwritten(): readonly ChronicleEntry[] {
    const facts = this.facts();
    return facts === undefined ? this.#unwritten : [...this.#unwritten, this.#entry(facts)];
  }

  /** Writes what there is of the minute that runs. After the engine has stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    this.#turn();
    await this.#writing;
  }

  #of(queueArn: string): Gathered {
    let gathered = this.#gathered.get(queueArn);
    if (gathered === undefined) {
      gathered = { submitted: 0, started: 0, succeeded: 0, failed: 0, waits: {}, maxWaitMs: 0 };
      this.#gathered.set(queueArn, gathered);
    }
    return gathered;
  }

  #sleep(): void {
    if (this.#isClosed) return;
    const { clock } = this.#options;
    const leftMs = this.#minute + MINUTE_MS - clock.now();
    this.#cancel = clock.after(Math.min(Math.max(leftMs, 1), MINUTE_MS), () => {
      if (minuteOf(clock.now()) !== this.#minute) this.#turn();
      this.#sleep();
    });
  }

  /** The minute is over. */
  #turn(): void {
    const facts = this.facts();
    if (facts !== undefined) this.#unwritten = [...this.#unwritten, this.#entry(facts)].slice(-MAX_UNWRITTEN);
    this.#gathered = new Map();
    this.#minute = minuteOf(this.#options.clock.now());
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const { chronicle, clock, term, onError } = this.#options;
    try {
      for (let next = this.#unwritten[0]; next !== undefined && term.holds(); next = this.#unwritten[0]) {
        await chronicle.addMinute(next);
        this.#unwritten = this.#unwritten.filter((entry) => entry !== next);
      }
      for (let rolls = 0; rolls < MAX_ROLLS && term.holds() && !this.#isClosed; rolls += 1)
        if (!(await chronicle.roll(clock.now()))) break;
    } catch (error) {
      onError("the history for charts was not written; it is tried again in a minute", error);
    }
  }

  #entry({ queues, environments }: PresentFacts): ChronicleEntry {
    const arns = new Set([...queues.keys(), ...this.#gathered.keys()]);
    const points = [...arns].flatMap((arn): [string, QueuePoint][] => {
      const counts = queues.get(arn);
      const count = (status: JobStatus): number => counts?.get(status) ?? 0;
      const running = count("STARTING") + count("RUNNING");
      const point = { ...NO_QUEUE_POINT, ...this.#gathered.get(arn), waiting: count("RUNNABLE"), running };
      return isIdle(point) ? [] : [[arn, { ...point, waits: { ...point.waits } }]];
    });
    return {
      at: this.#minute,
      queues: new Map(points.slice(0, MAX_SERIES)),
      environments: new Map([...environments].slice(0, MAX_SERIES).map(([arn, facts]) => [arn, toPoint(facts)])),
    };
  }
}

function toPoint(facts: EnvironmentFacts): EnvironmentPoint {
  const { vcpuMilli, memoryMiB, maxVcpuMilli, desiredVcpuMilli, instances } = facts;
  return {
    ...{ vcpuMilli, memoryMiB },
    ...(maxVcpuMilli !== undefined && { maxVcpuMilli }),
    ...(desiredVcpuMilli !== undefined && { desiredVcpuMilli }),
    ...(instances !== undefined && { instances }),
  };
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}
