import type { CancelJobsErrorDetail } from "@aws-sdk/client-batch";
import type { StopRequest } from "../../../core/job.ts";
import { isTerminal } from "../../../core/job.ts";
import type { BatchHandlers, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import type { JobKind } from "./job-records.ts";
import { findJobs } from "./job-records.ts";
import { arnOf, scopeOf, toJobId } from "../names.ts";
import type { Rule } from "../rules.ts";
import { check, quotingRule, rule } from "../rules.ts";
import { TEXTS } from "../texts.ts";
import { crashPoint } from "../../../ports/crash-points.ts";

type Operations =
  | "CancelJob"
  | "TerminateJob"
  | "CancelJobs"
  | "TerminateJobs"
  | "TerminateServiceJob"
  | "TerminateServiceJobs";

/**
 * CancelJob and TerminateJob, one by one (reference 2.8) and in bulk (2.9), and the same of service jobs (3.7). Unknown and finished jobs: 200, and nothing
 * happens. They answer when the scheduler has honoured them, so that the next DescribeJobs shows what came of it.
 */
export function stopJobHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  return {
    async CancelJob({ jobId, reason }, call) {
      check(CANCEL_JOB_RULES, { jobId, reason });
      await requestStops(backend, call, "job", [toJobId(jobId)], { kind: "cancel", reason });
      return {};
    },
    async TerminateJob({ jobId, reason }, call) {
      check(TERMINATE_JOB_RULES, { jobId, reason });
      await requestStops(backend, call, "job", [toJobId(jobId)], { kind: "terminate", reason });
      return {};
    },
    CancelJobs({ jobs, reason }, call) {
      check(CANCEL_JOBS_RULES, { jobs, reason });
      return stopInBulk(backend, call, "job", jobs, { kind: "cancel", reason });
    },
    TerminateJobs({ jobs, reason }, call) {
      check(TERMINATE_JOBS_RULES, { jobs, reason });
      return stopInBulk(backend, call, "job", jobs, { kind: "terminate", reason });
    },
    async TerminateServiceJob({ jobId, reason }, call) {
      check(TERMINATE_JOB_RULES, { jobId, reason });
      await requestStops(backend, call, "service-job", [toJobId(jobId)], { kind: "terminate", reason });
      return {};
    },
    TerminateServiceJobs({ jobs, reason }, call) {
      check(TERMINATE_JOBS_RULES, { jobs, reason });
      return stopInBulk(backend, call, "service-job", jobs, { kind: "terminate", reason });
    },
  };
}

interface WithReason {
  readonly reason: string;
}
interface OneJob extends WithReason {
  readonly jobId: string;
}
interface ManyJobs extends WithReason {
  readonly jobs: readonly string[];
}

type RequiredText = "cancelRequires" | "terminateRequires";

function required<Subject>(text: RequiredText, member: string & keyof Subject): Rule<Subject> {
  const quoted: [member: string] = [member];
  return quotingRule(text, (subject: Subject) => (subject[member] === "" ? quoted : undefined), "bare");
}

function withReason(text: RequiredText): readonly Rule<WithReason>[] {
  return [required(text, "reason"), rule("reasonTooLong", ({ reason }) => reason.length > 1024, "bare")];
}

function oneJob(text: RequiredText): readonly Rule<OneJob>[] {
  return [required(text, "jobId"), ...withReason(text)];
}

export const CANCEL_JOB_RULES = oneJob("cancelRequires");
export const TERMINATE_JOB_RULES = oneJob("terminateRequires");

const MAX_JOBS = 50;
const COUNT_RULE = rule<ManyJobs>("jobsToStop", ({ jobs }) => jobs.length === 0 || jobs.length > MAX_JOBS);

export const CANCEL_JOBS_RULES: readonly Rule<ManyJobs>[] = [COUNT_RULE, ...withReason("cancelRequires")];
export const TERMINATE_JOBS_RULES: readonly Rule<ManyJobs>[] = [COUNT_RULE, ...withReason("terminateRequires")];

/** A job that was asked for twice, by id and by ARN, say, is answered once, as it was named first. */
async function stopInBulk(backend: Backend, call: Call, kind: JobKind, jobs: readonly string[], stop: StopRequest) {
  const errors: CancelJobsErrorDetail[] = [];
  const givenById = new Map<string, string>();
  for (const job of new Set(jobs)) {
    const id = wellFormedId(call, kind, job);
    const denial = id === undefined ? undefined : call.denial(permission(kind, stop), arnOf(call, kind, id));
    if (id === undefined) errors.push({ job, code: "ValidationException", message: TEXTS.jobIdMalformed });
    else if (denial !== undefined) errors.push({ job, code: "AccessDenied", message: denial.message });
    else if (!givenById.has(id)) givenById.set(id, job);
  }
  await requestStops(backend, call, kind, [...givenById.keys()], stop);
  return { successful: [...givenById.values()], errors };
}

/** Who may stop a job alone may stop it among others. */
function permission(kind: JobKind, stop: StopRequest) {
  if (kind === "service-job") return "batch:TerminateServiceJob";
  return stop.kind === "cancel" ? "batch:CancelJob" : "batch:TerminateJob";
}

/** A UUID, with `:index` for an array's child or `#index` for a node. */
const JOB_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}([:#]\d{1,7})?$/;

function wellFormedId(call: Call, kind: JobKind, idOrArn: string): string | undefined {
  const prefix = arnOf(call, kind, "");
  const id = idOrArn.startsWith(prefix) ? idOrArn.slice(prefix.length) : idOrArn;
  return JOB_ID.test(id) ? id : undefined;
}

/** One commit for all of them. */
async function requestStops(
  backend: Backend,
  call: Call,
  kind: JobKind,
  ids: readonly string[],
  stop: StopRequest,
): Promise<void> {
  const found = await findJobs(backend.store.jobs, scopeOf(call), ids, kind);
  const open = found.filter(({ state }) => !isTerminal(state.status));
  if (open.length === 0) return;
  await backend.store.jobs.requestStops(
    open.map(({ id }) => id),
    stop,
    backend.clock.now(),
  );
  crashPoint("stop.committed");
  await backend.scheduler.nudge();
}
