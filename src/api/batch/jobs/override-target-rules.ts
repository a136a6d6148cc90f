import type { EcsPropertiesOverride, EksPropertiesOverride, NodeRangeProperty } from "@aws-sdk/client-batch";
import { isOpenEnded, parseTargetNodes } from "../../../core/tasks/nodes.ts";
import { DEFAULT_NAME } from "../../../core/submission/log-target.ts";
import type { DefinitionRecord } from "../../../ports/store.ts";
import type { BatchInput } from "../../wire/operations.ts";
import type { Rule } from "../rules.ts";
import { each, quotingRule, rule } from "../rules.ts";

interface Overriding {
  readonly input: BatchInput<"SubmitJob">;
  readonly definition: DefinitionRecord;
}

/** The kinds of a definition's properties, and what overrides each. */
const OVERRIDES = [
  ["containerProperties", "containerOverrides"],
  ["ecsProperties", "ecsPropertiesOverride"],
  ["eksProperties", "eksPropertiesOverride"],
  ["nodeProperties", "nodeOverrides"],
] as const;

/** The same for a range of nodes. */
const RANGE_OVERRIDES = [
  ["container", "containerOverrides"],
  ["ecsProperties", "ecsPropertiesOverride"],
  ["eksProperties", "eksPropertiesOverride"],
] as const;

/** The containers of a task or a pod, and the overrides of containers for it. */
interface Target {
  readonly containers: readonly Named[];
  readonly overrides: readonly Named[];
  readonly defaultName: string;
}

interface Named {
  readonly name?: string | undefined;
}

const TARGET_RULES: readonly Rule<Target>[] = [
  quotingRule(
    "overrideTarget",
    ({ containers, overrides, defaultName }) => {
      const isAlone = containers.length === 1 && overrides.length === 1;
      if (isAlone && (containers[0]!.name === undefined || overrides[0]!.name === undefined)) return undefined;
      const names = new Set(containers.map(({ name = defaultName }) => name));
      const unknown = overrides.find(({ name }) => name === undefined || !names.has(name));
      return unknown === undefined ? undefined : [unknown.name ?? ""];
    },
    "bare",
  ),
];

/** Whether the overrides fit what the definition has (reference 3.3 to 3.5, 4.11). */
export const OVERRIDE_TARGET_RULES: readonly Rule<Overriding>[] = [
  quotingRule(
    "overrideKind",
    ({ input, definition: { settings } }) => {
      const found = OVERRIDES.find(([kind, member]) => isGiven(input[member]) && settings[kind] === undefined);
      return found === undefined ? undefined : [found[1], kindOf(settings)];
    },
    "bare",
  ),
  rule(
    "arrayOfNodes",
    ({ input, definition: { settings } }) =>
      input.arrayProperties?.size !== undefined && settings.nodeProperties !== undefined,
    "bare",
  ),
  rule("numNodesFixed", (subject) => isResized(subject) && openRangesOf(subject).length === 0, "bare"),
  rule(
    "numNodesTooFew",
    (subject) => isResized(subject) && openRangesOf(subject).some(({ from }) => from >= numNodesOf(subject)),
    "bare",
  ),
  quotingRule(
    "rangeOutside",
    (subject) => {
      const numNodes = numNodesOf(subject);
      const outside = overridesOf(subject).find(({ targetNodes }) => {
        const { from, to } = parseTargetNodes(targetNodes, numNodes)!;
        return from >= numNodes || to >= numNodes;
      });
      return outside === undefined ? undefined : [outside.targetNodes];
    },
    "bare",
  ),
  quotingRule(
    "nodeOverrideKind",
    (subject) => {
      for (const { override, range } of overriddenRanges(subject)) {
        const found = RANGE_OVERRIDES.find(([kind, member]) => isGiven(override[member]) && range[kind] === undefined);
        if (found !== undefined) return [found[1], range.targetNodes!];
      }
      return undefined;
    },
    "bare",
  ),
  rule(
    "rangeInstanceTypes",
    (subject) =>
      overriddenRanges(subject).some(
        ({ override, range }) => isGiven(override.instanceTypes) && range.ecsProperties === undefined,
      ),
    "bare",
  ),
  each(targetsOf, TARGET_RULES),
];

/** Clients send empty overrides for what they do not override. */
function isGiven(override: object | undefined): boolean {
  return override !== undefined && Object.keys(override).length > 0;
}

function kindOf(settings: DefinitionRecord["settings"]): string {
  return OVERRIDES.find(([kind]) => settings[kind] !== undefined)?.[0] ?? "no properties";
}

function targetsOf(subject: Overriding): Target[] {
  const { ecsProperties, eksProperties } = subject.definition.settings;
  return [
    ...targetsOfOne({ ecsProperties, eksProperties }, subject.input),
    ...overriddenRanges(subject).flatMap(({ override, range }) => targetsOfOne(range, override)),
  ];
}

interface Override {
  readonly ecsPropertiesOverride?: EcsPropertiesOverride | undefined;
  readonly eksPropertiesOverride?: EksPropertiesOverride | undefined;
}

function targetsOfOne(
  { ecsProperties, eksProperties }: Pick<NodeRangeProperty, "ecsProperties" | "eksProperties">,
  { ecsPropertiesOverride, eksPropertiesOverride }: Override,
): Target[] {
  const task = ecsProperties?.taskProperties?.[0];
  const pod = eksProperties?.podProperties;
  const inTask = ecsPropertiesOverride?.taskProperties?.[0];
  const inPod = eksPropertiesOverride?.podProperties;
  const target = (
    defaultName: string,
    containers: readonly Named[] = [],
    overrides: readonly Named[] = [],
  ): Target => ({
    containers,
    overrides,
    defaultName,
  });
  return [
    target(DEFAULT_NAME.ecs, task?.containers, inTask?.containers),
    target(DEFAULT_NAME.eks, pod?.containers, inPod?.containers),
    target(DEFAULT_NAME.eks, pod?.initContainers, inPod?.initContainers),
  ].filter(({ overrides }) => overrides.length > 0);
}

type NodeOverride = NonNullable<NonNullable<Overriding["input"]["nodeOverrides"]>["nodePropertyOverrides"]>[number];

function overridesOf({ input }: Overriding): readonly NodeOverride[] {
  return input.nodeOverrides?.nodePropertyOverrides ?? [];
}

/** Each override of nodes, with each range of the definition that has some of its nodes. */
function overriddenRanges(subject: Overriding): { override: NodeOverride; range: NodeRangeProperty }[] {
  const numNodes = numNodesOf(subject);
  const ranges = subject.definition.settings.nodeProperties?.nodeRangeProperties ?? [];
  return overridesOf(subject).flatMap((override) => {
    const wanted = parseTargetNodes(override.targetNodes, numNodes)!;
    const met = ranges.filter(({ targetNodes }) => {
      const { from, to } = parseTargetNodes(targetNodes!, numNodes)!;
      return from <= wanted.to && wanted.from <= to;
    });
    return met.map((range) => ({ override, range }));
  });
}

function numNodesOf({ input, definition: { settings } }: Overriding): number {
  return input.nodeOverrides?.numNodes ?? settings.nodeProperties?.numNodes ?? 0;
}

function isResized(subject: Overriding): boolean {
  const { nodeProperties } = subject.definition.settings;
  return nodeProperties !== undefined && numNodesOf(subject) !== nodeProperties.numNodes;
}

/** The ranges that grow and shrink with the number of nodes. */
function openRangesOf({ definition: { settings } }: Overriding): { from: number }[] {
  const ranges = settings.nodeProperties?.nodeRangeProperties ?? [];
  return ranges.flatMap(({ targetNodes }) =>
    isOpenEnded(targetNodes!) ? [parseTargetNodes(targetNodes!, Number.MAX_SAFE_INTEGER)!] : [],
  );
}
