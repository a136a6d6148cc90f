import type { Instance } from "../../core/instances/instance.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Term } from "../../ports/leadership.ts";
import { asLeader, ONLY_SERVER } from "../../ports/leadership.ts";
import type { Provisioner, ProvisionerEvent } from "../../ports/provisioner.ts";
import type { SliceRecord, SliceRecords } from "./records.ts";
import { openSliceRecords } from "./records.ts";
import { crashPoint } from "../../ports/crash-points.ts";
import { LONGEST_TIMER_MS } from "../waiting/longest-timer.ts";

export interface SliceSettings {
  /** Absolute path; made when it is missing. */
  readonly directory: string;
  readonly clock: Clock;
  /** In which it launches and terminates. Default: there is no other server. */
  readonly term?: Pick<Term, "confirm">;
}

/**
 * Instances that are parts of this machine. Nothing has to be booted: an instance runs as soon as it is launched, unless its fate is another one. What it is
 * allowed to hold, the scheduler keeps to; what an attempt on it may use, the driver that runs it.
 */
export function createSliceProvisioner(settings: SliceSettings): Provisioner {
  return new SliceProvisioner(settings);
}

class SliceProvisioner implements Provisioner {
  readonly #settings: SliceSettings;
  /** By instance, what is still to happen to it. */
  readonly #timers = new Map<string, () => void>();
  #records: SliceRecords | undefined;
  #report: (event: ProvisionerEvent) => void = () => {};
  #isClosed = false;

  constructor(settings: SliceSettings) {
    this.#settings = settings;
  }

  async open(report: (event: ProvisionerEvent) => void): Promise<void> {
    const { directory, clock } = this.#settings;
    this.#report = report;
    this.#isClosed = false;
    const records = (this.#records = openSliceRecords(directory, clock.now()));
    const there = [...records.all].filter(([, { kind }]) => kind !== "gone");
    report({ kind: "inventory", instanceIds: there.map(([id]) => id) });
    for (const [id, record] of there) this.#goOn(id, record);
  }

  async launch({ id, fate = {} }: Instance): Promise<void> {
    const known = this.#opened.all.get(id);
    if (known?.kind === "gone") return this.#report({ kind: "gone", instanceId: id, at: known.goneAt });
    if (known !== undefined) return;
    const at = this.#settings.clock.now();
    if (fate.launchFailure !== undefined) {
      return this.#report({ kind: "failed", instanceId: id, at, reason: fate.launchFailure });
    }
    const record = { kind: "launching", launchedAt: at, fate } as const;
    crashPoint("instance.launch");
    this.#opened.set(id, record);
    crashPoint("instance.recorded");
    this.#goOn(id, record);
  }

  async terminate(instanceId: string): Promise<void> {
    this.#timers.get(instanceId)?.();
    this.#timers.delete(instanceId);
    const known = this.#opened.all.get(instanceId);
    const goneAt = known?.kind === "gone" ? known.goneAt : this.#settings.clock.now();
    crashPoint("instance.terminate");
    if (known !== undefined && known.kind !== "gone") this.#opened.set(instanceId, { kind: "gone", goneAt });
    crashPoint("instance.gone");
    this.#report({ kind: "gone", instanceId, at: goneAt });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#report = () => {};
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  get #opened(): SliceRecords {
    if (this.#records === undefined) throw new Error("the provisioner is not open");
    return this.#records;
  }

  /** What time brings. */
  #goOn(id: string, record: SliceRecord): void {
    if (record.kind === "gone") return;
    const { fate } = record;
    if (record.kind === "running") {
      this.#report({ kind: "running", instanceId: id, at: record.runningAt });
      if (fate.interruptAfterMs !== undefined) {
        this.#at(id, record.runningAt + fate.interruptAfterMs, () => void this.terminate(id));
      }
    } else if (fate.neverJoins !== true) {
      const runsAt = record.launchedAt + (fate.bootMs ?? 0);
      this.#at(id, runsAt, () => this.#run(id, record));
    }
  }

  #run(id: string, { fate }: Extract<SliceRecord, { kind: "launching" }>): void {
    const record = { kind: "running", runningAt: this.#settings.clock.now(), fate } as const;
    this.#opened.set(id, record);
    this.#goOn(id, record);
  }

  /** At once when the time has come. Epoch ms. */
  #at(id: string, time: number, task: () => void): void {
    const { clock } = this.#settings;
    const delayMs = time - clock.now();
    this.#timers.delete(id);
    if (delayMs <= 0) return task();
    this.#timers.set(
      id,
      clock.after(Math.min(delayMs, LONGEST_TIMER_MS), () => {
        void asLeader(this.#settings.term ?? ONLY_SERVER, () => {
          if (!this.#isClosed) this.#at(id, time, task);
        });
      }),
    );
  }
}
