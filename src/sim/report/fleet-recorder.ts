import type { InstanceChange } from "../../core/changes.ts";
import type { Instance } from "../../core/instances/instance.ts";
import { TimeSeries } from "./time-series.ts";

/** What there was of one environment with instances. */
export interface FleetRecord {
  /** Of instances that run. */
  readonly vcpus: TimeSeries;
  /** Micro-dollars on demand, an hour. An instance costs from when it runs until it is gone. */
  readonly microUsdPerHour: TimeSeries;
  /** By type, how many were launched. */
  readonly launched: Map<string, number>;
}

/** Follows instances by what the engine commits. */
export class FleetRecorder {
  readonly #beginsAt: number;
  readonly #fleets = new Map<string, FleetRecord>();
  readonly #launching = new Map<string, Instance>();
  readonly #running = new Map<string, Instance>();

  constructor(beginsAt: number) {
    this.#beginsAt = beginsAt;
  }

  of(environmentArn: string): FleetRecord {
    let fleet = this.#fleets.get(environmentArn);
    if (fleet === undefined) {
      const none = (): TimeSeries => new TimeSeries(this.#beginsAt);
      fleet = { vcpus: none(), microUsdPerHour: none(), launched: new Map() };
      this.#fleets.set(environmentArn, fleet);
    }
    return fleet;
  }

  changed(change: InstanceChange, now: number): void {
    const { instanceId } = change;
    if (change.kind === "instance-launched") {
      const { launched } = this.of(change.instance.environmentArn);
      const { name } = change.instance.type;
      launched.set(name, (launched.get(name) ?? 0) + 1);
      this.#launching.set(instanceId, change.instance);
    } else if (change.kind === "instance-running") {
      const instance = this.#launching.get(instanceId)!;
      this.#launching.delete(instanceId);
      this.#running.set(instanceId, instance);
      this.#count(instance, 1, now);
    } else if (change.kind === "instance-gone") {
      const instance = this.#running.get(instanceId);
      if (instance !== undefined) this.#count(instance, -1, now);
      this.#launching.delete(instanceId);
      this.#running.delete(instanceId);
    }
  }

  #count({ environmentArn, type }: Instance, sign: 1 | -1, now: number): void {
    const { vcpus, microUsdPerHour } = this.of(environmentArn);
    vcpus.add(now, (sign * type.vcpuMilli) / 1000);
    microUsdPerHour.add(now, sign * type.microUsdPerHour);
  }
}
