import type { AttemptDetail, JobDetail } from "@aws-sdk/client-batch";

/** What a container left behind, in whichever of DescribeJobs' shapes. */
interface Left {
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
  readonly logStreamName?: string | undefined;
}

/** The log streams of a job's attempts, oldest attempt first, container by container. */
export function logStreamsOf(job: JobDetail): string[] {
  const streams = [...(job.attempts ?? []).flatMap(ofAttempt), ...lastOf(job)].map(
    ({ logStreamName }) => logStreamName,
  );
  return [...new Set(streams)].filter((name) => name !== undefined);
}

/** The exit code of a job: of its one container, or of the first of several that failed. */
export function exitCodeOfContainers(job: JobDetail): number | undefined {
  return job.container?.exitCode ?? decisiveOf(job)?.exitCode;
}

/** Why a job failed or waits: the container's reason if it has one (it is the more precise), else the job's. */
export function reasonOf(job: JobDetail): string | undefined {
  return job.container?.reason ?? decisiveOf(job)?.reason ?? job.statusReason;
}

function decisiveOf(job: JobDetail): Left | undefined {
  const all = lastOf(job);
  return all.find(({ exitCode }) => exitCode !== undefined && exitCode !== 0) ?? all.find(({ reason }) => reason);
}

/** The containers of the last attempt; of a job of several nodes, those of its main node. */
function lastOf({ container, ecsProperties, eksProperties, attempts }: JobDetail): Left[] {
  const tasks = ecsProperties?.taskProperties ?? [];
  const { initContainers = [], containers = [] } = eksProperties?.podProperties ?? {};
  const last = attempts?.at(-1);
  return [
    ...(container === undefined ? [] : [container]),
    ...tasks.flatMap((task) => task.containers ?? []),
    ...initContainers,
    ...containers,
    ...(last === undefined ? [] : ofAttempt(last)),
  ];
}

function ofAttempt({ container, taskProperties = [] }: AttemptDetail): Left[] {
  return [...(container === undefined ? [] : [container]), ...taskProperties.flatMap((task) => task.containers ?? [])];
}
