import type { ServiceEnvironmentOrder } from "@aws-sdk/client-batch";
import { clientException, validationException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { toArn } from "../names.ts";
import { findOwn } from "../resource-lookup.ts";
import { TEXTS } from "../texts.ts";

/** The one service environment of a queue for service jobs, by ARN, as it is stored and returned (reference 7.1). */
export async function checkedServiceOrder(
  backend: Backend,
  call: Call,
  order: readonly ServiceEnvironmentOrder[],
): Promise<ServiceEnvironmentOrder[]> {
  if (order.length !== 1) throw validationException(TEXTS.oneServiceEnvironment);
  const [{ serviceEnvironment, order: place }] = order as [ServiceEnvironmentOrder];
  const arn = toArn(call, "service-environment", serviceEnvironment!);
  const record = await findOwn(backend.store.serviceEnvironments, call, arn);
  if (record === undefined || (record.status !== "VALID" && record.status !== "UPDATING")) {
    throw clientException(TEXTS.serviceEnvironmentsNotValid);
  }
  return [{ order: place, serviceEnvironment: arn }];
}
