import type { AttemptDetail, EksAttemptDetail, JobDetail } from "@aws-sdk/client-batch";

/** One attempt, in whichever of DescribeJobs' shapes it was told. */
export interface AttemptView {
  /** From 1. */
  readonly number: number;
  /** Epoch ms. */
  readonly startedAt?: number | undefined;
  readonly stoppedAt?: number | undefined;
  readonly statusReason?: string | undefined;
  /** Of its one container, or of the first of several that failed. */
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
  readonly taskArn?: string | undefined;
  readonly containerInstanceArn?: string | undefined;
  /** Of pods. */
  readonly nodeName?: string | undefined;
  /** Of jobs with several. */
  readonly containers: readonly ContainerEnd[];
}

export interface ContainerEnd {
  readonly name?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
}

export function attemptsOf({ attempts = [], eksAttempts = [] }: JobDetail): AttemptView[] {
  return [...attempts.map(ofTask), ...eksAttempts.map(ofPod)].map((attempt, index) => ({
    ...attempt,
    number: index + 1,
  }));
}

function ofTask({ container, taskProperties = [], startedAt, stoppedAt, statusReason }: AttemptDetail) {
  const [task] = taskProperties;
  const containers = task?.containers ?? [];
  const decisive = task === undefined ? container : decisiveOf(containers);
  const where = task ?? container;
  return {
    ...{ startedAt, stoppedAt, statusReason, containers },
    exitCode: decisive?.exitCode,
    reason: decisive?.reason,
    taskArn: where?.taskArn,
    containerInstanceArn: where?.containerInstanceArn,
  };
}

function ofPod(attempt: EksAttemptDetail) {
  const { startedAt, stoppedAt, statusReason, nodeName, containers = [], initContainers = [] } = attempt;
  const all = [...initContainers, ...containers];
  const decisive = decisiveOf(all);
  return {
    ...{ startedAt, stoppedAt, statusReason, nodeName },
    containers: all.length > 1 ? all : [],
    exitCode: decisive?.exitCode,
    reason: decisive?.reason,
  };
}

function decisiveOf<End extends ContainerEnd>(ends: readonly End[]): End | undefined {
  return ends.find(({ exitCode }) => exitCode !== undefined && exitCode !== 0) ?? ends[0];
}
