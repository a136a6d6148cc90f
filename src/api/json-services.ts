import type { JsonService } from "./wire/aws-json.ts";
import type { EcsHandlers, LogsHandlers } from "./wire/operations.ts";

/** The services that are answered in awsJson1.1 at POST /. */
export function jsonServices(handlers: { readonly logs: LogsHandlers; readonly ecs: EcsHandlers }): JsonService[] {
  return [
    {
      name: "logs",
      targetPrefix: "Logs_20140328.",
      loadSdk: () => import("@aws-sdk/client-cloudwatch-logs"),
      handlers: handlers.logs,
    },
    {
      name: "ecs",
      targetPrefix: "AmazonEC2ContainerServiceV20141113.",
      loadSdk: () => import("@aws-sdk/client-ecs"),
      handlers: handlers.ecs,
    },
  ];
}
