import type { DryRun } from "../ports/dry-run.ts";
import { waitingLines } from "./explanation-text.ts";
import { oneLine } from "./neutral.ts";
import { duration, keyValues } from "./text.ts";

/** What would become of a submission, for people. */
export function dryRunText(run: DryRun): string {
  const { resources, arraySize } = run;
  const each = arraySize === undefined ? "" : `, for each of ${arraySize} children`;
  const gpus = resources.gpus > 0 ? `, ${resources.gpus} GPU` : "";
  const entries = keyValues([
    ["Queue", lastOf(run.jobQueue)],
    ["Definition", lastOf(run.jobDefinition)],
    ["Resources", `${resources.vcpus} vCPU, ${resources.memoryMiB} MiB${gpus}${each}`],
    ["Environment", run.environmentArn === undefined ? undefined : lastOf(run.environmentArn)],
    ["Start", startText(run)],
    ["Cost", costText(run)],
  ]);
  return [`${oneLine(run.answer)} Nothing was submitted.`, entries, ...waitingLines(run)].join("\n");
}

function startText({ predictedStart }: DryRun): string {
  if ("unknown" in predictedStart) return `not known: ${predictedStart.unknown}`;
  const { at, inSeconds } = predictedStart;
  return inSeconds === 0 ? "now" : `in ${duration(inSeconds * 1000)}, at ${at}`;
}

function costText({ cost }: DryRun): string {
  if ("unknown" in cost) return `not known: ${cost.unknown}`;
  const { usdPerHour, atMostUsd, atMostSeconds, meaning } = cost;
  const whole = atMostUsd === undefined ? "" : `, at most $${atMostUsd} in all for ${duration(atMostSeconds! * 1000)}`;
  return `$${usdPerHour} an hour${whole}. ${meaning}`;
}

function lastOf(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
