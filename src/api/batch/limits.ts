/** What requests may ask for. */
export interface Limits {
  /** Whether requests may use what AWS Batch does not have: docs/beyond-aws.md. */
  readonly extensions: boolean;
  readonly maxArraySize: number;
}

/** Longshore's own: they protect the server, and are above what anybody needs. */
export const OWN_LIMITS: Limits = { extensions: true, maxArraySize: 1_000_000 };

/** AWS's quotas (reference 9), for who tests against them: `--strict`. */
export const AWS_LIMITS: Limits = { extensions: false, maxArraySize: 10_000 };
