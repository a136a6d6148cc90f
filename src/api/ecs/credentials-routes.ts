import type { FastifyInstance } from "fastify";
import { containerProperties, containerStatus } from "../../core/ecs-tasks.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RoleCredentials } from "../../ports/role-credentials.ts";
import { CredentialsUnavailable } from "../../ports/role-credentials.ts";
import type { JobTable } from "../../ports/store.ts";
import { isSame } from "../access/job-credentials.ts";
import { accessDeniedException, ApiError } from "../wire/errors.ts";
import { findContainer } from "./container-metadata.ts";

/** SDKs want a time even for credentials that do not expire: then they ask again. */
const ASK_AGAIN_AFTER_MS = 60 * 60_000;

export interface CredentialsParts {
  readonly jobs: JobTable;
  readonly roles: RoleCredentials;
  readonly clock: Pick<Clock, "now">;
  /** What the container of that id has to show. */
  tokenOf(containerId: string): string;
}

/** Gives a container the credentials of its role, as ECS's agent does: to who shows its token, until it is over. */
export function serveRoleCredentials(app: FastifyInstance, { jobs, roles, clock, tokenOf }: CredentialsParts): void {
  app.get<{ Params: { id: string } }>("/ecs/v4/:id/credentials", async ({ params: { id }, headers }, reply) => {
    if (!isSame(headers.authorization ?? "", tokenOf(id)))
      throw accessDeniedException(
        "The header Authorization must be the container's own AWS_CONTAINER_AUTHORIZATION_TOKEN.",
      );
    const role = await roleOf(jobs, id);
    const credentials = await credentialsOf(roles, role);
    const expiresAt = credentials.expiresAt ?? clock.now() + ASK_AGAIN_AFTER_MS;
    return reply.header("cache-control", "no-store").send({
      RoleArn: role,
      AccessKeyId: credentials.accessKeyId,
      SecretAccessKey: credentials.secretAccessKey,
      Token: credentials.sessionToken ?? "",
      Expiration: new Date(expiresAt).toISOString().replace(/\.\d+Z$/, "Z"),
    });
  });
}

async function roleOf(jobs: JobTable, id: string): Promise<string> {
  const found = await findContainer(jobs, id);
  const isOver =
    found === undefined ||
    found.task.attempt.stoppedAt !== undefined ||
    containerStatus(found.container.progress) === "STOPPED";
  if (isOver) throw accessDeniedException("The container is over.");
  const role = containerProperties(found.spec, found.container).jobRoleArn;
  if (role === undefined) throw new ApiError("ResourceNotFoundException", 404, "The container has no role.");
  return role;
}

async function credentialsOf(roles: RoleCredentials, role: string) {
  try {
    return await roles.of(role);
  } catch (error) {
    if (!(error instanceof CredentialsUnavailable)) throw error;
    throw new ApiError("ServiceUnavailableException", 503, error.message);
  }
}
