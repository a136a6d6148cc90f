import { hostname, release } from "node:os";
import type { Usage, UsedSoFar } from "../../../core/usage.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { AttemptSpec } from "../../../ports/driver.ts";
import type { RootGroups } from "../../cgroups/root-groups.ts";
import { openRootGroups } from "../../cgroups/root-groups.ts";
import { killProcess } from "../../cgroups/files.ts";
import { linesOf } from "../../cgroups/hierarchies.ts";
import { openSlices } from "../../cgroups/slices.ts";
import type { EngineInfo } from "../engine/engine-traits.ts";

const RETRY_MS = 50;
/** What the engine has removed is gone within moments. */
const RETRIES_MAX = 100;
/** What is behind our prefix may be the rest of another one's. */
const ATTEMPT_ID = /^[0-9a-f]{32}$/;

/**
 * A control group above that of each container. The engine removes the container's own when the container ends, and with it all that the kernel has counted;
 * the one above it is ours and counts the same, until we remove it.
 */
export class ParentGroups {
  readonly #groups: RootGroups;
  readonly #clock: Clock;
  readonly #prefix: string;
  #isClosed = false;

  constructor(groups: RootGroups, clock: Clock, owner: string) {
    this.#groups = groups;
    this.#clock = clock;
    this.#prefix = `${owner}-`;
  }

  /**
   * `owner`: whose groups they are; no other driver of this machine has the same.
   *
   * Undefined where the engine is not this machine's, or its groups cannot be reached. A remote engine may have this machine's name: see `has`.
   */
  static async open(info: EngineInfo, clock: Clock, owner: string): Promise<ParentGroups | undefined> {
    const isHere = info.Name === hostname() && info.KernelVersion === release();
    if (!isHere || process.getuid?.() !== 0) return undefined;
    const groups = await groupsOf(info);
    return groups && new ParentGroups(groups, clock, owner);
  }

  /** Makes the group; its path is the container's parent. Undefined when it cannot be made. */
  async make({ attemptId, vcpuMilli }: Pick<AttemptSpec, "attemptId" | "vcpuMilli">): Promise<string | undefined> {
    const name = this.#nameOf(attemptId);
    try {
      // Among its siblings a container weighs as much as it asked for, and it has none below its parent.
      await this.#groups.make(name, { vcpuMilli });
      return this.#groups.pathOf(name);
    } catch {
      return undefined;
    }
  }

  pathOf(attemptId: string): string {
    return this.#groups.pathOf(this.#nameOf(attemptId));
  }

  has(attemptId: string, pid: number): boolean | undefined {
    return this.#groups.has(this.#nameOf(attemptId), pid);
  }

  usageOf(attemptId: string): Usage {
    return this.#groups.usageOf(this.#nameOf(attemptId));
  }

  usedSoFar(attemptId: string): UsedSoFar | undefined {
    return this.#groups.usedSoFar(this.#nameOf(attemptId));
  }

  /** Whether anything but what waits to become the container's program was ever below it; undefined where that cannot be told. */
  hasBegun(attemptId: string): boolean | undefined {
    const name = this.#nameOf(attemptId);
    const processes = this.#groups.processesBelow(name);
    if (processes.length > 0) return !processes.every(waitsForProgram);
    return this.#groups.usageOf(name).cpuMs === 0 ? false : undefined;
  }

  kill(attemptId: string): void {
    for (const pid of this.#groups.processesBelow(this.#nameOf(attemptId))) killProcess(pid);
  }

  /** Now, or as soon as nothing runs below it. */
  remove(attemptId: string): void {
    void this.#remove(this.#nameOf(attemptId), RETRIES_MAX);
  }

  /** Those of attempts that are not there: a server was killed between a container's removal and this one's. */
  sweep(isThere: (attemptId: string) => boolean): void {
    for (const name of this.#groups.names()) {
      const attemptId = name.slice(this.#prefix.length);
      const isOurs = name.startsWith(this.#prefix) && ATTEMPT_ID.test(attemptId);
      if (isOurs && !isThere(attemptId)) void this.#remove(name, 0);
    }
  }

  close(): void {
    this.#isClosed = true;
  }

  /** An instance may get a group of its own: its name would stand before the attempt's, with a slash between them. */
  #nameOf(attemptId: string): string {
    return this.#prefix + attemptId;
  }

  async #remove(name: string, triesLeft: number): Promise<void> {
    if ((await this.#groups.remove(name)) || triesLeft === 0 || this.#isClosed) return;
    this.#clock.after(RETRY_MS, () => void this.#remove(name, triesLeft - 1));
  }
}

/** runc's own process in a container that is made and not started. */
function waitsForProgram(pid: number): boolean {
  return linesOf(`/proc/${pid}/comm`)[0] === "runc:[2:INIT]";
}

/** Those below which an engine of this machine can put its containers. */
async function groupsOf({ CgroupDriver, CgroupVersion }: EngineInfo): Promise<RootGroups | undefined> {
  if (CgroupDriver === "cgroupfs") return openRootGroups(CgroupVersion === "2" ? 2 : 1);
  return CgroupDriver === "systemd" && CgroupVersion === "2" ? openSlices() : undefined;
}
