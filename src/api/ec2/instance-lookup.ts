import type { MachineBackend } from "../ecs/backend.ts";
import type { EnvironmentRecord } from "../ecs/clusters.ts";
import { allEnvironments, hasCluster } from "../ecs/clusters.ts";
import { ApiError } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import type { QueryParameters } from "../wire/query-parameters.ts";
import { listOf } from "../wire/query-parameters.ts";
import type { ShownInstance } from "./shown-instances.ts";
import { goneInstances, shownInstances } from "./shown-instances.ts";
import { EC2_TEXTS } from "./texts.ts";

/** An instance with the environment that it is of. */
export interface FoundInstance {
  readonly environment: EnvironmentRecord;
  readonly instance: ShownInstance;
}

const MAX_IDS = 1_000;

/** The `InstanceId` of a request, each once. */
export function readInstanceIds(parameters: QueryParameters): string[] {
  const ids = [...new Set(listOf(parameters, "InstanceId"))];
  if (ids.length > MAX_IDS) throw invalidValue(EC2_TEXTS.tooMany("InstanceId", MAX_IDS));
  const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
  if (malformed !== undefined) throw new ApiError("InvalidInstanceID.Malformed", 400, EC2_TEXTS.malformedId(malformed));
  return ids;
}

/** Those of the caller's account and region. */
export async function allInstances(
  backend: MachineBackend,
  call: Call,
  which?: "terminated too",
): Promise<FoundInstance[]> {
  // Those of clusters other than ECS's are seen where their machines are.
  const environments = (await allEnvironments(backend, call)).filter(
    (one) => hasCluster(one) || backend.scheduler.instances(one.arn) !== undefined,
  );
  return environments.flatMap((environment) => {
    const gone = which === undefined ? [] : goneInstances(backend, environment);
    return [...shownInstances(backend, environment), ...gone].map((instance) => ({ environment, instance }));
  });
}

/** @throws InvalidInstanceID.NotFound */
export function chosenInstances(all: readonly FoundInstance[], ids: readonly string[]): FoundInstance[] {
  const byId = new Map(all.map((one) => [one.instance.id, one]));
  const unknown = ids.filter((id) => !byId.has(id));
  if (unknown.length > 0) throw new ApiError("InvalidInstanceID.NotFound", 400, EC2_TEXTS.idsNotFound(unknown));
  return ids.map((id) => byId.get(id)!);
}

export function invalidValue(message: string): ApiError {
  return new ApiError("InvalidParameterValue", 400, message);
}
