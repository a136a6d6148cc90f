import type { LaunchTemplateSpecification, LaunchTemplateSpecificationOverride } from "@aws-sdk/client-batch";
import { familyOf, isBundle } from "./instance-types.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";
import { notOneOf } from "../value-sets.ts";

export interface LaunchTemplateUse {
  readonly template: LaunchTemplateSpecification;
  /** Of the compute resources that it is for. */
  readonly instanceTypes: readonly string[];
}

const MAX_OVERRIDES = 10;

function hasBadVersion({ version = "" }: LaunchTemplateSpecificationOverride): boolean {
  return !/^(\d*|\$Default|\$Latest)$/.test(version);
}

function isNamedTwice({ launchTemplateId, launchTemplateName }: LaunchTemplateSpecificationOverride): boolean {
  return Boolean(launchTemplateId) && Boolean(launchTemplateName);
}

function isUnnamed({ launchTemplateId, launchTemplateName }: LaunchTemplateSpecificationOverride): boolean {
  return !launchTemplateId && !launchTemplateName;
}

const USERDATA_TYPES = ["EKS_BOOTSTRAP_SH", "EKS_NODEADM"];

const OVERRIDE_RULES: readonly Rule<LaunchTemplateSpecificationOverride>[] = [
  rule("launchTemplateName", (override) => isNamedTwice(override) || isUnnamed(override)),
  rule("launchTemplateVersion", hasBadVersion),
  rule("overrideWithoutTargets", ({ targetInstanceTypes = [] }) => targetInstanceTypes.length === 0),
  quotingRule("notOneOf", ({ userdataType }) => notOneOf("userdataType", userdataType, USERDATA_TYPES)),
];

/** Reference 6.3. */
export const LAUNCH_TEMPLATE_RULES: readonly Rule<LaunchTemplateUse>[] = [
  rule(
    "launchTemplateName",
    ({ template }) => isNamedTwice(template) || (isUnnamed(template) && !template.overrides?.length),
  ),
  rule("launchTemplateVersion", ({ template }) => hasBadVersion(template)),
  quotingRule("notOneOf", ({ template }) => notOneOf("userdataType", template.userdataType, USERDATA_TYPES)),
  rule("tooManyOverrides", ({ template }) => (template.overrides?.length ?? 0) > MAX_OVERRIDES),
  each(({ template }) => template.overrides, OVERRIDE_RULES),
  rule("overrideTargetsUnknown", ({ template, instanceTypes }) =>
    targetsOf(template).some((target) => isBundle(target) || !isAmong(target, instanceTypes)),
  ),
  rule("overrideTargetsOverlap", ({ template }) => overlap(targetsOf(template))),
];

function targetsOf({ overrides = [] }: LaunchTemplateSpecification): readonly string[] {
  return overrides.flatMap(({ targetInstanceTypes = [] }) => targetInstanceTypes);
}

/** Whether an instance type, or the whole of a family, is among `instanceTypes`. */
function isAmong(target: string, instanceTypes: readonly string[]): boolean {
  return instanceTypes.some((type) => type === target || type === familyOf(target));
}

/** A type overlaps with itself and with its family. */
function overlap(targets: readonly string[]): boolean {
  const all = new Set(targets);
  return all.size < targets.length || targets.some((target) => target.includes(".") && all.has(familyOf(target)));
}
