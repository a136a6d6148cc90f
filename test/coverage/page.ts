import { OPERATIONS, requestStructures } from "./members.ts";
import type { Found } from "./trial.ts";
import { hasNoEffect, isOfClusters } from "./without-effect.ts";

/** The text of docs/api-coverage.md. */
export function coveragePage(found: ReadonlyMap<string, Found>): string {
  const structures = [...requestStructures()];
  const inputs = new Set(OPERATIONS.map(({ input }) => input.name));
  const count = (kind: Found): number => [...found.values()].filter((one) => one === kind).length;
  const rows = (isInput: boolean): string[] =>
    structures
      .filter(([name]) => inputs.has(name) === isInput)
      .flatMap(([name, members]) => {
        const title = isInput ? OPERATIONS.find(({ input }) => input.name === name)!.name : name;
        return ["", `### ${title}`, "", ...list(name, members, found)];
      });
  return [
    "# What AWS Batch's requests may say, and what comes of it",
    "",
    "Written by `npm run coverage` from trials of every member of every request against a running server; `npm test` tries them again and fails when one",
    "is ignored or when this page is out of date.",
    "",
    `- **enforced** (${count("enforced")}): another value gives another answer or another effect.`,
    `- **echoed** (${count("echoed")}): stored, and described as it was given.`,
    `- _no effect_ (${[...found.keys()].filter(hasNoEffect).length} of them): it changes nothing about how or when a job runs here.`,
    `- _in clusters_ (${[...found.keys()].filter(isOfClusters).length} of them): it has its effect in a [Kubernetes cluster](kubernetes.md), and none on this machine.`,
    "",
    `${OPERATIONS.length} operations, ${found.size} members. None is refused for being unknown here, and none is ignored.`,
    "",
    "## Operations",
    ...rows(true),
    "",
    "## Structures",
    ...rows(false),
    "",
  ].join("\n");
}

function list(structure: string, members: readonly string[], found: ReadonlyMap<string, Found>): string[] {
  if (members.length === 0) return ["No members."];
  return members.map((member) => {
    const key = `${structure}.${member}`;
    const effect = hasNoEffect(key) ? ", _no effect_" : isOfClusters(key) ? ", _in clusters_" : "";
    return `- \`${member}\`: ${found.get(key) ?? "**ignored**"}${effect}`;
  });
}
