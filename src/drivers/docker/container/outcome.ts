import type { ContainerInspectInfo } from "dockerode";
import type { DriverEvent } from "../../../ports/driver.ts";
import { OUT_OF_MEMORY } from "../../../ports/driver.ts";
import { AttemptFailure } from "../failure.ts";
import { millisecondsOf } from "../output/output.ts";

export type Exited = Extract<DriverEvent, { kind: "exited" }>;

/** What the engine says of a container, as far as an attempt is concerned. */
export type ContainerPhase =
  /** Made, and nobody has tried to start it. */
  | { readonly kind: "created" }
  /** The engine could not start it; `reason` is AWS's wording. */
  | { readonly kind: "unstartable"; readonly reason: string }
  | { readonly kind: "running"; readonly startedAt: number }
  | { readonly kind: "ended"; readonly startedAt: number; readonly at: number; readonly exit: Exit };

export interface Exit {
  readonly exitCode: number;
  readonly reason?: string;
}

type State = ContainerInspectInfo["State"];

export function phaseOf(state: State): ContainerPhase {
  const startedAt = instant(state.StartedAt);
  if (startedAt === undefined) {
    if (!state.Error) return { kind: "created" };
    return { kind: "unstartable", reason: new AttemptFailure("CannotStartContainerError", state.Error).message };
  }
  // "stopping" is Podman's word for a container that still runs.
  if (state.Running || state.Paused || state.Status === "stopping") return { kind: "running", startedAt };
  // The engine's clock readings of a very short run can be in the wrong order.
  const at = Math.max(startedAt, instant(state.FinishedAt) ?? startedAt);
  return { kind: "ended", startedAt, at, exit: exitOf(state) };
}

/**
 * The engine marks a container in which any process was killed for memory. As ECS does, we keep the exit code of the main process: 137
 * when it was the one killed, or whatever it made of its child's death. A program that coped with it and ended well needs no reason.
 */
function exitOf(state: State): Exit {
  const ranOut = state.OOMKilled && state.ExitCode !== 0;
  return { exitCode: state.ExitCode, ...(ranOut ? { reason: OUT_OF_MEMORY } : {}) };
}

/** The engine writes the year 1 for "never". */
function instant(timestamp: string | undefined): number | undefined {
  if (!timestamp || timestamp.startsWith("0001-")) return undefined;
  return millisecondsOf(timestamp);
}

/** The containers that the engine lists under this state may not have run yet; all others have. */
export function mayNotHaveRun(listedState: string): boolean {
  return ["created", "configured", "initialized"].includes(listedState);
}
