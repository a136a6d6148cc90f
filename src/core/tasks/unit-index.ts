import type { Deadlines } from "../deadlines.ts";
import { isMeasuredAnew } from "../deadlines.ts";
import { unitAttemptId } from "../ids.ts";
import type { Attempt, Job } from "../job.ts";

/** Which unit of which job a driver knows as an attempt: of all attempts that are active. */
export class UnitIndex {
  readonly #byAttemptId = new Map<string, { readonly jobId: string; readonly unit: number }>();

  get(attemptId: string): { readonly jobId: string; readonly unit: number } | undefined {
    return this.#byAttemptId.get(attemptId);
  }

  /** A job's active attempt has changed, begun or ended. What happens to its units may bring a deadline. */
  changed(job: Job, before: Attempt | undefined, after: Attempt | undefined, deadlines: Deadlines): void {
    const isNew = before?.id !== after?.id;
    if (isNew) this.#remove(before);
    if (after?.units === undefined) return;
    if (isNew) this.#add(job.id, after);
    for (const [unit, state] of after.units.entries()) {
      const { startedAt, clockSetMs = 0 } = state;
      const { startTimeoutMs } = job.scheduling.units![unit]!;
      if (startTimeoutMs === undefined || startedAt === undefined) continue;
      if (isNew || isMeasuredAnew(before?.units?.[unit], state))
        deadlines.add({ at: startedAt + clockSetMs + startTimeoutMs, jobId: job.id, attemptId: after.id });
    }
  }

  #add(jobId: string, { id, units = [] }: Attempt): void {
    for (const unit of units.keys()) this.#byAttemptId.set(unitAttemptId(id, unit), { jobId, unit });
  }

  #remove(attempt: Attempt | undefined): void {
    for (const unit of attempt?.units?.keys() ?? []) this.#byAttemptId.delete(unitAttemptId(attempt!.id, unit));
  }
}
