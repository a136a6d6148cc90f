import type { AttemptDetail, JobDetail } from "@aws-sdk/client-batch";
import type { JobUsage } from "../ports/cost-report.ts";
import { attemptUsageText, containerUsageText, totalUsageText } from "./cost-text.ts";
import { arraySizeOf } from "./job.ts";
import { exitCodeOfContainers, reasonOf } from "./job-containers.ts";
import { duration, keyValues, moment } from "./text.ts";

/** A job for people to read. `--json` has every member. */
export function jobDetailText(job: JobDetail, usage: JobUsage | undefined): string {
  const attempts = (job.attempts ?? []).map((attempt, index) => attemptText(attempt, index, usage));
  const isArray = arraySizeOf(job) !== undefined;
  const used: [string, string | undefined] = ["Used", isArray ? usage && totalUsageText(usage.total) : undefined];
  return [keyValues([...entriesOf(job), used]), ...attempts].join("\n");
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

function attemptText(attempt: AttemptDetail, index: number, usage: JobUsage | undefined): string {
  const { exitCode, reason } = attempt.container ?? {};
  const how = exitCode === undefined ? (reason ?? attempt.statusReason) : `exit code ${exitCode}`;
  const used = usage?.attempts.find(
    ({ startedAt, stoppedAt }) => startedAt === attempt.startedAt && stoppedAt === attempt.stoppedAt,
  );
  return keyValues([
    [`Attempt ${index + 1}`, [moment(attempt.startedAt), how].filter(Boolean).join("  ")],
    ["  held", used && attemptUsageText(used)],
    ...(used?.containers ?? []).map((one): [string, string | undefined] => [
      `  ${one.node === undefined ? "" : `node ${one.node} `}${one.name}`,
      containerUsageText(one),
    ]),
  ]);
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
