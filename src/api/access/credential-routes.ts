import type { FastifyInstance, FastifyRequest } from "fastify";
import { parseBody } from "../wire/body.ts";
import { ApiError, accessDeniedException } from "../wire/errors.ts";
import { rawRequest } from "../wire/raw-request.ts";
import type { Admission } from "./admission.ts";
import { CredentialFault } from "./credential-fault.ts";
import type { KeyRequest, KeyRing } from "./key-ring.ts";
import { OWNER_KEY_ID } from "./owner.ts";

const CREDENTIALS_PATH = "/longshore/credentials";

/** How access keys are made, listed and revoked while the server runs: only by who can read its data directory. */
export function serveCredentials(
  app: FastifyInstance,
  { ring, admission }: { ring: KeyRing; admission: Admission },
): void {
  const forOwner = async <T>(request: FastifyRequest, task: () => T | Promise<T>): Promise<T> => {
    const { caller } = await admission.admit(rawRequest(request), "longshore");
    if (caller.keyId !== OWNER_KEY_ID) {
      throw accessDeniedException("Access keys are managed with `longshore credentials` on the server's own machine.");
    }
    try {
      return await task();
    } catch (error) {
      throw error instanceof CredentialFault ? invalid(error.message) : error;
    }
  };
  app.get(CREDENTIALS_PATH, (request) => forOwner(request, () => ({ credentials: ring.list() })));
  app.post(CREDENTIALS_PATH, (request) =>
    forOwner(request, () => ring.create(keyRequest(parseBody(rawRequest(request).body)))),
  );
  app.delete<{ Params: { id: string } }>(`${CREDENTIALS_PATH}/:id`, (request) =>
    forOwner(request, () => ring.revoke(request.params.id)),
  );
}

function keyRequest(body: unknown): KeyRequest {
  const { account, user, policy } = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  if (
    typeof account !== "string" ||
    typeof user !== "string" ||
    !(policy === undefined || typeof policy === "string")
  ) {
    throw invalid("account, user and policy must be strings.");
  }
  return { account, user, ...(policy !== undefined && { policy }) };
}

function invalid(message: string): ApiError {
  return new ApiError("ValidationException", 400, message);
}
