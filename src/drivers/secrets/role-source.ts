/** Where the credentials of some roles come from. */
export interface RoleSource {
  /** The roles' ARN or name; `*` stands for any characters. */
  readonly match: string;
  readonly from: CredentialSource;
}

export type CredentialSource =
  /** A profile of the AWS CLI's files, of the server's user. */
  | { readonly kind: "profile"; readonly name: string }
  /** A file with what a `credential_process` prints. */
  | { readonly kind: "file"; readonly path: string }
  /** A `credential_process`. */
  | { readonly kind: "command"; readonly command: readonly string[] };
