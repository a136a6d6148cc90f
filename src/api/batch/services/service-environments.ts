import type { CapacityLimit, ServiceEnvironmentDetail } from "@aws-sdk/client-batch";
import type { ResourceRecord, ServiceEnvironmentSettings } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { ENVIRONMENT_LIMITS } from "./capacity-limits.ts";
import { arnOf, nameOf, RESOURCE_NAME, scopeOf, toArn } from "../names.ts";
import { queuesWith } from "../queues/queue-lookup.ts";
import { findNamed, findOwn, isOwnArn, listOwn } from "../resource-lookup.ts";
import { checkDeletable, checkUpdatable, writeUnchanged } from "../resource-states.ts";
import type { Rule } from "../rules.ts";
import { check, quotingRule, rule, within } from "../rules.ts";
import { STATE_RULE } from "../state-rule.ts";
import { DRIVER_TAG_RULES, TAG_RULES } from "../tags/tags.ts";
import { isQuotaManaged, sharesOf } from "../sharing/quota-shares.ts";
import { checkUnits, environmentOf } from "../sharing/quota-units.ts";
import { TEXTS } from "../texts.ts";

type Operations =
  | "CreateServiceEnvironment"
  | "DescribeServiceEnvironments"
  | "UpdateServiceEnvironment"
  | "DeleteServiceEnvironment";

/** Service environments (reference 3.8): how many instances the service jobs of a queue may use at once. */
export function serviceEnvironmentHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, scheduler, clock } = backend;
  return {
    async CreateServiceEnvironment(input, call) {
      check(NEW_SERVICE_ENVIRONMENT, input);
      const name = input.serviceEnvironmentName;
      const arn = arnOf(call, "service-environment", name);
      const settings: ServiceEnvironmentSettings = {
        serviceEnvironmentType: input.serviceEnvironmentType,
        state: input.state ?? "ENABLED",
        capacityLimits: input.capacityLimits,
        tags: input.tags ?? {},
      };
      const record = { arn, scope: scopeOf(call), name, createdAt: clock.now(), statusReason: "", settings };
      const inserted = await store.serviceEnvironments.insert({ ...record, status: "CREATING" });
      if (!inserted) throw clientException(TEXTS.alreadyExists);
      await scheduler.nudgeResources();
      return { serviceEnvironmentName: name, serviceEnvironmentArn: arn };
    },

    async DescribeServiceEnvironments({ serviceEnvironments = [], ...page }, call) {
      if (serviceEnvironments.length > 0) {
        const named = ["serviceEnvironments", serviceEnvironments] as const;
        const found = await findNamed(store.serviceEnvironments, call, "service-environment", named, page);
        return { serviceEnvironments: found.map(toDetail) };
      }
      const { items, ...more } = await listOwn(
        backend,
        store.serviceEnvironments,
        call,
        "DescribeServiceEnvironments",
        page,
      );
      return { serviceEnvironments: items.map(toDetail), ...more };
    },

    async UpdateServiceEnvironment(input, call) {
      check(SERVICE_ENVIRONMENT_RULES, input);
      const arn = toArn(call, "service-environment", input.serviceEnvironment);
      const record = await findOwn(store.serviceEnvironments, call, arn);
      if (record === undefined)
        throw clientException(TEXTS.serviceEnvironmentNotFound(nameOf(input.serviceEnvironment)));
      const { name } = record;
      checkUpdatable("ServiceEnvironment", record);
      if (input.capacityLimits !== undefined) await checkForShares(backend, call, record, input.capacityLimits);
      const settings = {
        ...record.settings,
        ...(input.state !== undefined && { state: input.state }),
        ...(input.capacityLimits !== undefined && { capacityLimits: input.capacityLimits }),
      };
      await writeUnchanged(store.serviceEnvironments, "ServiceEnvironment", record, {
        ...record,
        status: "UPDATING",
        settings,
      });
      await scheduler.nudgeResources();
      return { serviceEnvironmentName: name, serviceEnvironmentArn: arn };
    },

    async DeleteServiceEnvironment({ serviceEnvironment }, call) {
      const arn = toArn(call, "service-environment", serviceEnvironment);
      const record = await findOwn(store.serviceEnvironments, call, arn);
      if (record === undefined && isOwnArn(call, "service-environment", arn)) return {};
      if (record === undefined) throw clientException(TEXTS.serviceEnvironmentNotFound(nameOf(serviceEnvironment)));
      if (record.status === "DELETING") return {};
      checkDeletable(record);
      if (await isUsed(backend, call, arn)) throw clientException(TEXTS.environmentInUse);
      await writeUnchanged(store.serviceEnvironments, "ServiceEnvironment", record, { ...record, status: "DELETING" });
      await scheduler.nudgeResources();
      return {};
    },
  };
}

/** A queue under quota management goes on finding what its shares count. */
async function checkForShares(
  backend: Backend,
  call: Call,
  { arn, name }: ResourceRecord<ServiceEnvironmentSettings>,
  capacityLimits: readonly CapacityLimit[],
): Promise<void> {
  for (const queue of await queuesWith(backend, call, (settings) => environmentOf(settings) === arn)) {
    if (!(await isQuotaManaged(backend, queue.settings))) continue;
    const shares = await sharesOf(backend, queue);
    checkUnits(
      { name, capacityLimits },
      shares.flatMap(({ settings }) => settings.capacityLimits ?? []),
    );
  }
}

async function isUsed(backend: Backend, call: Call, arn: string): Promise<boolean> {
  const using = await queuesWith(backend, call, (settings) => environmentOf(settings) === arn);
  return using.length > 0;
}

function toDetail({
  arn,
  name,
  status,
  settings,
}: ResourceRecord<ServiceEnvironmentSettings>): ServiceEnvironmentDetail {
  return { serviceEnvironmentName: name, serviceEnvironmentArn: arn, ...settings, status };
}

type Changes = Pick<BatchInput<"UpdateServiceEnvironment">, "state" | "capacityLimits">;
type NewEnvironment = BatchInput<"CreateServiceEnvironment">;

export const SERVICE_ENVIRONMENT_RULES: readonly Rule<Changes>[] = [
  within(({ capacityLimits }: Changes) => capacityLimits, ENVIRONMENT_LIMITS),
  STATE_RULE,
];

export const NEW_SERVICE_ENVIRONMENT: readonly Rule<NewEnvironment>[] = [
  rule("serviceEnvironmentName", ({ serviceEnvironmentName }) => !RESOURCE_NAME.test(serviceEnvironmentName)),
  quotingRule("serviceEnvironmentType", ({ serviceEnvironmentType: type }) =>
    type === "SAGEMAKER_TRAINING" ? undefined : [type],
  ),
  ...SERVICE_ENVIRONMENT_RULES,
  within(({ tags }: NewEnvironment) => tags, [...TAG_RULES, ...DRIVER_TAG_RULES]),
];
