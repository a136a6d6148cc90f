import type { Connection } from "./connection.ts";
import { EXIT, Failure } from "./failure.ts";
import { RefusedCall, signedCall } from "./signed-call.ts";

/** Calls what Longshore has and AWS Batch has not, as the same caller as the connection's clients. */
export async function adminCall<T>(connection: Connection, method: string, path: string, body?: unknown): Promise<T> {
  try {
    return await connection.batch(async ({ config }) => {
      const [credentials, region] = await Promise.all([config.credentials(), config.region()]);
      return signedCall<T>(new URL(path, connection.endpoint.url), method, { credentials, region }, body);
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
