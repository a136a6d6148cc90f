import type { EcsHandlers } from "../wire/operations.ts";
import type { MachineBackend } from "./backend.ts";
import { clusterHandlers } from "./clusters.ts";
import { containerInstanceHandlers } from "./container-instances.ts";
import { taskHandlers } from "./tasks.ts";

/** ECS, as far as the clients of Batch look at what runs their jobs. Nothing can be changed through it. */
export function createEcsHandlers(backend: MachineBackend): EcsHandlers {
  return { ...taskHandlers(backend), ...containerInstanceHandlers(backend), ...clusterHandlers(backend) };
}
