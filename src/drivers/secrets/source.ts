/** Where some secrets have their values. */
export interface SecretSource {
  /** The secrets' ARN or name; `*` stands for any characters. */
  readonly match: string;
  readonly from: ValueSource;
}

export type ValueSource =
  /** A file that is the value. */
  | { readonly kind: "file"; readonly path: string }
  /** A directory with a file for each secret, called as the secret is. */
  | { readonly kind: "directory"; readonly path: string }
  /** A variable of the server's own environment. */
  | { readonly kind: "variable"; readonly name: string }
  /** A program that prints the value. */
  | { readonly kind: "command"; readonly command: readonly string[] };
