import type { FairsharePolicy, QuotaSharePolicy, SchedulingPolicyDetail, ShareAttributes } from "@aws-sdk/client-batch";
import type { ResourceRecord, SchedulingPolicySettings } from "../../../ports/store.ts";
import { clientException } from "../../wire/errors.ts";
import type { BatchHandlers, BatchInput, Call } from "../../wire/operations.ts";
import type { Backend } from "../backend.ts";
import { arnOf, RESOURCE_NAME, scopeOf, SHARE_IDENTIFIER } from "../names.ts";
import { queuesWith } from "../queues/queue-lookup.ts";
import { writeUnchanged } from "../resource-states.ts";
import { findNamed, findOwn, isOwnArn, listOwn } from "../resource-lookup.ts";
import type { Rule } from "../rules.ts";
import { check, each, quotingRule, rule, within } from "../rules.ts";
import { TAG_RULES } from "../tags/tags.ts";
import { TEXTS } from "../texts.ts";

type Operations =
  | "CreateSchedulingPolicy"
  | "DescribeSchedulingPolicies"
  | "ListSchedulingPolicies"
  | "UpdateSchedulingPolicy"
  | "DeleteSchedulingPolicy";

interface Policy {
  readonly fairsharePolicy?: FairsharePolicy | undefined;
  readonly quotaSharePolicy?: QuotaSharePolicy | undefined;
}

/** Scheduling policies (reference 7.3, 7.4). One is a fair-share or a quota-share policy, for ever. */
export function schedulingPolicyHandlers(backend: Backend): Required<Pick<BatchHandlers, Operations>> {
  const { store, scheduler, clock } = backend;
  return {
    async CreateSchedulingPolicy(input, call) {
      check(NEW_POLICY, input);
      const arn = arnOf(call, "scheduling-policy", input.name);
      const settings: SchedulingPolicySettings = { ...policySettings(input), tags: input.tags ?? {} };
      const inserted = await store.schedulingPolicies.insert({
        ...{ arn, scope: scopeOf(call), name: input.name, createdAt: clock.now() },
        ...{ status: "VALID", statusReason: "", settings },
      });
      if (!inserted) throw clientException(TEXTS.alreadyExists);
      return { name: input.name, arn };
    },

    async DescribeSchedulingPolicies({ arns }, call) {
      const named = arns.filter((arn) => isOwnArn(call, "scheduling-policy", arn));
      if (arns.length > 100) throw clientException(TEXTS.tooManyNames("arns"));
      const found = await findNamed(store.schedulingPolicies, call, "scheduling-policy", ["arns", named]);
      return { schedulingPolicies: found.map(toDetail) };
    },

    async ListSchedulingPolicies(input, call) {
      const { items, ...more } = await listOwn(
        backend,
        store.schedulingPolicies,
        call,
        "ListSchedulingPolicies",
        input,
      );
      return { schedulingPolicies: items.map(({ arn }) => ({ arn })), ...more };
    },

    async UpdateSchedulingPolicy(input, call) {
      check(POLICY_RULES, input);
      const record = await findOwn(store.schedulingPolicies, call, input.arn);
      if (record === undefined) throw clientException(TEXTS.policyNotFound(input.arn));
      const kept = record.settings.quotaSharePolicy === undefined ? "fairsharePolicy" : "quotaSharePolicy";
      const other = kept === "fairsharePolicy" ? "quotaSharePolicy" : "fairsharePolicy";
      if (input[other] !== undefined) throw clientException(TEXTS.onePolicyKind);
      if (input[kept] === undefined) return {};
      const settings = { ...record.settings, ...policySettings(input) };
      await writeUnchanged(store.schedulingPolicies, "SchedulingPolicy", record, { ...record, settings });
      await scheduler.nudgeResources();
      return {};
    },

    async DeleteSchedulingPolicy({ arn }, call) {
      if (!isOwnArn(call, "scheduling-policy", arn)) throw clientException(TEXTS.policyNotFound(arn));
      if (await isUsed(backend, call, arn)) throw clientException(TEXTS.policyInUse);
      await store.schedulingPolicies.remove(arn);
      return {};
    },
  };
}

async function isUsed(backend: Backend, call: Call, arn: string): Promise<boolean> {
  const using = await queuesWith(backend, call, ({ schedulingPolicyArn }) => schedulingPolicyArn === arn);
  return using.length > 0;
}

function toDetail({ arn, name, settings }: ResourceRecord<SchedulingPolicySettings>): SchedulingPolicyDetail {
  return { name, arn, ...settings };
}

/** A policy without any member is a fair-share policy with AWS's defaults. */
function policySettings({ fairsharePolicy, quotaSharePolicy }: Policy): SchedulingPolicySettings {
  if (quotaSharePolicy !== undefined) return { quotaSharePolicy };
  return {
    fairsharePolicy: { shareDecaySeconds: 0, computeReservation: 0, shareDistribution: [], ...fairsharePolicy },
  };
}

const FAIR_SHARE: readonly Rule<FairsharePolicy>[] = [
  rule("shareDecay", ({ shareDecaySeconds = 0 }) => shareDecaySeconds < 0 || shareDecaySeconds > 604_800),
  rule("computeReservation", ({ computeReservation = 0 }) => computeReservation < 0 || computeReservation > 99),
  rule("tooManyShares", ({ shareDistribution = [] }) => shareDistribution.length > 500),
  each(
    ({ shareDistribution }: FairsharePolicy) => shareDistribution,
    [
      rule("shareIdentifier", ({ shareIdentifier = "" }: ShareAttributes) => !SHARE_IDENTIFIER.test(shareIdentifier)),
      rule("weightFactor", ({ weightFactor = 1 }: ShareAttributes) => weightFactor < 0.0001 || weightFactor > 999.9999),
    ],
  ),
  rule("identicalShares", (policy) => new Set(identifiers(policy)).size < identifiers(policy).length),
  quotingRule("overlappingShares", (policy) => overlap(identifiers(policy))),
];

export const POLICY_RULES: readonly Rule<Policy>[] = [
  rule("onePolicyKind", ({ fairsharePolicy, quotaSharePolicy }) => Boolean(fairsharePolicy && quotaSharePolicy)),
  within(({ fairsharePolicy }: Policy) => fairsharePolicy, FAIR_SHARE),
  rule(
    "idleAssignment",
    ({ quotaSharePolicy }) =>
      quotaSharePolicy !== undefined && quotaSharePolicy.idleResourceAssignmentStrategy !== "FIFO",
  ),
];

export const NEW_POLICY: readonly Rule<BatchInput<"CreateSchedulingPolicy">>[] = [
  rule("policyName", ({ name }) => !RESOURCE_NAME.test(name)),
  ...POLICY_RULES,
  within(({ tags }: BatchInput<"CreateSchedulingPolicy">) => tags, TAG_RULES),
];

function identifiers({ shareDistribution = [] }: FairsharePolicy): string[] {
  return shareDistribution.map(({ shareIdentifier }) => shareIdentifier!);
}

/** The first identifier that a prefix among the others matches, with that prefix. */
function overlap(all: readonly string[]): [string, string] | undefined {
  const prefixes = all.filter((one) => one.endsWith("*"));
  for (const one of all) {
    const prefix = prefixes.find((other) => other !== one && one.startsWith(other.slice(0, -1)));
    if (prefix !== undefined) return [one, prefix];
  }
  return undefined;
}
