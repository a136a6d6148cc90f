import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import type { RawAnswer, RawRequest } from "../wire/harness.ts";
import { send } from "../wire/harness.ts";

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Sends requests of any form, signed for a service as the AWS SDK signs them. `alter` may change them afterwards. */
export function rawRequestTo(url: string, key: Key, region = "us-east-1") {
  const port = Number(new URL(url).port);
  return async (
    service: string,
    { method = "POST", path = "/", headers = {}, body = "" }: RawRequest,
    alter: (request: RawRequest) => RawRequest = (request) => request,
  ): Promise<RawAnswer> => {
    const { accessKeyId, secretAccessKey } = key;
    const signer = new SignatureV4({ service, region, credentials: { accessKeyId, secretAccessKey }, sha256: Sha256 });
    const host = `127.0.0.1:${port}`;
    const url = new URL(path, `http://${host}`);
    const query = Object.fromEntries(url.searchParams);
    const unsigned = new HttpRequest({ method, path: path.split("?")[0]!, query, headers: { host, ...headers }, body });
    const signed = await signer.sign(unsigned);
    return send(port, alter({ method, path, headers: signed.headers, body }));
  };
}

export type Ask = ReturnType<typeof rawRequestTo>;

/** An operation of the protocol awsJson1.1, whatever it answers. */
export function askJson(ask: Ask, service: "logs" | "ecs", target: string, input: object): Promise<RawAnswer> {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
  return ask(service, { path: "/", headers, body: JSON.stringify(input) });
}
