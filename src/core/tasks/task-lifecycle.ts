import { runsPodsOfCluster } from "../driver-name.ts";
import { taskId } from "../ids.ts";
import type { MachineName } from "../clusters/machine-name.ts";
import type { Attempt, Job, JobState, Scheduling } from "../job.ts";
import { activeAttempt, replaceLastAttempt } from "../job.ts";
import type { AttemptEnd, Binding } from "../lifecycle.ts";
import { logStreamName } from "../submission/log-target.ts";
import { bind, ended, REASONS, shortened, started } from "../lifecycle.ts";
import { advance, firstUnits, machineOfNode, nodeEnd, nodeStart, stopNode } from "./task-progress.ts";
import type { Task } from "./task-progress.ts";
import type { UnitState, UnitStopping } from "./task.ts";
import { sumOfUsage } from "../usage.ts";

/** RUNNABLE -> STARTING, for jobs with and without units. */
export function bound(job: Job, binding: Binding, now: number, era?: string): JobState {
  const state = bind(job, binding, now, era);
  const { units } = job.scheduling;
  if (units === undefined) return state;
  const attempt = activeAttempt(state)!;
  const begun: Attempt = { ...attempt, units: firstUnits(taskOf(job.scheduling, attempt)) };
  return { ...state, attempts: replaceLastAttempt(state.attempts, begun) };
}

/** A unit of the active attempt runs. `address`: of its node. */
export function unitStarted(
  job: Job,
  index: number,
  { at, address, machine }: { at: number; address?: string; machine?: MachineName },
  now: number,
): JobState {
  return withUnit(job, index, now, (state) => {
    if (state.status !== "starting") return state;
    const isOfNode = job.scheduling.units![index]!.node !== undefined;
    return {
      ...begun(job, index, state, at),
      status: "running",
      ...(isOfNode && address !== undefined && { address }),
      ...(machine !== undefined && { machine }),
    };
  });
}

/** A unit of the active attempt is over. */
export function unitEnded(job: Job, index: number, end: AttemptEnd, now: number): JobState {
  return withUnit(job, index, now, (state) => {
    if (state.status === "ended") return state;
    const startedAt = state.startedAt ?? end.startedAt;
    return {
      ...(startedAt === undefined ? state : begun(job, index, state, startedAt)),
      status: "ended",
      stoppedAt: Math.max(end.at, startedAt ?? 0),
      ...(end.exitCode !== undefined && { exitCode: end.exitCode }),
      ...(end.reason !== undefined && { reason: shortened(end.reason) }),
      ...(end.usage !== undefined && { usage: end.usage }),
      ...(end.machine !== undefined && { machine: end.machine }),
      ...(end.isLost === true && { isLost: true }),
    };
  });
}

/** One node is told to end, and nothing else. */
export function nodeStopped(job: Job, node: number, stop: UnitStopping): JobState {
  const attempt = activeAttempt(job.state)!;
  return withUnits(job, stopNode(job.scheduling.units!, attempt.units!, node, stop), stop.at);
}

/** What follows from the time, or from a stop of the whole attempt. The same state when nothing does. */
export function unitsAdvanced(job: Job, now: number): JobState {
  return withUnits(job, activeAttempt(job.state)!.units!, now);
}

function withUnit(job: Job, index: number, now: number, change: (state: UnitState) => UnitState): JobState {
  const units = activeAttempt(job.state)!.units!;
  const changed = change(units[index]!);
  if (changed === units[index]) return job.state;
  return withUnits(job, units.with(index, changed), now);
}

/** The job as it is when its units are these, after all that follows from them. */
function withUnits(job: Job, given: readonly UnitState[], now: number): JobState {
  const attempt = activeAttempt(job.state)!;
  const task = taskOf(job.scheduling, attempt);
  const units = advance(task, given, now);
  if (units === attempt.units) return job.state;
  const state = { ...job.state, attempts: replaceLastAttempt(job.state.attempts, { ...attempt, units }) };
  if (units.every(({ status }) => status === "ended")) return ended({ ...job, state }, endOf(task, units));
  const startedAt = nodeStart(task.units, units, task.mainNode);
  if (startedAt === undefined || attempt.startedAt !== undefined) return state;
  return started({ ...job, state }, startedAt, machineOfNode(task.units, units, task.mainNode));
}

function endOf({ units, mainNode }: Task, states: readonly UnitState[]): AttemptEnd {
  const { how, stopping: _, ...mainEnd } = nodeEnd(units, states, mainNode);
  const usage = sumOfUsage(states.map((state) => state.usage));
  const machine = machineOfNode(units, states, mainNode);
  const end = { ...mainEnd, ...(usage !== undefined && { usage }), ...(machine !== undefined && { machine }) };
  if (how === "lost") return { ...end, isLost: true };
  return { ...end, statusReason: how === "exited" ? REASONS.exited : REASONS.notStarted };
}

function taskOf({ units, nodes }: Scheduling, { driver, stopping }: Attempt): Task {
  return { units: units!, mainNode: nodes?.main, beginsWhole: runsPodsOfCluster(driver), stopping };
}

function begun(job: Job, index: number, state: UnitState, startedAt: number): UnitState {
  const { log, name, node } = job.scheduling.units![index]!;
  const task = taskId(activeAttempt(job.state)!.id, node);
  return { ...state, startedAt, ...(log !== undefined && { logStreamName: logStreamName(log, name, task) }) };
}
