import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Act, PlannedAct, StoreName } from "./acts.ts";
import { isFault, laneOf } from "./acts.ts";
import { Book } from "./book.ts";
import { check } from "./checker.ts";
import { Cleanups } from "../support/cleanups.ts";
import { Clients } from "./client.ts";
import type { Evidence, FinalJob } from "./evidence.ts";
import { isOver } from "./evidence.ts";

import { commitFault } from "./faults.ts";
import { Leaders } from "./leaders.ts";
import { LedgerFile } from "./ledger-file.ts";
import { describeAll, leftovers, untilAllEnded } from "./rest.ts";
import { drawSchedule } from "./schedule.ts";
import type { Node, System } from "./system.ts";
import { keepServerLogs, openSystem } from "./system.ts";
import { watchJobs, watchLedger } from "./watch.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly lengthMs: number;
  readonly store: StoreName;
  /** How many there are; SQLite has one. */
  readonly servers: number;
  /** With containers, in an engine that is killed too. */
  readonly hasEngine: boolean;
  /** Kinds of faults that are left out. */
  readonly without?: readonly string[];
  /** The launcher of the servers, where that is not this repository's. */
  readonly launcher?: string;
}

export interface ChaosResult {
  /** What was not as promised, a sentence each. */
  readonly findings: readonly string[];
  /** What was done and undone, by kind. */
  readonly acts: Readonly<Record<string, number>>;
  readonly requests: Readonly<Record<string, number>>;
  /** Jobs and children that were compared. */
  readonly jobs: number;
  readonly attempts: number;
  /** Executions in the jobs' ledger. */
  readonly runs: number;
  /** From the break of the leader, or of its connection, until another server led; of those that were seen. */
  readonly failoversMs: readonly number[];
  /** From the last fault until everything had ended. */
  readonly settledMs: number;
  /** Where what was seen is kept, after a run that found something. */
  readonly evidence?: string;
}

/** Where a run stands, for people. */
export interface Standing {
  readonly phase: string;
  readonly leftMs: number;
  readonly submitted: number;
  readonly acknowledged: number;
  readonly runs: number;
  readonly faults: number;
  readonly last: string;
}

const VCPUS = 6;
/** When all that a server needs is there. */
const START_DEADLINE_MS = 30_000;
/** A run that is given up leaves nothing behind. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const INTERRUPTED = 130;

/** One run: the acts of a seed, then quiet, then the comparison. */
export async function runChaos(options: ChaosOptions, tell: (standing: Standing) => void): Promise<ChaosResult> {
  const cleanups = new Cleanups();
  const interrupted = (): void => void cleanups.run().then(() => process.exit(INTERRUPTED));
  for (const signal of SIGNALS) process.once(signal, interrupted);
  try {
    const run = await ChaosRun.open(options, cleanups, tell);
    return await run.toTheEnd();
  } finally {
    for (const wrong of await cleanups.run()) console.error(wrong);
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
}

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #system: System;
  readonly #leaders: Leaders;
  readonly #book: Book;
  readonly #ledger: LedgerFile;
  readonly #clients: Clients;
  readonly #schedule: readonly PlannedAct[];
  readonly #tell: (standing: Standing) => void;
  readonly #acts: Record<string, number> = {};
  /** What was done when, a line each. */
  readonly #history: string[] = [];
  readonly #startedAt = performance.now();
  readonly #given = Promise.withResolvers<void>();
  #isGivenUp = false;
  #last = "";

  static async open(options: ChaosOptions, cleanups: Cleanups, tell: (standing: Standing) => void): Promise<ChaosRun> {
    const directory = mkdtempSync(join(tmpdir(), "longshore-chaos-ledger-"));
    chmodSync(directory, 0o755);
    cleanups.after(() => rmSync(directory, { recursive: true, force: true }));
    const ledger = new LedgerFile(join(directory, "lines"));
    const system = await openSystem(cleanups, { vcpus: VCPUS, ...options });
    const book = new Book();
    const clients = new Clients(system.urls, book, ledger);
    cleanups.after(() => clients.close());
    await clients.register({ ledger: directory, image: system.engine?.image });
    return new ChaosRun(options, { system, book, ledger, clients }, tell);
  }

  private constructor(
    options: ChaosOptions,
    parts: { system: System; book: Book; ledger: LedgerFile; clients: Clients },
    tell: (standing: Standing) => void,
  ) {
    this.#options = options;
    this.#system = parts.system;
    this.#leaders = new Leaders(parts.system);
    this.#book = parts.book;
    this.#ledger = parts.ledger;
    this.#clients = parts.clients;
    this.#tell = tell;
    this.#schedule = drawSchedule({
      ...options,
    });
  }

  async toTheEnd(): Promise<ChaosResult> {
    await this.#faultyPhase();
    const { jobs, settledMs } = await this.#quietPhase();
    const evidence = this.#evidence(jobs);
    const findings = await this.#findings(evidence);
    return {
      ...{
        findings,
        settledMs,
        failoversMs: this.#leaders.failoversMs,
        acts: this.#acts,
        requests: Object.fromEntries(this.#book.answers),
      },
      jobs: jobs.length,
      attempts: jobs.reduce((sum, { attempts }) => sum + attempts.length, 0),
      runs: new Set(evidence.entries.map(({ run }) => run)).size,
      ...(findings.length > 0 && { evidence: this.#keep(evidence, findings) }),
    };
  }

  /** What was seen on the way ends a run in the middle; the rest of it would only follow from that. */
  async #findings(evidence: Evidence): Promise<string[]> {
    const seen = [...this.#book.findings, ...this.#ledger.strange.map((line) => `nobody writes this line: ${line}`)];
    if (seen.length > 0) return [...new Set(seen)];
    const found = check(evidence);
    return found.length > 0 ? found : leftovers(this.#system, this.#directory());
  }

  /** Acts at their times; what was seen to be wrong ends it. */
  async #faultyPhase(): Promise<void> {
    const watching = [
      watchJobs(this.#clients, this.#system.nodes.length, this.#book, this),
      watchLedger(this.#ledger, this.#book, this),
      this.#leaders.watch(this),
      this.#show(),
    ];
    const requests: Promise<void>[] = [];
    const lanes = new Map<string, Promise<void>>();
    for (const { atMs, act } of this.#schedule) {
      await this.pause(atMs - this.#nowMs());
      if (this.isOver) break;
      const lane = laneOf(act);
      if (lane === undefined) requests.push(this.#do(act));
      else
        lanes.set(
          lane,
          (lanes.get(lane) ?? Promise.resolve()).then(() => this.#doInTime(act)),
        );
    }
    await this.pause(this.#options.lengthMs - this.#nowMs());
    this.#giveUp();
    await Promise.all([...watching, ...requests, ...lanes.values()]);
  }

  /** Not what had to wait for others until the end. */
  async #doInTime(act: Act): Promise<void> {
    if (!this.isOver) await this.#do(act);
  }

  async #do(act: Act): Promise<void> {
    const began = this.#nowMs();
    try {
      if (act.kind === "submit") await this.#clients.submit(act);
      else if (!isFault(act)) await this.#clients.stop(act);
      else {
        this.#last = act.kind;
        this.#leaders.about(act);
        await commitFault(this.#system, act, this);
      }
      this.#acts[act.kind] = (this.#acts[act.kind] ?? 0) + 1;
    } catch (error) {
      this.#book.findings.push(`${act.kind}: ${String(error)}`);
    }
    this.#history.push(`${began.toFixed(0)} to ${this.#nowMs().toFixed(0)} ms: ${JSON.stringify(act)}`);
  }

  /** Nothing is broken any more. What ends only when it is told to is told to; everything must end. */
  async #quietPhase(): Promise<{ jobs: FinalJob[]; settledMs: number }> {
    const since = performance.now();
    this.#last = "all faults are over";
    await Promise.all(this.#system.nodes.map((node) => this.#bringBack(node)));
    await this.#endEndless();
    const jobs = await untilAllEnded(this.#clients, this.#book, this.#book.findings.length > 0);
    this.#ledger.read();
    return { jobs, settledMs: performance.now() - since };
  }

  async #bringBack(node: Node): Promise<void> {
    if (node.server.isRunning) return;
    const why = (): string => node.server.stderr.slice(-500);
    if (!node.isDown) this.#book.findings.push(`a server has ended by itself: ${why()}`);
    const deadline = performance.now() + START_DEADLINE_MS;
    const isUp = await this.#system.startServer(node, () => performance.now() > deadline);
    if (!isUp) this.#book.findings.push(`a server does not start: ${why()}`);
  }

  /** Also those of which no client knows. */
  async #endEndless(): Promise<void> {
    const jobs = await describeAll(this.#clients, this.#book);
    const endless = jobs.filter((job) => !isOver(job) && this.#book.intents.get(job.name)?.shape.isEndless === true);
    await Promise.all(endless.map(({ id }) => this.#clients.stopJob("terminate", 0, id)));
  }

  #evidence(jobs: readonly FinalJob[]): Evidence {
    const { intents, stops } = this.#book;
    return { intents: [...intents.values()], stops, entries: this.#ledger.entries, jobs, room: VCPUS };
  }

  #directory(): string {
    return join(this.#ledger.path, "..");
  }

  /** Outlives the run. */
  #keep(evidence: Evidence, findings: readonly string[]): string {
    const directory = mkdtempSync(join(tmpdir(), `longshore-chaos-seed-${this.#options.seed}-`));
    mkdirSync(directory, { recursive: true });
    const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
    write("findings.txt", `${findings.join("\n")}\n`);
    write("acts.txt", `${this.#history.join("\n")}\n`);
    write("evidence.json", JSON.stringify(evidence, undefined, 1));
    keepServerLogs(this.#system, directory);
    return directory;
  }

  // What acts and watchers know of the time.

  get isOver(): boolean {
    return this.#isGivenUp || this.#book.findings.length > 0;
  }

  async pause(ms: number): Promise<void> {
    if (ms <= 0 || this.isOver) return;
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([passed, this.#given.promise]);
    clearTimeout(timer);
  }

  #giveUp(): void {
    this.#isGivenUp = true;
    this.#given.resolve();
  }

  #nowMs(): number {
    return performance.now() - this.#startedAt;
  }

  async #show(): Promise<void> {
    while (!this.isOver) {
      this.#tell(this.#standing("faults"));
      await this.pause(500);
    }
    this.#giveUp();
    this.#tell(this.#standing("until everything has ended"));
  }

  #standing(phase: string): Standing {
    const faults = Object.entries(this.#acts).filter(([kind]) =>
      /^(server|engine|clients|database|session|network)-/.test(kind),
    );
    return {
      ...{ phase, leftMs: Math.max(0, this.#options.lengthMs - this.#nowMs()), last: this.#last },
      submitted: this.#book.intents.size,
      acknowledged: this.#book.acknowledged.length,
      runs: new Set(this.#ledger.entries.map(({ run }) => run)).size,
      faults: faults.reduce((sum, [, count]) => sum + count, 0),
    };
  }
}
