import type { LogConfiguration } from "@aws-sdk/client-batch";
import type { Scheduling } from "./job.ts";

/** Where the awslogs driver, which is the default one, puts a container's output. The stream is `prefix/container/taskId` (reference 8.1). */
export function logTarget(configuration: LogConfiguration | undefined, definitionName: string): Scheduling["log"] {
  const { logDriver = "awslogs", options = {} } = configuration ?? {};
  if (logDriver !== "awslogs") return undefined;
  return {
    group: options["awslogs-group"] ?? "/aws/batch/job",
    prefix: options["awslogs-stream-prefix"] ?? definitionName.slice(0, 200),
  };
}
