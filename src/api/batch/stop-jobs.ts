import type { StopRequest } from "../../core/job.ts";
import { isTerminal } from "../../core/job.ts";
import { clientException } from "../wire/errors.ts";
import type { BatchHandlers, Call } from "../wire/operations.ts";
import type { Backend } from "./backend.ts";
import { findJobs } from "./job-records.ts";
import { scopeOf, toJobId } from "./names.ts";
import { TEXTS } from "./texts.ts";

/** CancelJob and TerminateJob (reference 2.8). Unknown and finished jobs: 200, and nothing happens. */
export function stopJobHandlers(backend: Backend): Required<Pick<BatchHandlers, "CancelJob" | "TerminateJob">> {
  return {
    async CancelJob({ jobId, reason }, call) {
      validate(jobId, reason, TEXTS.cancelRequires);
      await requestStop(backend, call, jobId, { kind: "cancel", reason });
      return {};
    },
    async TerminateJob({ jobId, reason }, call) {
      validate(jobId, reason, TEXTS.terminateRequires);
      await requestStop(backend, call, jobId, { kind: "terminate", reason });
      return {};
    },
  };
}

function validate(jobId: string, reason: string, required: (member: string) => string): void {
  if (jobId === "") throw clientException(required("jobId"));
  if (reason === "") throw clientException(required("reason"));
  if (reason.length > 1024) throw clientException(TEXTS.reasonTooLong);
}

/** Resolves when the scheduler has honoured it, so that the next DescribeJobs shows what came of it. */
async function requestStop(backend: Backend, call: Call, idOrArn: string, stop: StopRequest): Promise<void> {
  const [job] = await findJobs(backend.store.jobs, scopeOf(call), [toJobId(idOrArn)]);
  if (job === undefined || isTerminal(job.state.status)) return;
  await backend.store.jobs.requestStop(job.id, stop, backend.clock.now());
  await backend.scheduler.nudge();
}
