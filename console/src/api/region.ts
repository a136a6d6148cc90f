/** Regions are separate, and which one is meant stands in the scope of a request's signature. The console does not sign: the server takes the scope from the claim. */

const KEY = "longshore-region";
let usual = "us-east-1";

/** That of the server's requests that name none. */
export function setUsualRegion(region: string): void {
  usual = region;
}

export function currentRegion(): string {
  return localStorage.getItem(KEY) ?? usual;
}

export function chooseRegion(region: string): void {
  localStorage.setItem(KEY, region);
}

/** Of nobody: who asks is told by the session, or nobody needs to say so. */
export function claim(service: string): string {
  const date = new Date().toISOString().slice(0, 10).replaceAll("-", "");
  const scope = `${date}/${currentRegion()}/${service}/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=console/${scope}, SignedHeaders=host, Signature=${"0".repeat(64)}`;
}
