/** Where the values are that a job definition only names: `secrets[].valueFrom`, `repositoryCredentials.credentialsParameter`, `secretOptions`. */
export interface Secrets {
  /**
   * The value of a secret, read anew each time, when an attempt that wants it starts. It is passed to the attempt and kept nowhere else.
   *
   * @param reference the ARN of a secret or of a parameter, or a parameter's name.
   * @throws SecretUnavailable, whose message has no part of the value.
   */
  valueOf(reference: string): Promise<string>;
}

/** The message says which secret it is and what would give it a value. */
export class SecretUnavailable extends Error {
  override readonly name = "SecretUnavailable";
}

/** Where no secret has a value. */
export const NO_SECRETS: Secrets = {
  valueOf: (reference) => Promise.reject(new SecretUnavailable(`There is no value for the secret ${reference}.`)),
};
