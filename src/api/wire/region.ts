/** `eu-west-1`, `us-gov-east-1`: what an ARN may carry as its region. */
const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
const SCOPE_IN_HEADER = /Credential=[^/,\s]+\/\d{8}\/([^/,\s]+)\//;
const SCOPE_IN_QUERY = /^[^/]+\/\d{8}\/([^/]+)\//;

/**
 * The region that the client signed for: the credential scope of the Authorization header, or of a presigned URL's
 * `X-Amz-Credential`. Undefined without a scope or with one that is no region's name. The signature itself is not looked at.
 *
 * @param search the URL's query, without the question mark.
 */
export function signedRegion(authorization: string | undefined, search: string): string | undefined {
  const region = SCOPE_IN_HEADER.exec(authorization ?? "")?.[1] ?? presignedScope(search);
  return region !== undefined && REGION.test(region) ? region : undefined;
}

function presignedScope(search: string): string | undefined {
  if (!search.includes("X-Amz-Credential=")) return undefined;
  return SCOPE_IN_QUERY.exec(new URLSearchParams(search).get("X-Amz-Credential") ?? "")?.[1];
}
