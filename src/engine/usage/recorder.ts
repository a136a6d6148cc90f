import type { Clock, Stopwatch } from "../../ports/clock.ts";
import type { Driver, DriverEvent } from "../../ports/driver.ts";
import type { Term } from "../../ports/leadership.ts";
import { ONLY_SERVER } from "../../ports/leadership.ts";
import type { UsageSample, UsageSamples, UsageSampleTable } from "../../ports/usage-samples.ts";
import { Lane } from "./lane.ts";
import { Series } from "./series.ts";

/** What was seen since the last time is lost when the server is killed. */
const WRITE_EVERY_MS = 2_000;
const ROWS_AT_ONCE = 500;
/** Series of attempts that are over and could not be written yet: what does not fit is lost. */
const ENDED_MAX = 5_000;
/** More attempts than this at a time are not followed. */
const WATCHED_MAX = 40_000;

export interface UsageRecorderOptions {
  readonly table: UsageSampleTable;
  readonly clock: Clock;
  readonly stopwatch: Stopwatch;
  /** In which it writes. Default: there is no other server. */
  readonly term?: Pick<Term, "holds">;
  onError(what: string, error: unknown): void;
}

/** Notes what attempts use while they run, as the leader's drivers see it. A new leader goes on with what its predecessors have noted. */
export class UsageRecorder implements UsageSamples {
  readonly #options: UsageRecorderOptions;
  readonly #openedAt: number;
  readonly #lanes = new Map<Driver, Lane>();
  /** Of attempts that run: those that have grown since they were written. */
  readonly #grown = new Map<string, Series>();
  readonly #ended = new Map<string, Series>();
  #writing: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(options: UsageRecorderOptions) {
    this.#options = options;
    this.#openedAt = options.clock.now();
  }

  /** What a driver reports, before anything is made of it. */
  heard(driver: Driver, event: DriverEvent): void {
    if (this.#isClosed || driver.usedSoFar === undefined) return;
    const lane = this.#laneOf(driver);
    if (event.kind === "started") this.#watch(lane, event.attemptId, event.at);
    else if (event.kind === "exited") this.#ends(lane, event.attemptId);
    else if (event.kind === "inventory") {
      const held = new Set(event.attemptIds);
      for (const attemptId of lane.ids()) if (!held.has(attemptId)) this.#ends(lane, attemptId);
    }
  }

  async read(attemptIds: readonly string[]): Promise<Map<string, readonly UsageSample[]>> {
    const here = new Map<string, readonly UsageSample[]>();
    for (const attemptId of attemptIds) {
      const series = this.#seriesOf(attemptId);
      if (series !== undefined && !series.mustLoad) here.set(attemptId, series.samples());
    }
    const others = attemptIds.filter((attemptId) => !here.has(attemptId));
    const written = others.length === 0 ? [] : await this.#options.table.read(others);
    return new Map([...here, ...written]);
  }

  /** Writes what is not written yet. The drivers report nothing any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    for (const lane of this.#lanes.values()) lane.close();
    await this.#writing;
    const unwritten = new Map([...this.#grown, ...this.#ended].filter(([, { fresh }]) => fresh > 0));
    try {
      await this.#write(unwritten);
    } catch (error) {
      this.#options.onError("what attempts used last was not written", error);
    }
  }

  #laneOf(driver: Driver): Lane {
    let lane = this.#lanes.get(driver);
    if (lane === undefined) {
      const { clock, stopwatch, onError } = this.#options;
      lane = new Lane({
        ...{ driver, clock, stopwatch, onError },
        load: (series) => this.#load(series),
        grown: (attemptId, series) => {
          this.#grown.set(attemptId, series);
          if (series.isWorthWriting) this.#writeSoon();
        },
      });
      this.#lanes.set(driver, lane);
    }
    return lane;
  }

  #watch(lane: Lane, attemptId: string, startedAt: number): void {
    if (lane.get(attemptId) !== undefined || this.#ended.has(attemptId)) return;
    if (this.#watched() >= WATCHED_MAX) return;
    lane.watch(attemptId, new Series(startedAt, startedAt < this.#openedAt));
  }

  #watched(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) count += lane.size;
    return count;
  }

  #ends(lane: Lane, attemptId: string): void {
    const series = lane.unwatch(attemptId);
    this.#grown.delete(attemptId);
    if (series === undefined || series.fresh === 0 || this.#ended.size >= ENDED_MAX) return;
    this.#ended.set(attemptId, series);
    this.#writeSoon();
  }

  #writeSoon(): void {
    if (this.#isClosed || this.#writing !== undefined) return;
    this.#cancel ??= this.#options.clock.after(WRITE_EVERY_MS, () => this.#writeSome());
  }

  #seriesOf(attemptId: string): Series | undefined {
    for (const lane of this.#lanes.values()) {
      const series = lane.get(attemptId);
      if (series !== undefined) return series;
    }
    return this.#ended.get(attemptId);
  }

  async #load(series: ReadonlyMap<string, Series>): Promise<void> {
    const written = await this.#options.table.read([...series.keys()]);
    const now = this.#options.clock.now();
    for (const [attemptId, one] of series) one.load(written.get(attemptId) ?? [], now);
  }

  #writeSome(): void {
    this.#cancel = undefined;
    const worth = this.#worthWriting();
    this.#writing = this.#write(new Map(worth.slice(0, ROWS_AT_ONCE)))
      .catch((error: unknown) => this.#options.onError("what attempts use was not written; it is tried again", error))
      .finally(() => {
        this.#writing = undefined;
        if (this.#worthWriting().length > 0) this.#writeSoon();
      });
  }

  #worthWriting(): [string, Series][] {
    return [...this.#ended, ...[...this.#grown].filter(([, series]) => series.isWorthWriting)];
  }

  async #write(series: ReadonlyMap<string, Series>): Promise<void> {
    const { table, term = ONLY_SERVER } = this.#options;
    if (series.size === 0 || !term.holds()) return;
    const fresh = [...series].map(([attemptId, one]) => ({ attemptId, one, fresh: one.fresh }));
    await table.write(new Map(fresh.map(({ attemptId, one }) => [attemptId, one.samples()])));
    for (const { attemptId, one, fresh: written } of fresh) {
      one.written(written);
      if (one.fresh > 0) continue;
      this.#grown.delete(attemptId);
      this.#ended.delete(attemptId);
    }
  }
}
