import type { ServiceEnvironmentOrder } from "@aws-sdk/client-batch";
import type { QueueSettings } from "../../../ports/store.ts";
import { clientException, validationException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { nameOf, scopeOf, toArn } from "../names.ts";
import { findOwn } from "../resource-lookup.ts";
import { isQuotaManaged, sharesOf } from "../sharing/quota-shares.ts";
import { checkUnitsOfShare, environmentOf } from "../sharing/quota-units.ts";
import { queuesWith } from "./queue-lookup.ts";
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

/** Under quota management, a service environment serves one queue only, and has what the queue's shares count (reference 3.8). */
export async function checkForQuotas(
  backend: Backend,
  call: Call,
  queueArn: string,
  settings: QueueSettings,
): Promise<void> {
  const arn = environmentOf(settings);
  if (arn === undefined) return;
  await checkSoleQueue(backend, call, queueArn, settings, arn);
  if (!(await isQuotaManaged(backend, settings))) return;
  const shares = await sharesOf(backend, { arn: queueArn, name: nameOf(queueArn), scope: scopeOf(call) });
  const limits = shares.flatMap((share) => share.settings.capacityLimits ?? []);
  await checkUnitsOfShare(backend, { settings }, limits);
}

async function checkSoleQueue(
  backend: Backend,
  call: Call,
  queueArn: string,
  settings: QueueSettings,
  arn: string,
): Promise<void> {
  const using = await queuesWith(backend, call, (queue) => environmentOf(queue) === arn);
  const others = using.filter((queue) => queue.arn !== queueArn);
  if (others.length === 0) return;
  const managed = await Promise.all(
    [settings, ...others.map((queue) => queue.settings)].map((queue) => isQuotaManaged(backend, queue)),
  );
  if (managed.includes(true)) throw clientException(TEXTS.oneQuotaQueue(nameOf(arn)));
}
