import type { AttemptContext } from "../attempt-context.ts";
import { pause } from "../../waiting/pause.ts";
import type { CreateContext } from "./container.ts";
import { inspect, removeContainer } from "./container.ts";
import { phaseOf } from "./outcome.ts";

/** An engine that lives has started a container by then, or said why not. */
const LOOKS_MAX = 10;
const LOOK_AGAIN_MS = 1_000;

/**
 * The engine was asked to start a container, nobody heard what came of it, and the engine says that nobody has started it. That is so for a moment in one that
 * is about to; and for ever in one that died meanwhile, whatever became of the container.
 *
 * `there`: it was started after all. `unbegun`: its program has not run, and what there was of it is removed. `lost`: the program may have run. It does
 * not run any more, as far as this machine's control groups show it.
 */
export async function unheardStart(
  { measuring, slots, clock }: AttemptContext,
  { docker, abandoned, closing }: CreateContext,
  attemptId: string,
): Promise<"there" | "unbegun" | "lost"> {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    await slots.without(() => pause(clock, LOOK_AGAIN_MS, abandoned));
    const found = await inspect(docker, attemptId, closing);
    if (found === undefined) return "lost";
    if (phaseOf(found.State).kind !== "created") return "there";
  }
  const hasBegun = measuring.hasBegun(attemptId);
  measuring.kill(attemptId);
  await removeContainer(docker, attemptId);
  return hasBegun === false ? "unbegun" : "lost";
}
