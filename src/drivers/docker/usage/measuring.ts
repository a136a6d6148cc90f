import type { ContainerInspectInfo } from "dockerode";
import type { Usage, UsedSoFar } from "../../../core/usage.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { AttemptSpec } from "../../../ports/driver.ts";
import type { EngineInfo } from "../engine/engine-traits.ts";
import type { EngineLink } from "../engine/link.ts";
import { ParentGroups } from "./parent-groups.ts";
import { UsageSamples } from "./usage-samples.ts";

export interface MeasuringOptions {
  readonly clock: Clock;
  readonly link: EngineLink;
  /** Whose control groups they are. */
  readonly owner: string;
  /** The engine is known to be on another machine. */
  readonly isElsewhere: boolean;
}

/** What containers use: exactly where the engine's control groups can be reached, and else by asking the engine now and then. */
export class Measuring {
  readonly #options: MeasuringOptions;
  readonly #samples: UsageSamples;
  #groups: ParentGroups | undefined;
  /** Whether the engine is really here: seen by where its first container is. */
  #isHere: boolean | undefined;

  constructor(options: MeasuringOptions) {
    this.#options = options;
    this.#samples = new UsageSamples(options.clock, options.link);
  }

  /** The engine has come into sight. `isThere`: whether there is, or is going to be, a container of that attempt. */
  async sighted(info: EngineInfo, isThere: (attemptId: string) => boolean): Promise<void> {
    const { isElsewhere, clock, owner } = this.#options;
    this.#isHere = undefined;
    this.#groups = isElsewhere ? undefined : await ParentGroups.open(info, clock, owner);
    this.#groups?.sweep(isThere);
  }

  /** What the container's parent is to be among the engine's control groups; undefined: the engine's own choice. */
  async parentFor(attempt: AttemptSpec): Promise<string | undefined> {
    return this.#isHere === false ? undefined : await this.#groups?.make(attempt);
  }

  running(attemptId: string, { State, HostConfig }: ContainerInspectInfo, startedAt: number): void {
    const groups = this.#groupsOf(attemptId, HostConfig);
    // An engine of another machine may say that it is this one. Of a program that has ended since, nothing can be seen.
    if (groups !== undefined) this.#isHere ??= groups.has(attemptId, State.Pid);
    if (groups === undefined || this.#isHere === false) this.#samples.watch(attemptId, startedAt);
  }

  /** After its end. Undefined when nothing is known. */
  usageOf(attemptId: string, { HostConfig }: ContainerInspectInfo): Usage | undefined {
    const usage = this.#groupsOf(attemptId, HostConfig)?.usageOf(attemptId);
    if (usage === undefined || this.#isHere === false) return this.#samples.usageOf(attemptId);
    // Whatever ran took some processor time, the engine's own to begin with.
    if (usage.cpuMs !== undefined && usage.cpuMs > 0) return usage;
    this.#isHere ??= false;
    return undefined;
  }

  /** By the kernel, or else by the engine, which takes its time. */
  async usedSoFar(attemptIds: readonly string[]): Promise<Map<string, UsedSoFar>> {
    const groups = this.#isHere === false ? undefined : this.#groups;
    const asked = attemptIds.filter((attemptId) => this.#samples.has(attemptId));
    const used = await this.#samples.ask(asked);
    for (const attemptId of attemptIds) {
      const one = used.has(attemptId) ? undefined : groups?.usedSoFar(attemptId);
      if (one !== undefined && one.cpuMs > 0) used.set(attemptId, one);
    }
    return used;
  }

  /** Whether the attempt's program has begun, of a container that the engine has not started as far as it knows; undefined where that cannot be seen. */
  hasBegun(attemptId: string): boolean | undefined {
    return this.#isHere === false ? undefined : this.#groups?.hasBegun(attemptId);
  }

  /** Ends whatever runs of an attempt whose container is about to be removed: an engine that died while it started one does not know that it runs. */
  kill(attemptId: string): void {
    this.#groups?.kill(attemptId);
  }

  /** What it used is known. Its group goes now, or as soon as nothing runs below it. */
  forget(attemptId: string): void {
    this.#samples.unwatch(attemptId);
    this.#groups?.remove(attemptId);
  }

  close(): void {
    this.#samples.close();
    this.#groups?.close();
  }

  /** Where the container's parent is its attempt's group. */
  #groupsOf(attemptId: string, { CgroupParent }: ContainerInspectInfo["HostConfig"]): ParentGroups | undefined {
    return CgroupParent === this.#groups?.pathOf(attemptId) ? this.#groups : undefined;
  }
}
