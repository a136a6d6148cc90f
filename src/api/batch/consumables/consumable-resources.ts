import type {
  ConsumableResourceSummary,
  DescribeConsumableResourceResponse,
  KeyValuesPair,
} from "@aws-sdk/client-batch";
import type { ConsumableRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { CLIENT_TOKEN_RULE, onceByToken } from "../client-token.ts";
import { arnOf, nameOf, RESOURCE_NAME, scopeOf, toArn } from "../names.ts";
import { Pages, pageSize } from "../pages.ts";
import { findOwn, isOwnArn } from "../resource-lookup.ts";
import type { Rule } from "../rules.ts";
import { check, quotingRule, rule, within } from "../rules.ts";
import { TAG_RULES } from "../tags/tags.ts";
import { TEXTS } from "../texts.ts";

type Operations =
  | "CreateConsumableResource"
  | "DescribeConsumableResource"
  | "ListConsumableResources"
  | "UpdateConsumableResource"
  | "DeleteConsumableResource";

/** Consumable resources (reference 3.6): what jobs hold while they run, or use up. */
export function consumableResourceHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, scheduler, clock } = backend;
  return {
    async CreateConsumableResource(input, call) {
      check(NEW_CONSUMABLE, input);
      const name = input.consumableResourceName;
      const arn = arnOf(call, "consumable-resource", name);
      const resourceType = input.resourceType === "NON_REPLENISHABLE" ? "NON_REPLENISHABLE" : "REPLENISHABLE";
      const settings = { totalQuantity: input.totalQuantity ?? 0, resourceType, tags: input.tags ?? {} } as const;
      const record = { arn, scope: scopeOf(call), name, createdAt: clock.now(), statusReason: "", settings };
      const inserted = await store.consumableResources.insert({ ...record, status: "VALID" });
      if (!inserted) throw clientException(TEXTS.alreadyExists);
      await scheduler.nudgeResources();
      return { consumableResourceName: name, consumableResourceArn: arn };
    },

    async DescribeConsumableResource({ consumableResource }, call) {
      return toDetail(backend, await findConsumable(backend, call, consumableResource));
    },

    async ListConsumableResources({ filters, maxResults, nextToken }, call) {
      const scope = scopeOf(call);
      const name = nameFilter(filters);
      const pages = new Pages<string>(
        backend,
        call,
        ["ListConsumableResources", name],
        nextToken,
        pageSize(maxResults),
      );
      const read = await store.consumableResources.list(scope, {
        ...(pages.position !== undefined && { after: pages.position }),
        ...(name !== undefined && { name }),
        limit: pages.size + 1,
      });
      const { items, ...more } = pages.page(read, (last) => last.name);
      return { consumableResources: items.map((record) => toSummary(backend, record)), ...more };
    },

    async UpdateConsumableResource(input, call) {
      check(CONSUMABLE_UPDATE, input);
      const { clientToken, ...request } = input;
      const record = await findConsumable(backend, call, input.consumableResource);
      const { operation = "SET", quantity = 0 } = request as TotalChange;
      await onceByToken(backend, call, ["UpdateConsumableResource", clientToken, request], async (token) => {
        const change = { operation, quantity };
        if (!(await store.consumableResources.changeTotal(record.arn, change, token(record.arn)))) {
          throw clientException(await whyNot(backend, call, input));
        }
        return record.arn;
      });
      await scheduler.nudgeResources();
      const { consumableResourceName, consumableResourceArn, totalQuantity } = toDetail(
        backend,
        await findConsumable(backend, call, record.arn),
      );
      return { consumableResourceName, consumableResourceArn, totalQuantity };
    },

    async DeleteConsumableResource({ consumableResource }, call) {
      const arn = toArn(call, "consumable-resource", consumableResource);
      if (!isOwnArn(call, "consumable-resource", arn)) {
        throw clientException(TEXTS.consumableNotFound(nameOf(consumableResource)));
      }
      await store.consumableResources.remove(arn);
      await scheduler.nudgeResources();
      return {};
    },
  };
}

export async function findConsumable({ store }: Backend, call: Call, nameOrArn: string): Promise<ConsumableRecord> {
  const arn = toArn(call, "consumable-resource", nameOrArn);
  const record = await findOwn(store.consumableResources, call, arn);
  if (record === undefined) throw clientException(TEXTS.consumableNotFound(nameOf(nameOrArn)));
  return record;
}

/** Why its total was not changed: gone meanwhile, or below nothing, or above what a number can say. */
async function whyNot(backend: Backend, call: Call, input: BatchInput<"UpdateConsumableResource">): Promise<string> {
  await findConsumable(backend, call, input.consumableResource);
  return input.operation === "REMOVE" ? TEXTS.negativeTotal : TEXTS.totalOutOfRange(Number.MAX_SAFE_INTEGER);
}

/** While jobs hold more than there is to be, the total is what they hold, and shrinks as they end. */
function toSummary({ scheduler }: Backend, { arn, name, settings, usedUp }: ConsumableRecord): Summary {
  const inUseQuantity = scheduler.inUse(arn);
  return {
    consumableResourceArn: arn,
    consumableResourceName: name,
    totalQuantity: Math.max(settings.totalQuantity - usedUp, inUseQuantity),
    inUseQuantity,
    resourceType: settings.resourceType,
  };
}

type Summary = Required<ConsumableResourceSummary>;

function toDetail(backend: Backend, record: ConsumableRecord): DescribeConsumableResourceResponse & Summary {
  const summary = toSummary(backend, record);
  return {
    ...summary,
    availableQuantity: summary.totalQuantity! - summary.inUseQuantity!,
    createdAt: record.createdAt,
    tags: record.settings.tags,
  };
}

function nameFilter(filters: readonly KeyValuesPair[] | undefined): string | undefined {
  if (filters === undefined || filters.length === 0) return undefined;
  if (filters.length > 1) throw clientException(TEXTS.oneFilter);
  const { name = "", values = [] } = filters[0]!;
  if (name !== "CONSUMABLE_RESOURCE_NAME") throw clientException(TEXTS.consumableFilter(name));
  if (values.length !== 1) throw clientException(TEXTS.oneFilterValue(name));
  return values[0];
}

type NewConsumable = BatchInput<"CreateConsumableResource">;
type TotalChange = { operation?: "SET" | "ADD" | "REMOVE"; quantity?: number };

const TYPES: ReadonlySet<string> = new Set(["REPLENISHABLE", "NON_REPLENISHABLE"]);
const OPERATIONS: ReadonlySet<string> = new Set(["SET", "ADD", "REMOVE"]);

export const NEW_CONSUMABLE: readonly Rule<NewConsumable>[] = [
  rule("consumableName", ({ consumableResourceName }) => !RESOURCE_NAME.test(consumableResourceName)),
  rule("negativeTotal", ({ totalQuantity = 0 }) => totalQuantity < 0),
  quotingRule("consumableType", ({ resourceType = "REPLENISHABLE" }) =>
    TYPES.has(resourceType) ? undefined : [resourceType],
  ),
  within(({ tags }: NewConsumable) => tags, TAG_RULES),
];

/** Without an operation it is SET (reference 3.6). */
export const CONSUMABLE_UPDATE: readonly Rule<BatchInput<"UpdateConsumableResource">>[] = [
  quotingRule("consumableOperation", ({ operation = "SET" }) => (OPERATIONS.has(operation) ? undefined : [operation])),
  rule("quantityRequired", ({ quantity }) => quantity === undefined),
  rule("negativeQuantity", ({ quantity = 0 }) => quantity < 0),
  CLIENT_TOKEN_RULE,
];
