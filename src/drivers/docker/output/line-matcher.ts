import { createContext, Script } from "node:vm";
import type { Context } from "node:vm";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { EventStart } from "../event-start.ts";
import { eventStartOf } from "../event-start.ts";

/** An expression can take for ever on a line; all the server's work would wait for it. */
const TIMEOUT_MS = 200;

const MATCH = new Script("{ const pattern = new RegExp(source, flags); lines.map((line) => pattern.test(line)); }");

let shared: (Context & { source?: string; flags?: string; lines?: readonly string[] }) | undefined;

/** Which of these lines the expression fits. Throws when it is none, or takes too long. */
export function matchLines({ source, flags }: EventStart, lines: readonly string[]): boolean[] {
  shared ??= createContext({});
  Object.assign(shared, { source, flags, lines });
  try {
    return [...(MATCH.runInContext(shared, { timeout: TIMEOUT_MS }) as boolean[])];
  } finally {
    shared.lines = [];
  }
}

/** Why a container's output cannot be cut into events, in the words of Docker's awslogs driver; undefined when it can. */
export function eventStartFlaw(container: ContainerProperties): string | undefined {
  const start = eventStartOf(container);
  if (start === undefined) return undefined;
  try {
    matchLines(start, []);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `failed to initialize logging driver: awslogs could not parse multiline pattern key "${start.source}": ${why}`;
  }
}
