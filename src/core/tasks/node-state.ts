import { taskId } from "../ids.ts";
import type { Attempt, JobState, JobStatus, Scheduling } from "../job.ts";
import { isTerminal, isWaiting } from "../job.ts";
import type { Binding } from "../lifecycle.ts";
import { hostTerminated, REASONS } from "../lifecycle.ts";
import type { NodeEnd } from "./task-progress.ts";
import { machineOfNode, nodeEnd, nodeStart, unitsOfNode } from "./task-progress.ts";
import type { Unit, UnitState } from "./task.ts";

/**
 * How far one node of a multi-node parallel job is, as though it were a job of its own: what DescribeJobs shows of `job#node` (reference 3.3). Its attempts
 * are the job's, each with the node's own task id, times and end, and with the states of the node's units only. A node that ended by itself is SUCCEEDED or
 * FAILED while the job goes on; one that waits for the main node is SUBMITTED.
 */
export function nodeState(state: JobState, { units = [] }: Scheduling, node: number): JobState {
  const attempts = state.attempts.map((attempt) => nodeAttempt(attempt, units, node));
  const last = attempts.at(-1);
  const isBetweenAttempts = isWaiting(state.status) || state.statusReason !== state.attempts.at(-1)?.statusReason;
  if (last === undefined || isBetweenAttempts) return { ...state, attempts };
  const status = nodeStatus(last);
  const isTerminated = state.isTerminated === true || last.units!.some(({ stopping }) => stopping?.isTerminated);
  return {
    status,
    attempts,
    ...(last.statusReason !== undefined && { statusReason: last.statusReason }),
    ...(last.startedAt !== undefined && { startedAt: last.startedAt }),
    ...(isTerminal(status) && last.stoppedAt !== undefined && { stoppedAt: last.stoppedAt }),
    ...(state.isCancelled === true && { isCancelled: true }),
    ...(isTerminated && { isTerminated }),
  };
}

function nodeStatus({ units = [], startedAt, stoppedAt, exitCode, stopping }: Attempt): JobStatus {
  if (stoppedAt !== undefined) return exitCode === 0 && stopping === undefined ? "SUCCEEDED" : "FAILED";
  if (startedAt !== undefined) return "RUNNING";
  return units.every(({ status }) => status === "waiting") ? "SUBMITTED" : "STARTING";
}

function nodeAttempt(attempt: Attempt, units: readonly Unit[], node: number): Attempt {
  const { id, driver, environmentArn, instanceIds, units: states = [] } = attempt;
  const machine = machineOfNode(units, states, node);
  const binding = {
    ...{ driver, environmentArn },
    ...(instanceIds !== undefined && { instanceIds: [instanceIds[node]!] }),
    ...(machine !== undefined && { machine }),
  };
  const indexes = unitsOfNode(units, node);
  const own = indexes.map((index) => states[index]!);
  const startedAt = nodeStart(units, states, node);
  return {
    ...{ id: taskId(id, node), ...binding, units: own },
    ...(startedAt !== undefined && { startedAt }),
    ...(own.every(({ status }) => status === "ended") && endOf(binding, attempt, nodeEnd(units, states, node))),
    ...(own.length === 1 && logStreamOf(own[0]!)),
  };
}

function endOf(binding: Binding, attempt: Attempt, end: NodeEnd): Partial<Attempt> {
  const { at, exitCode, reason, how, stopping } = end;
  // A node that is stopped because the main one has ended is judged by its exit code; one that is told to end by others is not.
  const isToldToEnd = stopping !== undefined && (stopping.isTerminated === true || attempt.stopping !== undefined);
  const reasons = { exited: REASONS.exited, "not-started": REASONS.notStarted, lost: hostTerminated(binding) };
  return {
    stoppedAt: at,
    statusReason: stopping?.reason ?? reasons[how],
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== undefined && { reason }),
    ...(isToldToEnd && { stopping: { reason: stopping.reason, at: stopping.at } }),
  };
}

function logStreamOf({ logStreamName }: UnitState): Pick<Attempt, "logStreamName"> {
  return logStreamName === undefined ? {} : { logStreamName };
}
