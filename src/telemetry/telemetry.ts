import type { Flow } from "../core/status-counts.ts";
import type { EngineObserver, TickReport } from "../ports/observer.ts";
import type { AttemptWatcher } from "./attempt-watch.ts";
import { AttemptWatch } from "./attempt-watch.ts";
import type { Recorder } from "./recorder.ts";

/** Something that watches an engine. */
export interface EngineWatcher extends Partial<EngineObserver>, AttemptWatcher {
  /** By queue ARN, what has come and gone. */
  flowed?(flows: ReadonlyMap<string, Readonly<Flow>>): void;
}

/** All that watches an engine, behind the one observer that it knows. */
export function engineObserver(recorder: Recorder, others: readonly EngineWatcher[]): EngineObserver {
  const attempts = new AttemptWatch([recorder, ...others]);
  return {
    committed(report: TickReport) {
      const flows = report.world.jobs.statuses.takeFlows();
      recorder.committed(report.world, flows);
      for (const other of others) {
        other.flowed?.(flows);
        other.committed?.(report);
      }
      attempts.committed(report);
    },
    ticked(tick) {
      for (const other of others) other.ticked?.(tick);
    },
  };
}
