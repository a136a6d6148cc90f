import type { QuotaShareDetail } from "@aws-sdk/client-batch";
import type { QueueSettings, QuotaShareSettings, ResourceRecord } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { SHARE_LIMITS } from "../services/capacity-limits.ts";
import { RESOURCE_NAME, scopeOf } from "../names.ts";
import { Pages, pageSize } from "../pages.ts";
import { findQueue } from "../queues/queue-lookup.ts";
import { findOwn } from "../resource-lookup.ts";
import { checkDeletable, checkUpdatable, writeUnchanged } from "../resource-states.ts";
import type { Rule } from "../rules.ts";
import { check, quotingRule, rule, within } from "../rules.ts";
import { STATE_RULE } from "../state-rule.ts";
import { TAG_RULES } from "../tags/tags.ts";
import { TEXTS } from "../texts.ts";
import { checkUnitsOfShare } from "./quota-units.ts";

type Operations =
  | "CreateQuotaShare"
  | "DescribeQuotaShare"
  | "ListQuotaShares"
  | "UpdateQuotaShare"
  | "DeleteQuotaShare";

const MAX_SHARES_PER_QUEUE = 20;

/** Quota shares of the job queues for SageMaker training (reference 3.9). */
export function quotaShareHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, scheduler, clock } = backend;
  return {
    async CreateQuotaShare(input, call) {
      check(NEW_QUOTA_SHARE, input);
      const queue = await findQueue(backend, call, input.jobQueue);
      await checkQueue(backend, queue);
      await checkUnitsOfShare(backend, queue, input.capacityLimits ?? []);
      const shares = await sharesOf(backend, queue);
      const arn = quotaShareArn(queue.arn, input.quotaShareName);
      if (shares.some((share) => share.arn === arn)) throw clientException(TEXTS.alreadyExists);
      if (shares.length >= MAX_SHARES_PER_QUEUE) throw clientException(TEXTS.tooManyQuotaShares(queue.name));
      const inserted = await store.quotaShares.insert({
        ...{ arn, scope: scopeOf(call), name: recordName(queue, input.quotaShareName), createdAt: clock.now() },
        ...{ status: "CREATING", statusReason: "", settings: newSettings(input, queue.arn) },
      });
      if (!inserted) throw clientException(TEXTS.alreadyExists);
      await scheduler.nudgeResources();
      return { quotaShareName: input.quotaShareName, quotaShareArn: arn };
    },

    async DescribeQuotaShare({ quotaShareArn: arn }, call) {
      const record = await find(backend, call, arn);
      return { ...toDetail(record), tags: record.settings.tags };
    },

    async ListQuotaShares({ jobQueue, maxResults, nextToken }, call) {
      const queue = await findQueue(backend, call, jobQueue);
      const pages = new Pages<string>(backend, call, ["ListQuotaShares", queue.arn], nextToken, pageSize(maxResults));
      const shares = await sharesOf(backend, queue, pages.position);
      const { items, ...more } = pages.page(shares, shareName);
      return { quotaShares: items.map(toDetail), ...more };
    },

    async UpdateQuotaShare(input, call) {
      check(QUOTA_SHARE_RULES, input);
      const record = await find(backend, call, input.quotaShareArn);
      checkUpdatable("QuotaShare", { ...record, name: shareName(record) });
      const queue = await store.queues.get(record.settings.jobQueueArn!);
      if (queue !== undefined) await checkUnitsOfShare(backend, queue, input.capacityLimits ?? []);
      const settings = updatedSettings(record.settings, input);
      await writeUnchanged(
        store.quotaShares,
        "QuotaShare",
        { ...record, name: shareName(record) },
        { status: "UPDATING", statusReason: "", settings },
      );
      await scheduler.nudgeResources();
      return { quotaShareName: shareName(record), quotaShareArn: record.arn };
    },

    async DeleteQuotaShare({ quotaShareArn: arn }, call) {
      const record = await findOwn(store.quotaShares, call, arn);
      if (record === undefined && isOwnShareArn(call, arn)) return {};
      if (record === undefined) throw clientException(TEXTS.quotaShareNotFound(arn));
      if (record.status === "DELETING") return {};
      checkDeletable(record);
      await writeUnchanged(
        store.quotaShares,
        "QuotaShare",
        { ...record, name: shareName(record) },
        { ...record, status: "DELETING" },
      );
      await scheduler.nudgeResources();
      return {};
    },
  };
}

/** `arn:aws:batch:REGION:ACCOUNT:job-queue/QUEUE/quota-share/NAME` (reference 1.6). */
export function quotaShareArn(queueArn: string, name: string): string {
  return `${queueArn}/quota-share/${name}`;
}

function isOwnShareArn({ account, region }: Call, arn: string): boolean {
  return arn.startsWith(`arn:aws:batch:${region}:${account}:job-queue/`) && arn.includes("/quota-share/");
}

async function find(backend: Backend, call: Call, arn: string): Promise<ResourceRecord<QuotaShareSettings>> {
  const record = await findOwn(backend.store.quotaShares, call, arn);
  if (record === undefined) throw clientException(TEXTS.quotaShareNotFound(arn));
  return record;
}

async function checkQueue(backend: Backend, { name, status, settings }: ResourceRecord<QueueSettings>): Promise<void> {
  if (settings.jobQueueType !== "SAGEMAKER_TRAINING") throw clientException(TEXTS.notSageMaker);
  if (!(await isQuotaManaged(backend, settings))) throw clientException(TEXTS.noQuotaPolicy(name));
  if (status !== "VALID") throw clientException(TEXTS.queueNotValid(name));
}

/** Whether the queue's scheduling policy is a quota-share policy. */
export async function isQuotaManaged({ store }: Backend, { schedulingPolicyArn }: QueueSettings): Promise<boolean> {
  const policy =
    schedulingPolicyArn === undefined ? undefined : await store.schedulingPolicies.get(schedulingPolicyArn);
  return policy?.settings.quotaSharePolicy !== undefined;
}

/** The shares of one queue lie together: a record's name begins with its queue's. `/` is in no name of a queue. */
function recordName(queue: { readonly name: string }, name: string): string {
  return `${queue.name}/${name}`;
}

function shareName({ name }: { readonly name: string }): string {
  return name.slice(name.indexOf("/") + 1);
}

/** In order of their names, those after the one of that name. */
export async function sharesOf(
  { store }: Backend,
  queue: Pick<ResourceRecord<QueueSettings>, "arn" | "name" | "scope">,
  after = "",
): Promise<ResourceRecord<QuotaShareSettings>[]> {
  const limit = MAX_SHARES_PER_QUEUE + 1;
  const records = await store.quotaShares.list(queue.scope, { after: recordName(queue, after), limit });
  return records.filter(({ settings }) => settings.jobQueueArn === queue.arn);
}

function toDetail(record: ResourceRecord<QuotaShareSettings>): QuotaShareDetail {
  const { tags: _, ...settings } = record.settings;
  const { status } = record;
  return { quotaShareName: shareName(record), quotaShareArn: record.arn, ...settings, status };
}

type NewShare = BatchInput<"CreateQuotaShare">;
type Changes = Pick<
  BatchInput<"UpdateQuotaShare">,
  "capacityLimits" | "resourceSharingConfiguration" | "preemptionConfiguration" | "state"
>;

function newSettings(input: NewShare, jobQueueArn: string): QuotaShareSettings {
  return { jobQueueArn, state: "ENABLED", tags: input.tags ?? {}, ...changedMembers(input) };
}

function updatedSettings(settings: QuotaShareSettings, input: Changes): QuotaShareSettings {
  return { ...settings, ...changedMembers(input) };
}

/** -1 is AWS's default for `borrowLimit`: as much as there is. */
function changedMembers({ capacityLimits, resourceSharingConfiguration, preemptionConfiguration, state }: Changes) {
  const borrowLimit = resourceSharingConfiguration?.strategy === "LEND_AND_BORROW" ? { borrowLimit: -1 } : {};
  return {
    ...(capacityLimits !== undefined && { capacityLimits }),
    ...(resourceSharingConfiguration !== undefined && {
      resourceSharingConfiguration: { ...borrowLimit, ...resourceSharingConfiguration },
    }),
    ...(preemptionConfiguration !== undefined && { preemptionConfiguration }),
    ...(state !== undefined && { state }),
  };
}

const STRATEGIES: ReadonlySet<string> = new Set(["RESERVE", "LEND", "LEND_AND_BORROW"]);

export const QUOTA_SHARE_RULES: readonly Rule<Changes>[] = [
  within(({ capacityLimits }: Changes) => capacityLimits, SHARE_LIMITS),
  within(
    ({ resourceSharingConfiguration }: Changes) => resourceSharingConfiguration,
    [
      quotingRule("sharingStrategy", ({ strategy }) => (STRATEGIES.has(strategy) ? undefined : [strategy])),
      rule(
        "borrowLimitStrategy",
        ({ strategy, borrowLimit }) => borrowLimit !== undefined && strategy !== "LEND_AND_BORROW",
      ),
      rule("borrowLimit", ({ borrowLimit = -1 }) => borrowLimit < -1),
    ],
  ),
  quotingRule("inSharePreemption", ({ preemptionConfiguration }: Changes) => {
    const asked = preemptionConfiguration?.inSharePreemption;
    return asked === undefined || asked === "ENABLED" || asked === "DISABLED" ? undefined : [asked];
  }),
  STATE_RULE,
];

export const NEW_QUOTA_SHARE: readonly Rule<NewShare>[] = [
  rule("quotaShareName", ({ quotaShareName }) => !RESOURCE_NAME.test(quotaShareName)),
  ...QUOTA_SHARE_RULES,
  within(({ tags }: NewShare) => tags, TAG_RULES),
];
