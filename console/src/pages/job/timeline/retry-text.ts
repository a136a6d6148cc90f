import type { EvaluateOnExit, JobDetail } from "@aws-sdk/client-batch";
import type { AttemptStory } from "../../../../../src/core/explain/explanation.ts";
import type { AttemptView } from "../attempts.ts";

/** Why a failed attempt was followed by another one, or was the last; undefined for one that did not fail, or is not over, and while its story is not known. */
export function retryText(
  job: JobDetail,
  attempts: readonly AttemptView[],
  index: number,
  story: AttemptStory | undefined,
): string | undefined {
  const attempt = attempts[index]!;
  const isLast = index === attempts.length - 1;
  if (story === undefined || attempt.stoppedAt === undefined || (isLast && job.status === "SUCCEEDED"))
    return undefined;
  const { attempts: allowed = 1, evaluateOnExit = [] } = job.retryStrategy ?? {};
  const rule = story.retryRule === undefined ? undefined : evaluateOnExit[story.retryRule - 1];
  const ruleText = rule && `rule ${story.retryRule} of its retry strategy (${conditionText(rule)})`;
  const goesOn = !isLast || !isOver(job);
  if (goesOn) {
    if (story.end === "infrastructure") return "Tried again: its host was taken away or lost.";
    return ruleText === undefined
      ? `Tried again: it may have ${allowed} attempts.`
      : `Tried again, as ${ruleText} says.`;
  }
  if (job.isTerminated === true) return "Not tried again: it was terminated.";
  if (job.isCancelled === true) return "Not tried again: it was cancelled.";
  if (rule?.action?.toUpperCase() === "EXIT") {
    return `Not tried again, as ${ruleText} says.`;
  }
  return allowed === 1
    ? "Not tried again: it may have one attempt. A retry strategy gives it more."
    : `Not tried again: the ${allowed} attempts that it may have were made.`;
}

function isOver({ status }: JobDetail): boolean {
  return status === "FAILED" || status === "SUCCEEDED";
}

function conditionText({ onStatusReason, onReason, onExitCode, action }: EvaluateOnExit): string {
  const conditions = { onStatusReason, onReason, onExitCode };
  const told = Object.entries(conditions).flatMap(([name, value]) => (value === undefined ? [] : `${name} ${value}`));
  return `${told.join(", ")}: ${action?.toUpperCase()}`;
}
