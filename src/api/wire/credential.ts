/** `eu-west-1`, `us-gov-east-1`: what an ARN may carry as its region. */
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
const IN_HEADER = /Credential=([^/,\s]+)\/\d{8}\/([^/,\s]+)\/([^/,\s]*)/;
const IN_QUERY = /^([^/]+)\/\d{8}\/([^/]+)\/([^/]*)/;

/** What a request says about its signature, before anything is verified. */
export interface ClaimedCredential {
  readonly accessKeyId: string;
  /** Undefined when the scope names none that an ARN may carry. */
  readonly region: string | undefined;
  readonly service: string;
}

/**
 * The access key and region that the client signed with: of the Authorization header, or of a presigned URL's
 * `X-Amz-Credential`. Undefined without either. The signature itself is not looked at.
 *
 * @param search the URL's query, without the question mark.
 */
export function claimedCredential(authorization: string | undefined, search: string): ClaimedCredential | undefined {
  const scope = IN_HEADER.exec(authorization ?? "") ?? presignedScope(search);
  if (!scope) return undefined;
  const [, accessKeyId = "", region = "", service = ""] = scope;
  return { accessKeyId, region: REGION.test(region) ? region : undefined, service };
}

function presignedScope(search: string): RegExpExecArray | null {
  if (!search.includes("X-Amz-Credential=")) return null;
  return IN_QUERY.exec(new URLSearchParams(search).get("X-Amz-Credential") ?? "");
}
