import type { JobShape } from "./job-shape.ts";

/** Times are ms from the start of the run. */
export interface PlannedAct {
  readonly atMs: number;
  readonly act: Act;
}

export type Act = Submit | Stop | Fault;

export interface Submit {
  readonly kind: "submit";
  readonly job: JobShape;
  /** Which server is asked first; a further try asks the next one. */
  readonly server: number;
  /** How often the client tries until it has an answer. */
  readonly tries: number;
}

export interface Stop {
  readonly kind: "cancel" | "terminate";
  /** Name of the job; or, where it says nothing, a place from 0 to 1 among those that were acknowledged last. */
  readonly whom: string | number;
  readonly server: number;
  /** Of an array: one child of it. From 0 to 1. */
  readonly child?: number;
}

/**
 * What is done to the parts of the system, for a time; then it is undone. `session-end` breaks off one connection of the database, in order; `session-kill`
 * kills its process, after which the database begins anew. `network-cut`: between a server and the database.
 */
export type Fault = { readonly forMs: number } & (
  | { readonly kind: "server-kill" | "server-stop" | "server-freeze"; readonly server: number }
  | { readonly kind: "engine-kill" | "engine-stop" | "engine-freeze" }
  | { readonly kind: "database-kill" | "database-immediate" | "database-fast" | "database-freeze" }
  | { readonly kind: "session-end" | "session-kill"; readonly which: number }
  | { readonly kind: "clients-cut" | "network-cut"; readonly server: number; readonly how: Cut }
);

/**
 * `reset`: connections are closed, new ones too. `stall`: nothing moves, and goes on afterwards. `stall-reset`: nothing moves, and then connections are
 * closed. `lost-answers`: what is asked arrives, what is answered does not.
 */
export type Cut = "reset" | "stall" | "stall-reset" | "lost-answers";

export const CUTS: readonly Cut[] = ["reset", "stall", "stall-reset", "lost-answers"];

export type StoreName = "sqlite" | "postgres";

export function isFault(act: Act): act is Fault {
  return act.kind !== "submit" && act.kind !== "cancel" && act.kind !== "terminate";
}

/** What acts on one part of the system is done one after the other, however long each takes; requests are sent when it is time. */
export function laneOf(act: Act): string | undefined {
  if (!isFault(act)) return undefined;
  const [part] = act.kind.replace("session", "database").split("-");
  return "server" in act ? `${part} ${act.server}` : part;
}
