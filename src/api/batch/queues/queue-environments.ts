import type { ComputeEnvironmentOrder, JobQueueType } from "@aws-sdk/client-batch";
import { clientException, validationException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import type { OrderedEnvironment } from "./job-queue-rules.ts";
import { ENVIRONMENT_MIX_RULES, ENVIRONMENT_ORDER_RULES, queueTypeOf } from "./job-queue-rules.ts";
import { toArn } from "../names.ts";
import { findOwn } from "../resource-lookup.ts";
import { check } from "../rules.ts";
import { TEXTS } from "../texts.ts";

/**
 * The compute environments of a queue, by ARN, as they are stored and returned, and the type of queue that they make (reference 7.1).
 *
 * @param given the type that the queue is to have, or has, where that is known.
 */
export async function checkedEnvironments(
  backend: Backend,
  call: Call,
  order: readonly ComputeEnvironmentOrder[],
  given: string | undefined,
): Promise<{ order: OrderedEnvironment[]; type: JobQueueType }> {
  const ordered = order.map((entry) => ({
    order: entry.order!,
    computeEnvironment: toArn(call, "compute-environment", entry.computeEnvironment!),
  }));
  check(ENVIRONMENT_ORDER_RULES, ordered);
  const inTurn = ordered.toSorted((a, b) => a.order - b.order);
  const environments = await Promise.all(inTurn.map((entry) => findUsable(backend, call, entry.computeEnvironment)));
  check(ENVIRONMENT_MIX_RULES, environments);
  const type = queueTypeOf(environments[0]!);
  if (given !== undefined && given !== type) {
    throw validationException(TEXTS.queueTypeIncompatible(given, "computeEnvironmentOrder"));
  }
  return { order: ordered, type };
}

async function findUsable({ store }: Backend, call: Call, arn: string) {
  const record = await findOwn(store.environments, call, arn);
  if (record === undefined || record.status === "DELETING" || record.status === "INVALID") {
    throw clientException(TEXTS.environmentsNotValid);
  }
  return record.settings;
}
