/** What a job's own calls to this server are signed with. */
export interface JobCredentials {
  /**
   * The keys of one job: always the same ones for the same job, valid while it is not over, allowing what its submitter may do. Nothing is
   * stored for them.
   */
  issue(jobId: string): AccessKey;
  /** What goes before the path of a request to say which job sends it, where it is signed with other credentials than the job's keys. No slash at its end. */
  pathOf(jobId: string): string;
  /** What a container shows to be given the credentials of its role. */
  tokenOf(containerId: string): string;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
