import { timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { MetricsPage } from "../../ports/server-metrics.ts";
import type { Admission, AdmissionRequest } from "../access/admission.ts";
import { toApiError } from "../batch/handlers.ts";
import { accessDeniedException } from "../wire/errors.ts";
import { rawRequest } from "../wire/raw-request.ts";

const READ_ACTION = "longshore:ReadMetrics";

export interface MetricsOptions {
  readonly page: MetricsPage;
  readonly admission: Admission;
  /** Who sends it as a bearer token need not sign. Absent: nobody may. */
  readonly token?: string | undefined;
}

/**
 * What Prometheus reads: each server tells of itself. It is of all accounts, so it is for who is trusted with that: anybody on an open server; elsewhere who
 * sends the configured token, or signs with a key whose policy allows it by name.
 */
export function serveMetrics(app: FastifyInstance, { page, admission, token }: MetricsOptions): void {
  app.get("/metrics", async (request, reply) => {
    const raw = rawRequest(request);
    if (!hasToken(raw.headers.authorization, token)) await admitReader(raw, admission);
    try {
      return await reply.type(page.contentType).send(await page.text());
    } catch (error) {
      throw toApiError(error);
    }
  });
}

async function admitReader(request: AdmissionRequest, admission: Admission): Promise<void> {
  const { caller, mayForAll } = await admission.admit(request, "longshore");
  if (mayForAll(READ_ACTION)) return;
  throw accessDeniedException(
    `User: ${caller.arn} is not authorized to perform: ${READ_ACTION} on resource: *, because it is of all accounts: the server's owner may do it on its machine, keys whose policy allows ${READ_ACTION} by that name, and who sends the bearer token of the configuration's metrics.tokenFile`,
  );
}

function hasToken(authorization: string | undefined, token: string | undefined): boolean {
  const sent = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (sent === undefined || token === undefined) return false;
  const [a, b] = [Buffer.from(sent), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
