import type { LogConfiguration } from "@aws-sdk/client-batch";
import type { Scheduling } from "../job.ts";

/** The name of a container that has none: of an ECS job's, and of a pod's (reference 3.4, 8.1). */
export const DEFAULT_NAME = { ecs: "default", eks: "Default" } as const;

/** Where the awslogs driver, which is the default one, puts a container's output. */
export function logTarget(configuration: LogConfiguration | undefined, definitionName: string): Scheduling["log"] {
  const { logDriver = "awslogs", options = {} } = configuration ?? {};
  if (logDriver !== "awslogs") return undefined;
  return {
    group: options["awslogs-group"] ?? "/aws/batch/job",
    prefix: options["awslogs-stream-prefix"] ?? definitionName.slice(0, 200),
  };
}

/** The stream of one container of a task (reference 8.1, 3.5). */
export function logStreamName({ prefix }: { readonly prefix: string }, container: string, taskId: string): string {
  return `${prefix}/${container}/${taskId}`;
}
