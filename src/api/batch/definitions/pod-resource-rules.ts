import type { EksContainerResourceRequirements } from "@aws-sdk/client-batch";
import type { Rule } from "../rules.ts";
import { quotingRule, rule } from "../rules.ts";

const GPU = "nvidia.com/gpu";
const KINDS: ReadonlySet<string> = new Set(["cpu", "memory", GPU]);

/** The `resources` of a pod's container, in a definition or in an override (reference 3.4). */
export const POD_RESOURCE_RULES: readonly Rule<EksContainerResourceRequirements>[] = [
  quotingRule("podResourceKind", ({ limits = {}, requests = {} }) => {
    const unknown = [...Object.keys(limits), ...Object.keys(requests)].find((kind) => !KINDS.has(kind));
    return unknown === undefined ? undefined : [unknown];
  }),
  quotingRule("podCpu", (resources) => valuesOf(resources, "cpu").find(([value]) => !isCpu(value))),
  quotingRule("podMemory", (resources) => notMatching(valuesOf(resources, "memory"), /^\d{1,9}Mi$/)),
  quotingRule("memoryTooLow", (resources) => {
    const tooLow = valuesOf(resources, "memory").find(([value]) => Number.parseInt(value) < 4);
    return tooLow === undefined ? undefined : [tooLow[0].replace("Mi", "")];
  }),
  quotingRule("podGpu", (resources) => notMatching(valuesOf(resources, GPU), /^\d{1,4}$/)),
  rule("podCpuOrder", ({ limits, requests }) => Number(requests?.["cpu"] ?? 0) > Number(limits?.["cpu"] ?? Infinity)),
  rule("podMemoryEqual", (resources) => differ(resources, "memory")),
  rule("podGpuEqual", (resources) => differ(resources, GPU)),
];

/** A multiple of 0.25; the m of thousandths is not accepted. */
function isCpu(value: string): boolean {
  return /^\d{1,6}(\.\d{1,4})?$/.test(value) && Number(value) > 0 && Number(value) % 0.25 === 0;
}

/** The values of one kind, each as what an error quotes. */
function valuesOf({ limits, requests }: EksContainerResourceRequirements, kind: string): [string][] {
  return [limits?.[kind], requests?.[kind]].flatMap((value) => (value === undefined ? [] : [[value]]));
}

function notMatching(values: readonly [string][], pattern: RegExp): [string] | undefined {
  return values.find(([value]) => !pattern.test(value));
}

function differ({ limits, requests }: EksContainerResourceRequirements, kind: string): boolean {
  const limit = limits?.[kind];
  const request = requests?.[kind];
  return limit !== undefined && request !== undefined && Number.parseInt(limit) !== Number.parseInt(request);
}
