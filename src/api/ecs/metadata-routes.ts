import type { FastifyInstance } from "fastify";
import type { JobTable } from "../../ports/store.ts";
import { ApiError } from "../wire/errors.ts";
import type { FoundContainer } from "./container-metadata.ts";
import { containerMetadata, findContainer, taskMetadata } from "./container-metadata.ts";

/** As ECS's agent does on its instances: no key is asked for, since nobody but the container knows its id, or who may describe its job. */
export function serveContainerMetadata(app: FastifyInstance, jobs: JobTable): void {
  const answer = async (id: string, view: (found: FoundContainer) => object): Promise<object> => {
    const found = await findContainer(jobs, id);
    if (found === undefined) throw new ApiError("ResourceNotFoundException", 404, "There is no container of this id.");
    return view(found);
  };
  app.get<{ Params: { id: string } }>("/ecs/v4/:id", ({ params }) => answer(params.id, containerMetadata));
  app.get<{ Params: { id: string } }>("/ecs/v4/:id/task", ({ params }) => answer(params.id, taskMetadata));
}
