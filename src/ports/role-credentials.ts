/** Credentials of AWS for jobs that have a role. */
export interface RoleCredentials {
  /** Whether jobs with this role are to get some. */
  has(roleArn: string): boolean;
  /**
   * Those that are valid now. They are handed on and written down nowhere.
   *
   * @throws CredentialsUnavailable, whose message has no part of them.
   */
  of(roleArn: string): Promise<AwsCredentials>;
}

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Epoch ms; undefined for those that do not expire. */
  readonly expiresAt?: number;
}

/** The message says whose credentials they are and what is wrong with where they come from. */
export class CredentialsUnavailable extends Error {
  override readonly name = "CredentialsUnavailable";
}

/** Where no role has any. */
export const NO_ROLES: RoleCredentials = {
  has: () => false,
  of: (roleArn) => Promise.reject(new CredentialsUnavailable(`There are no credentials for the role ${roleArn}.`)),
};
