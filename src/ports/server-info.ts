/** What the console asks first: `GET /longshore/server`. Without `user` it must sign in before it can ask for more. */
export interface ServerInfo {
  readonly version: string;
  /** Whether requests need no known key. */
  readonly isOpen: boolean;
  /** Of requests that name none. */
  readonly defaultRegion: string;
  readonly user?: ServerUser;
}

export interface ServerUser {
  /** Twelve digits. */
  readonly account: string;
  readonly arn: string;
  /** Where the request came with a known key, or with the session of one. */
  readonly accessKeyId?: string;
  /** Of the server that answers: `leads` also where it is alone, `waits` where no server is known to lead. */
  readonly leadership: "leads" | "follows" | "waits";
  /** Only what AWS Batch does and allows. */
  readonly isStrict: boolean;
  /** Of who has signed in at the console, epoch ms. */
  readonly session?: { readonly openedAt: number; readonly endsAt: number };
}
