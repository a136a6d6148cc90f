import type { Attempt, Job } from "../../src/core/job.ts";
import type { Unit, UnitDependency, UnitState } from "../../src/core/tasks/task.ts";

/**
 * The rules of attempts of several containers (reference 3.3, 3.4, 3.5), written anew and plainly: what each unit may do, looked at one by one.
 * Each function gives the violations that it finds.
 */
type Violations = Iterable<string>;

interface One {
  readonly unit: Unit;
  readonly state: UnitState;
}

/** An attempt after a commit, and what it was before. */
export function* checkUnits(
  id: string,
  { units, nodes }: Job["scheduling"],
  before: Attempt | undefined,
  after: Attempt,
): Violations {
  if (units === undefined) return;
  const all = together(units, after);
  if (all.length !== units.length) return yield `${id} has ${all.length} units of ${units.length}`;
  const isOver = after.stoppedAt !== undefined;
  if (isOver !== all.every(({ state }) => state.status === "ended")) yield `${id} ends before or after its units`;
  for (const [index, one] of all.entries()) {
    const earlier = before?.units?.[index];
    if (earlier !== undefined) yield* checkStep(`${id} unit ${index}`, earlier, one.state);
    if (one.state.startedAt !== undefined && one.state.status === "waiting")
      yield `${id} unit ${index} waits and has begun`;
  }
  if (!isOver) return;
  const main = all.filter(({ unit }) => unit.node === nodes?.main && unit.essential);
  const allWell = main.every(({ state }) => state.exitCode === 0);
  if (allWell !== (after.exitCode === 0)) yield `${id} ends with ${after.exitCode}, its containers otherwise`;
}

const STEPS: Record<UnitState["status"], readonly UnitState["status"][]> = {
  waiting: ["waiting", "starting", "ended"],
  starting: ["starting", "running", "ended"],
  running: ["running", "ended"],
  ended: ["ended"],
};

function* checkStep(id: string, before: UnitState, after: UnitState): Violations {
  if (before.status === "ended" && JSON.stringify(before) !== JSON.stringify(after)) yield `${id} is rewritten`;
  if (!STEPS[before.status].includes(after.status)) yield `${id} goes from ${before.status} to ${after.status}`;
  if (before.stopping !== undefined && JSON.stringify(before.stopping) !== JSON.stringify(after.stopping))
    yield `${id} is told to stop anew`;
}

/** When a unit begins. */
export function* checkBeginning(id: string, { units, nodes }: Job["scheduling"], attempt: Attempt, index: number) {
  const all = together(units!, attempt);
  const { unit, state } = all[index]!;
  if (state.status !== "starting") yield `${id} unit ${index} begins and is ${state.status}`;
  for (const dependency of unit.dependsOn) {
    if (!isMet(all[dependency.unit]!.state, dependency)) {
      yield `${id} unit ${index} begins before unit ${dependency.unit} has come to ${dependency.condition}`;
    }
  }
  const isMainRunning = all.some(
    (one) => one.unit.node === nodes?.main && one.unit.essential && one.state.startedAt !== undefined,
  );
  if (unit.node !== nodes?.main && !isMainRunning) yield `${id} unit ${index} begins before the main node runs`;
  if (state.stopping === undefined && isNodeOver(all, unit.node))
    yield `${id} unit ${index} begins in a node that is over`;
}

/** When the engine rests, of an attempt that is not over. */
export function* checkUnitsAtRest(id: string, { units, nodes }: Job["scheduling"], attempt: Attempt, now: number) {
  const all = together(units!, attempt);
  const isMainOver = isNodeOver(all, nodes?.main);
  for (const [index, { unit, state }] of all.entries()) {
    const mustStop =
      attempt.stopping !== undefined || isNodeOver(all, unit.node) || (unit.node !== nodes?.main && isMainOver);
    const goesOn = state.status !== "ended" && state.stopping === undefined;
    if (mustStop && goesOn) yield `${id} unit ${index} goes on, ${state.status}`;
    const isDue = state.status === "waiting" && unit.dependsOn.every((one) => isMet(all[one.unit]!.state, one));
    const isHeld = unit.node !== nodes?.main && attempt.startedAt === undefined;
    if (isDue && !isHeld) yield `${id} unit ${index} waits for nothing`;
    for (const on of unit.dependsOn) {
      const { startedAt, status } = all[on.unit]!.state;
      const { startTimeoutMs = Infinity } = all[on.unit]!.unit;
      const isLate = startedAt !== undefined && status !== "ended" && startedAt + startTimeoutMs <= now;
      if (state.status === "waiting" && on.condition !== "START" && isLate && !isHeld)
        yield `${id} unit ${index} waits longer than it may`;
    }
  }
}

function together(units: readonly Unit[], attempt: Attempt): One[] {
  return (attempt.units ?? []).map((state, index) => ({ unit: units[index]!, state }));
}

function isMet({ status, startedAt, exitCode }: UnitState, { condition }: UnitDependency): boolean {
  if (startedAt === undefined) return false;
  if (condition === "START") return true;
  return status === "ended" && (condition === "COMPLETE" || exitCode === 0);
}

function isNodeOver(all: readonly One[], node: number | undefined): boolean {
  const essential = all.filter(({ unit }) => unit.node === node && unit.essential);
  const ended = essential.filter(({ state }) => state.status === "ended");
  if (ended.some(({ unit, state }) => unit.othersGoOn !== true || state.startedAt === undefined)) return true;
  return ended.length === essential.length;
}
