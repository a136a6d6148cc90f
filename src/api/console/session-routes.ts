import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../ports/clock.ts";
import type { ServerInfo, ServerUser } from "../../ports/server-info.ts";
import type { Admission, AdmissionOptions } from "../access/admission.ts";
import { isFromHere } from "../access/admission.ts";
import type { Session, Sessions } from "../access/sessions.ts";
import { SignInLimit } from "../access/sign-in-limit.ts";
import { parseBody } from "../wire/body.ts";
import { accessDeniedException, ApiError, unknownOperationException } from "../wire/errors.ts";
import { unmeant } from "../wire/guard.ts";
import { rawRequest } from "../wire/raw-request.ts";
import { sessionOf } from "./session-hooks.ts";

export const SESSION_PATH = "/longshore/session";
/** An access key id and a secret are far shorter. */
const MAX_SIGN_IN_BYTES = 4_096;

export interface SessionRoutes {
  /** Absent where nobody needs to sign in. */
  readonly sessions: Sessions | undefined;
  readonly findKey: AdmissionOptions["findKey"];
  readonly admission: Admission;
  readonly clock: Clock;
  readonly server: Pick<ServerInfo, "version" | "isOpen" | "defaultRegion">;
  readonly isStrict: boolean;
  leadership(): ServerUser["leadership"];
}

/** Signing in at the console and out again, and what the console asks first. */
export function serveSessions(app: FastifyInstance, options: SessionRoutes): void {
  const { sessions } = options;
  app.get("/longshore/server", (request) => serverInfo(request, options));
  if (sessions === undefined) {
    app.post(SESSION_PATH, () => {
      throw unknownOperationException("Nobody needs to sign in: this server is open to all who are on its machine.");
    });
    return;
  }
  const limit = new SignInLimit(options.clock);
  app.post(SESSION_PATH, { bodyLimit: MAX_SIGN_IN_BYTES }, async (request, reply) => {
    const refused = unmeant(request.headers);
    if (refused !== undefined) throw refused;
    const wasRight = limit.begin(request.raw.socket.remoteAddress);
    const keyId = await provenKeyId(request, options);
    if (keyId === undefined) throw wrong();
    wasRight();
    return given(reply, sessions, sessions.open(keyId, isOverTls(request))).send({});
  });
  app.delete(SESSION_PATH, async (request, reply) => {
    const session = sessionOf(request);
    if (session === undefined) throw accessDeniedException("Only the console itself ends its sessions.");
    await sessions.end(session);
    return reply.header("set-cookie", sessions.noCookie()).send({});
  });
}

function given(reply: FastifyReply, sessions: Sessions, session: Session): FastifyReply {
  return reply.header("set-cookie", sessions.cookieOf(session)).header("cache-control", "no-store");
}

function wrong(): ApiError {
  return new ApiError("SignInFailedException", 403, "There is no such access key, or that is not its secret.");
}

/** The access key id of the request's body, if the secret beside it is the key's. Takes the same time for keys that are not there. */
async function provenKeyId(request: FastifyRequest, { findKey }: SessionRoutes): Promise<string | undefined> {
  const raw = rawRequest(request);
  const body: unknown = parseBody(raw.body);
  const { accessKeyId, secretAccessKey } = (body ?? {}) as Record<string, unknown>;
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string") {
    throw new ApiError("ValidationException", 400, "accessKeyId and secretAccessKey must be strings.");
  }
  const key = await findKnown(() => findKey(accessKeyId, { isFromHere: isFromHere(raw) }));
  // A job's key is for the job.
  const isPersons = key !== undefined && key.caller.keyId === accessKeyId;
  const isRight = timingSafeEqual(digest(secretAccessKey), digest(key?.secretAccessKey ?? ""));
  return isPersons && isRight && secretAccessKey !== "" ? accessKeyId : undefined;
}

/** Revoked keys are no keys here. */
async function findKnown<T>(find: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Behind a proxy the browser's own word, or the proxy's: who lies about it has a cookie that is kept more closely. */
function isOverTls({ headers }: FastifyRequest): boolean {
  return headers.origin?.startsWith("https://") === true || /^https\b/i.test(String(headers["x-forwarded-proto"]));
}

async function serverInfo(request: FastifyRequest, options: SessionRoutes): Promise<ServerInfo> {
  const { admission, server, sessions, isStrict } = options;
  const admitted = await findKnown(() => admission.admit(rawRequest(request), "longshore"));
  if (admitted === undefined) return server;
  const { account, arn, keyId } = admitted.caller;
  const session = sessionOf(request);
  const user: ServerUser = {
    ...{ account, arn, isStrict, leadership: options.leadership() },
    ...(keyId !== undefined && { accessKeyId: keyId }),
    ...(session !== undefined &&
      sessions !== undefined && { session: { openedAt: session.openedAt, endsAt: sessions.expiryOf(session) } }),
  };
  return { ...server, user };
}
