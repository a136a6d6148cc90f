import type { AttemptSpec, Driver, DriverEvent } from "../ports/driver.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** What becomes of an attempt that nobody ends. */
export interface Course {
  /** From its start until it runs. */
  readonly bootMs: number;
  readonly runMs: number;
  readonly exitCode: number;
}

/** Ended by SIGTERM, which everything that is simulated obeys. */
const TERMINATED = 143;

interface Running {
  readonly attemptId: string;
  readonly exitCode: number;
  startedAt: number | undefined;
}

/**
 * Runs attempts in virtual time: each boots, runs and ends as its course says. It is not FakeMachine, whose faults and inventories a
 * simulation of millions of jobs does not need, and would pay for.
 */
export function createSimDriver(clock: VirtualClock, courseOf: (attempt: AttemptSpec) => Course): Driver {
  let report: (event: DriverEvent) => void = () => {};
  const running = new Map<string, Running>();
  const begin = (attempt: Running, runMs: number): void => {
    if (!running.has(attempt.attemptId)) return;
    attempt.startedAt = clock.now();
    report({ kind: "started", attemptId: attempt.attemptId, at: clock.now(), address: "10.0.0.1" });
    clock.at(clock.now() + runMs, () => end(attempt, attempt.exitCode));
  };
  const end = ({ attemptId, startedAt }: Running, exitCode: number): void => {
    if (!running.delete(attemptId)) return;
    const didRun = startedAt !== undefined && { startedAt, exitCode };
    report({ kind: "exited", attemptId, at: clock.now(), ...didRun });
  };
  return {
    name: "fake",
    async open(listener) {
      report = listener;
      report({ kind: "inventory", attemptIds: [] });
    },
    async start(spec) {
      const { bootMs, runMs, exitCode } = courseOf(spec);
      const attempt = { attemptId: spec.attemptId, exitCode, startedAt: undefined };
      running.set(spec.attemptId, attempt);
      if (bootMs === 0) begin(attempt, runMs);
      else clock.at(clock.now() + bootMs, () => begin(attempt, runMs));
    },
    async stop(attemptId) {
      const attempt = running.get(attemptId);
      if (attempt !== undefined) clock.at(clock.now(), () => end(attempt, TERMINATED));
    },
    async forget() {},
    async close() {},
  };
}
