import type { IncomingHttpHeaders } from "node:http";
import { claimedCredential } from "../wire/credential.ts";
import type { Call, Caller } from "../wire/operations.ts";

/** A request as far as its signature covers it. */
export interface SignedRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** The query, without the question mark. */
  readonly search: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | undefined;
}

/** The APIs that are served here, by the name that stands in a signature's scope. */
export type ServiceName = "batch" | "logs" | "sts" | "ecs" | "ec2";

/** What a request may count on. Without a region in its signature, the server's default is meant. */
export type Admitted = Pick<Call, "account" | "caller" | "denial"> & { readonly region: string | undefined };

/** Finds out who calls. Rejects with an ApiError when the request must not be served. */
export type Admit = (request: SignedRequest, service: ServiceName) => Promise<Admitted>;

/** Emulators' convention: an access key of twelve digits names the account. */
const ACCOUNT = /^\d{12}$/;

/** Everybody may call, for the account that the access key names, else for `defaultAccount`. */
export function admitAnyone(defaultAccount: string): Admit {
  return ({ headers, search }) => {
    const claimed = claimedCredential(headers.authorization, search);
    const accessKeyId = claimed?.accessKeyId;
    const account = accessKeyId !== undefined && ACCOUNT.test(accessKeyId) ? accessKeyId : defaultAccount;
    return Promise.resolve({
      account,
      region: claimed?.region,
      caller: { ...rootOf(account), ...(accessKeyId !== undefined && { accessKeyId }) },
      denial: everythingAllowed,
    });
  };
}

export function rootOf(account: string): Caller {
  return { account, arn: `arn:aws:iam::${account}:root`, userId: account };
}

export function everythingAllowed(): undefined {
  return undefined;
}
