import type { ContainerInspectInfo } from "dockerode";
import type { Usage } from "../../../core/usage.ts";
import type { Clock } from "../../../ports/clock.ts";
import { OUT_OF_MEMORY } from "../../../ports/driver.ts";
import type { Exit } from "./outcome.ts";
import { phaseOf } from "./outcome.ts";
import { pause } from "../../waiting/pause.ts";

const KILLED = 137;
const LOOK_AGAIN_MS = 100;
const LOOKS_MAX = 5;
const BYTES_PER_MIB = 1024 * 1024;

export interface KilledContainer {
  readonly found: ContainerInspectInfo;
  readonly usage: Usage | undefined;
  /** The container as the engine sees it now; undefined when it is gone. */
  readonly look: () => Promise<ContainerInspectInfo | undefined>;
  readonly clock: Clock;
  readonly closing: AbortSignal;
}

/**
 * How a program really ended that was killed, and not by us. That the kernel did it for want of memory is told to the engine on another way than the end:
 * on a busy machine later, and of a program that fills its memory at once never. That it has had all that it may have says the same.
 */
export async function afterLateNews(exit: Exit, container: KilledContainer): Promise<Exit> {
  if (exit.exitCode !== KILLED || exit.reason !== undefined) return exit;
  const { found, usage, look, clock, closing } = container;
  const limitMiB = Math.floor((found.HostConfig.Memory ?? 0) / BYTES_PER_MIB);
  if (limitMiB > 0 && (usage?.peakMemoryMiB ?? 0) >= limitMiB) return { ...exit, reason: OUT_OF_MEMORY };
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    await pause(clock, LOOK_AGAIN_MS, closing);
    const now = await look();
    if (now === undefined) return exit;
    const phase = phaseOf(now.State);
    if (phase.kind === "ended" && phase.exit.reason !== undefined) return phase.exit;
  }
  return exit;
}
