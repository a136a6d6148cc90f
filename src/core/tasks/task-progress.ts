import type { MachineName } from "../clusters/machine-name.ts";
import { REASONS } from "../lifecycle.ts";
import type { Unit, UnitDependency, UnitState, UnitStopping } from "./task.ts";

/** The units of an attempt, and what else decides about them. */
export interface Task {
  readonly units: readonly Unit[];
  /** Of a multi-node parallel job. */
  readonly mainNode?: number | undefined;
  /** All units of a node begin together: its driver has its cluster keep the order among them. */
  readonly beginsWhole?: boolean;
  /** The whole attempt was told to end. */
  readonly stopping?: UnitStopping | undefined;
}

/** Why the other nodes of a multi-node parallel job are stopped when the main one ends. The text is ours. */
export const MAIN_NODE_ENDED = "Main node exited";

/** The units of an attempt that begins: those that wait for nothing start. */
export function firstUnits({ units, mainNode, beginsWhole = false }: Task): readonly UnitState[] {
  return units.map(({ node, dependsOn }) => ({
    status: node === mainNode && (beginsWhole || dependsOn.length === 0) ? "starting" : "waiting",
  }));
}

/**
 * What follows from what the units are, until nothing more does: who starts next, who must stop, who can never start (reference 3.3, 3.5).
 * Gives `before` itself when nothing follows.
 *
 * @param now epoch ms; start timeouts that have passed by then count.
 */
export function advance(task: Task, before: readonly UnitState[], now: number): readonly UnitState[] {
  for (let states = before; ;) {
    const situation: Situation = {
      task,
      states,
      stops: nodeStops(task.units, states),
      isMainRunning: nodeStart(task.units, states, task.mainNode) !== undefined,
      now,
    };
    const next = states.map((state, index) => nextState(situation, index, state));
    if (next.every((state, index) => state === states[index])) return states;
    states = next;
  }
}

/** Tells all units of one node to end; those that have not begun never will. */
export function stopNode(
  units: readonly Unit[],
  states: readonly UnitState[],
  node: number,
  stop: UnitStopping,
): readonly UnitState[] {
  return states.map((state, index) => (units[index]!.node === node ? stopped(state, stop) : state));
}

/** The units of one node, by index. Of a job without nodes: all of them. */
export function unitsOfNode(units: readonly Unit[], node: number | undefined): number[] {
  return units.flatMap((unit, index) => (unit.node === node ? [index] : []));
}

/**
 * When the node's first essential unit began to run: from then on the node is RUNNING. Those whose end others wait for, as for that of a pod's init
 * container, are part of STARTING (reference 2.1, 3.4).
 */
export function nodeStart(
  units: readonly Unit[],
  states: readonly UnitState[],
  node: number | undefined,
): number | undefined {
  const { essentialOf, awaited } = shapeOf(units);
  let first: number | undefined;
  for (const index of essentialOf.get(node) ?? []) {
    const { startedAt } = states[index]!;
    if (startedAt !== undefined && !awaited.has(index)) first = Math.min(first ?? startedAt, startedAt);
  }
  return first;
}

/** In a cluster: the machine that a node is on, as soon as one of its units has begun. */
export function machineOfNode(
  units: readonly Unit[],
  states: readonly UnitState[],
  node: number | undefined,
): MachineName | undefined {
  const on = unitsOfNode(units, node).find((index) => states[index]!.machine !== undefined);
  return on === undefined ? undefined : states[on]!.machine;
}

/** How one node ended. Times are epoch ms. */
export interface NodeEnd {
  /** When its last unit ended. */
  readonly at: number;
  /** Absent when it never was RUNNING. */
  readonly startedAt?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  /** What became of the unit whose end was the node's: it ran to its end, never ran, or was lost with its host. */
  readonly how: "exited" | "not-started" | "lost";
  /** Of that unit, when it was told to end before it did. */
  readonly stopping?: UnitStopping;
}

/**
 * The end of a node whose units all have ended. The exit code and the reason are those of the essential unit that failed first: by itself, or else
 * because it was stopped. When all went well, those of the first one that ended.
 */
export function nodeEnd(units: readonly Unit[], states: readonly UnitState[], node: number | undefined): NodeEnd {
  const essential = shapeOf(units)
    .essentialOf.get(node)!
    .map((index) => states[index]!);
  const inOrder = essential.toSorted((a, b) => rank(a) - rank(b) || a.stoppedAt! - b.stoppedAt!);
  const first = inOrder[0]!;
  const { exitCode, reason } = inOrder.find((state) => state.exitCode !== 0) ?? first;
  const startedAt = nodeStart(units, states, node);
  return {
    at: Math.max(...unitsOfNode(units, node).map((index) => states[index]!.stoppedAt!)),
    ...(startedAt !== undefined && { startedAt }),
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
    how: howOf(first),
    ...(first.stopping !== undefined && { stopping: first.stopping }),
  };
}

function howOf({ exitCode, startedAt, isLost }: UnitState): NodeEnd["how"] {
  if (exitCode !== undefined) return "exited";
  return startedAt === undefined && isLost !== true ? "not-started" : "lost";
}

/** What ended by itself comes before what was stopped, and what was stopped before it began says nothing. */
function rank({ stopping, startedAt }: UnitState): number {
  if (stopping === undefined) return 0;
  return startedAt === undefined ? 2 : 1;
}

interface Situation {
  readonly task: Task;
  readonly states: readonly UnitState[];
  /** By node: why its units must stop. */
  readonly stops: ReadonlyMap<number | undefined, string>;
  readonly isMainRunning: boolean;
  readonly now: number;
}

function nodeStops(units: readonly Unit[], states: readonly UnitState[]): Map<number | undefined, string> {
  const stops = new Map<number | undefined, string>();
  for (const [node, essential] of shapeOf(units).essentialOf) {
    const reason = stopReason(units, states, essential);
    if (reason !== undefined) stops.set(node, reason);
  }
  return stops;
}

/** An essential unit's end stops the others; in a pod only one that never ran does, or the end of all essential ones. */
function stopReason(
  units: readonly Unit[],
  states: readonly UnitState[],
  essential: readonly number[],
): string | undefined {
  const ended = essential.filter((index) => states[index]!.status === "ended");
  const decisive = ended.find(
    (index) =>
      units[index]!.othersGoOn !== true || states[index]!.startedAt === undefined || ended.length === essential.length,
  );
  if (decisive === undefined) return undefined;
  return states[decisive]!.startedAt === undefined ? REASONS.notStarted : REASONS.exited;
}

function nextState(situation: Situation, index: number, state: UnitState): UnitState {
  if (state.status === "ended") return state;
  const { task, isMainRunning, now } = situation;
  const { node, dependsOn, name } = task.units[index]!;
  const stop = stopOf(situation, node);
  if (stop !== undefined) return stopped(state, stop);
  if (state.status !== "waiting" || (node !== task.mainNode && !isMainRunning)) return state;
  if (task.beginsWhole === true) return { status: "starting" };
  let waits = false;
  for (const dependency of dependsOn) {
    const readiness = readinessOf(situation, dependency, name);
    if (readiness === "waits") waits = true;
    else if (readiness !== "ready") return { status: "ended", stoppedAt: now, reason: readiness.never };
  }
  return waits ? state : { status: "starting" };
}

function stopOf({ task, stops, now }: Situation, node: number | undefined): UnitStopping | undefined {
  if (task.stopping !== undefined) return task.stopping;
  const reason = stops.get(node);
  if (reason !== undefined) return { reason, at: now };
  return node !== task.mainNode && stops.has(task.mainNode) ? { reason: MAIN_NODE_ENDED, at: now } : undefined;
}

/** The first reason to stop counts. */
function stopped(state: UnitState, stopping: UnitStopping): UnitState {
  if (state.status === "ended" || state.stopping !== undefined) return state;
  if (state.status === "waiting") return { status: "ended", stoppedAt: stopping.at, stopping };
  return { ...state, stopping };
}

/** What a dependency comes to; `never`: why it cannot be met any more, in the ECS agent's words. */
type Readiness = "waits" | "ready" | { readonly never: string };

function readinessOf({ task, states, now }: Situation, dependency: UnitDependency, target: string): Readiness {
  const { status, startedAt, clockSetMs = 0, exitCode } = states[dependency.unit]!;
  const { name, startTimeoutMs = Infinity } = task.units[dependency.unit]!;
  const pair = `[${name}] for target [${target}]`;
  if (startedAt === undefined) {
    if (status !== "ended") return "waits";
    return never(`failed to resolve container ordering dependency ${pair} because dependency will never start`);
  }
  if (dependency.condition === "START") return "ready";
  if (status !== "ended") {
    const isLate = startedAt + clockSetMs + startTimeoutMs <= now;
    return isLate ? never(`container ordering dependency ${pair} has timed out.`) : "waits";
  }
  if (dependency.condition === "COMPLETE" || exitCode === 0) return "ready";
  return never(`failed to resolve container ordering dependency ${pair} as dependency did not exit successfully.`);
}

function never(why: string): Readiness {
  return { never: `CannotStartContainerError: dependency graph: ${why}` };
}

/** What follows from the units alone. */
interface TaskShape {
  /** By node: the indexes of its essential units. */
  readonly essentialOf: ReadonlyMap<number | undefined, readonly number[]>;
  /** Indexes of the units whose end others wait for. */
  readonly awaited: ReadonlySet<number>;
}

/** Jobs of a thousand nodes ask a thousand times. */
const shapes = new WeakMap<readonly Unit[], TaskShape>();

function shapeOf(units: readonly Unit[]): TaskShape {
  const known = shapes.get(units);
  if (known !== undefined) return known;
  const essentialOf = new Map<number | undefined, number[]>();
  const awaited = new Set<number>();
  for (const [index, { node, essential, dependsOn }] of units.entries()) {
    for (const { unit, condition } of dependsOn) if (condition !== "START") awaited.add(unit);
    if (!essential) continue;
    const others = essentialOf.get(node);
    if (others === undefined) essentialOf.set(node, [index]);
    else others.push(index);
  }
  const shape = { essentialOf, awaited };
  shapes.set(units, shape);
  return shape;
}
