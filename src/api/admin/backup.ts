import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { Admission } from "../access/admission.ts";
import { parseBody } from "../wire/body.ts";
import { accessDeniedException, ApiError, clientException } from "../wire/errors.ts";
import { rawRequest } from "../wire/raw-request.ts";
import type { Backups, WantedBackup } from "../../ports/backups.ts";
import { BackupRefused } from "../../ports/backups.ts";

const BACKUP_ACTION = "longshore:CreateBackup";

/** A copy of all that there is, of every account: only for who is trusted with that. */
export function serveBackups(app: FastifyInstance, backups: Backups, admission: Admission): void {
  app.post("/longshore/backups", async (request, reply) => {
    const raw = rawRequest(request);
    const { caller, mayForAll } = await admission.admit(raw, "longshore");
    if (!mayForAll(BACKUP_ACTION)) {
      throw accessDeniedException(
        `User: ${caller.arn} is not authorized to perform: ${BACKUP_ACTION} on resource: *, because it is of all accounts: the server's owner may do it on its machine, and keys whose policy allows ${BACKUP_ACTION} by that name`,
      );
    }
    const parts = await begun(backups, wantedBy(parseBody(raw.body)));
    return reply.type("application/octet-stream").send(Readable.from(parts, { objectMode: false }));
  });
}

function wantedBy(body: unknown): WantedBackup {
  const { logs = false, ...others } = (body ?? {}) as Record<string, unknown>;
  const [strange] = Object.keys(others);
  if (strange !== undefined) {
    throw clientException(`${strange.slice(0, 100)} is no member of this request: it takes logs.`);
  }
  if (typeof logs !== "boolean") throw clientException("logs must be true or false.");
  return { logs };
}

const REFUSALS: Readonly<Record<BackupRefused["why"], readonly [code: string, status: number]>> = {
  busy: ["BackupInProgressException", 409],
  "no-room": ["InsufficientStorageException", 507],
};

async function begun(backups: Backups, wanted: WantedBackup): Promise<AsyncIterable<Buffer>> {
  try {
    return await backups.begin(wanted);
  } catch (error) {
    if (!(error instanceof BackupRefused)) throw error;
    throw new ApiError(...REFUSALS[error.why], error.message);
  }
}
