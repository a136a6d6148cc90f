import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";

/** The headers of a GET of Longshore's own, signed. */
export async function signedHeaders(
  url: string,
  { accessKeyId, secretAccessKey }: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<Record<string, string>> {
  const { host, pathname, searchParams } = new URL(url);
  const credentials = { accessKeyId, secretAccessKey };
  const signer = new SignatureV4({ service: "longshore", region: "us-east-1", credentials, sha256: Sha256 });
  const query = Object.fromEntries(searchParams);
  return (await signer.sign(new HttpRequest({ method: "GET", path: pathname, query, headers: { host } }))).headers;
}
