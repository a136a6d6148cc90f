/** What a job's own calls to this server are signed with. */
export interface JobCredentials {
  /**
   * The keys of one job: always the same ones for the same job, valid while it is not over, allowing what its submitter may do. Nothing is
   * stored for them.
   */
  issue(jobId: string): AccessKey;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}
