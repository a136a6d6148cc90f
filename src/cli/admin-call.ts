import type { Connection } from "./connection.ts";
import { EXIT, Failure } from "./failure.ts";
import type { Signing } from "./signed-call.ts";
import { RefusedCall, signedCall, signedRequest } from "./signed-call.ts";

/** Calls what Longshore has and AWS Batch has not, as the same caller as the connection's clients. */
export function adminCall<T>(connection: Connection, method: string, path: string, body?: unknown): Promise<T> {
  return called(connection, path, (url, signing) => signedCall<T>(url, method, signing, body));
}

/** The same, for what answers with more than JSON. */
export function adminRequest(
  connection: Connection,
  method: string,
  path: string,
  { body, signal }: { readonly body?: unknown; readonly signal?: AbortSignal | undefined } = {},
): Promise<Response> {
  return called(connection, path, (url, signing) => signedRequest(url, method, signing, body, signal));
}

async function called<T>(
  connection: Connection,
  path: string,
  call: (url: URL, signing: Signing) => Promise<T>,
): Promise<T> {
  try {
    return await connection.batch(async ({ config }) => {
      const [credentials, region] = await Promise.all([config.credentials(), config.region()]);
      return call(new URL(path, connection.endpoint.url), { credentials, region });
    });
  } catch (error) {
    const isUnknown = error instanceof RefusedCall && /^UnknownOperation|^UnknownError/.test(error.name);
    if (!isUnknown && !(error instanceof SyntaxError)) throw error;
    throw new Failure(
      `What answers at ${connection.endpoint.url} cannot do this.`,
      EXIT.server,
      "It takes a Longshore server of this version: AWS Batch has no such operation.",
    );
  }
}
