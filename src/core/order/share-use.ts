/** What an attempt that is over has used of its queue. */
export interface ShareUse {
  readonly queueArn: string;
  readonly share: string;
  readonly attemptId: string;
  readonly vcpuMilli: number;
  readonly startedAt: number;
  readonly stoppedAt: number;
}
