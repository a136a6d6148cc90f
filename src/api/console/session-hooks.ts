import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Session, Sessions } from "../access/sessions.ts";
import { noteCaller, rawRequest } from "../wire/raw-request.ts";

const noted = new WeakMap<IncomingMessage, Session>();

/** The session that the request came with, if it counts. */
export function sessionOf(request: FastifyRequest): Session | undefined {
  return noted.get(request.raw);
}

/**
 * Requests of a console where somebody has signed in are that access key's. To be called after the guard's hooks and before all that asks who calls.
 * Each answer may carry the session on.
 */
export function recogniseSessions(app: FastifyInstance, sessions: Sessions): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const { provenKeyId, search, headers } = rawRequest(request);
    const session = provenKeyId === undefined ? sessions.of(headers, search) : undefined;
    if (session !== undefined) {
      noted.set(request.raw, session);
      noteCaller(request.raw, session.keyId);
    }
    done();
  });
  app.addHook("onSend", async (request, reply) => {
    const session = sessionOf(request);
    if (session === undefined || reply.hasHeader("set-cookie")) return;
    // What is of one person is kept by no cache.
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", "no-store");
    // Who was refused has a key that is no more, perhaps.
    if (reply.statusCode >= 400) return;
    const renewed = sessions.renewed(session, request.headers);
    if (renewed !== undefined) reply.header("set-cookie", sessions.cookieOf(renewed));
  });
}
