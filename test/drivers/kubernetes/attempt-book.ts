import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { AttemptSpec, Driver, DriverEvent } from "../../../src/ports/driver.ts";
import type { Exited } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import type { KubernetesHarness } from "../../support/kubernetes-harness.ts";
import type { Random } from "../../sim/random.ts";
import { until } from "../../support/until.ts";

/** An attempt that is to run once: it notes in the ledger that it does, writes numbered lines, and ends with its code. */
export interface Entry {
  readonly spec: AttemptSpec;
  readonly lines: number;
  readonly exitCode: number;
}

/** What an engine knows of attempts under drivers that come and go, as far as these tests need it. */
export class AttemptBook {
  readonly #harness: KubernetesHarness;
  readonly #ledger: string;
  readonly #entries = new Map<string, Entry>();
  readonly #started = new Set<string>();
  readonly #exits = new Map<string, Exited>();
  readonly #stops = new Map<string, number>();
  readonly #lost: string[] = [];
  readonly #contradictions: (readonly [Exited, Exited])[] = [];
  #driver: Driver | undefined;
  #forgets = false;

  /** `ledger`: a file that the attempts append to. */
  constructor(harness: KubernetesHarness, ledger: string) {
    this.#harness = harness;
    this.#ledger = ledger;
  }

  get exits(): ReadonlyMap<string, Exited> {
    return this.#exits;
  }

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  /** Its driver is asked to start it, twice at once. */
  start(lines: number, exitCode: number, pauseSeconds: number): void {
    const script = `echo "$WHO" >> "$LEDGER"; i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); sleep ${pauseSeconds}; done; exit ${exitCode}`;
    const { container, ...rest } = attempt(this.#harness.command(["sh", "-c", script]), { vcpuMilli: 100 });
    const environment = { LEDGER: this.#ledger, WHO: rest.attemptId };
    const entry = { spec: { ...rest, container, environment }, lines, exitCode };
    this.#entries.set(rest.attemptId, entry);
    for (let time = 0; time < 2; time += 1) void this.#driver!.start(entry.spec);
  }

  /** Some attempt that has not ended is told to: now, and by each driver that comes. */
  stop(random: Random, killAt: number): void {
    const open = this.#open.filter((id) => !this.#stops.has(id));
    if (open.length === 0) return;
    const attemptId = random.pick(open);
    this.#stops.set(attemptId, killAt);
    void this.#driver?.stop(attemptId, killAt);
  }

  wasStopped(attemptId: string): boolean {
    return this.#stops.has(attemptId);
  }

  /** The next server leads: its driver adopts what there is, and is asked to start what is not there. */
  async open(): Promise<void> {
    const driver = this.#harness.createDriver();
    this.#driver = driver;
    await driver.open((event) => {
      assert.equal(driver, this.#driver, "a driver that is closed reports");
      this.#note(event);
    });
  }

  async close(): Promise<void> {
    const driver = this.#driver;
    this.#driver = undefined;
    await driver?.close();
  }

  /** All have ended, once each, as far as the driver tells. */
  async ended(): Promise<void> {
    await until("all attempts have ended", () => this.#open.length === 0).catch((error: unknown) => {
      throw new Error(`Hanging: ${this.#open.join(", ")}`, { cause: error });
    });
  }

  /** How often each attempt ran. */
  runs(): ReadonlyMap<string, number> {
    const runs = new Map<string, number>();
    for (const who of readFileSync(this.#ledger, "utf8").split("\n").slice(0, -1))
      runs.set(who, (runs.get(who) ?? 0) + 1);
    return runs;
  }

  /** Those that the driver had told to run, and that a later inventory did not have. */
  get lost(): readonly string[] {
    return this.#lost;
  }

  /** A driver has told so. */
  hasStarted(attemptId: string): boolean {
    return this.#started.has(attemptId);
  }

  /** Ends that were told in two ways. */
  get contradictions(): readonly unknown[] {
    return this.#contradictions;
  }

  async lines({ spec }: Entry): Promise<string[]> {
    return (await this.#harness.readLog(spec.attemptId)).split("\n").slice(0, -1);
  }

  /** Also what a driver shows only after that. */
  async forgetAll(): Promise<void> {
    this.#forgets = true;
    await Promise.all([...this.#entries.keys()].map((id) => this.#driver!.forget(id)));
  }

  get #open(): string[] {
    return [...this.#entries.keys()].filter((id) => !this.#exits.has(id) && !this.#lost.includes(id));
  }

  #note(event: DriverEvent): void {
    if (event.kind === "started") this.#started.add(event.attemptId);
    if (event.kind === "exited") {
      const known = this.#exits.get(event.attemptId);
      if (known === undefined) this.#exits.set(event.attemptId, event);
      else if (event.exitCode !== known.exitCode) this.#contradictions.push([known, event]);
    }
    if (event.kind === "inventory") this.#reconcile(new Set(event.attemptIds));
  }

  #reconcile(there: ReadonlySet<string>): void {
    if (this.#forgets) for (const id of there) void this.#driver?.forget(id);
    for (const [id, { spec }] of this.#entries) {
      if (this.#exits.has(id)) continue;
      const killAt = this.#stops.get(id);
      if (there.has(id)) {
        if (killAt !== undefined) void this.#driver?.stop(id, killAt);
      } else if (this.#started.has(id)) this.#lost.push(id);
      else {
        void this.#driver?.start(spec);
        if (killAt !== undefined) void this.#driver?.stop(id, killAt);
      }
    }
  }
}
