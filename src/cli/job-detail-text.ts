import type { AttemptDetail, JobDetail } from "@aws-sdk/client-batch";
import { exitCodeOfContainers, reasonOf } from "./job-containers.ts";
import { duration, keyValues, moment } from "./text.ts";

/** A job for people to read. `--json` has every member. */
export function jobDetailText(job: JobDetail): string {
  const attempts = (job.attempts ?? []).map(attemptText);
  return [keyValues(entriesOf(job)), ...attempts].join("\n");
}

function entriesOf(job: JobDetail): [string, string | undefined][] {
  const { container, arrayProperties } = job;
  return [
    ["Job", job.jobId],
    ["Name", job.jobName],
    ["Status", job.status],
    ["Reason", reasonOf(job)],
    ["Exit code", exitCodeOfContainers(job)?.toString()],
    ["Queue", lastOf(job.jobQueue)],
    ["Definition", lastOf(job.jobDefinition)],
    ["Command", container?.command?.map(shellQuoted).join(" ")],
    ["Image", container?.image],
    ["Resources", container?.resourceRequirements?.map(({ type, value }) => `${type} ${value}`).join(", ")],
    ["Children", summaryText(arrayProperties?.statusSummary)],
    ["Depends on", job.dependsOn?.map(({ jobId, type }) => [jobId, type].filter(Boolean).join(" ")).join(", ")],
    ["Created", moment(job.createdAt)],
    ["Started", job.startedAt ? moment(job.startedAt) : undefined],
    ["Ended", job.stoppedAt ? moment(job.stoppedAt) : undefined],
    ["Ran", job.startedAt && job.stoppedAt ? duration(job.stoppedAt - job.startedAt) : undefined],
    ["Log", container?.logStreamName],
    ["Tags", tagsText(job.tags)],
  ];
}

function attemptText(attempt: AttemptDetail, index: number): string {
  const { exitCode, reason } = attempt.container ?? {};
  const how = exitCode === undefined ? (reason ?? attempt.statusReason) : `exit code ${exitCode}`;
  return keyValues([[`Attempt ${index + 1}`, [moment(attempt.startedAt), how].filter(Boolean).join("  ")]]);
}

function lastOf(arn: string | undefined): string | undefined {
  return arn?.slice(arn.lastIndexOf("/") + 1);
}

function summaryText(counts: Readonly<Record<string, number>> | undefined): string | undefined {
  if (counts === undefined) return undefined;
  return Object.entries(counts)
    .filter(([, amount]) => amount > 0)
    .map(([state, amount]) => `${amount} ${state}`)
    .join(", ");
}

function tagsText(tags: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(tags ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(", ");
}

function shellQuoted(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
