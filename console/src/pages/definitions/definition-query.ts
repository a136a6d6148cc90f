import type * as Batch from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { allPages } from "../../api/all-pages.ts";
import { batch } from "../../api/batch.ts";

const QUIET_MS = 15_000;

type Filter = Pick<Batch.DescribeJobDefinitionsRequest, "jobDefinitionName" | "status">;

function revisions(filter: Filter): Promise<Batch.JobDefinition[]> {
  return allPages(
    (nextToken) => batch("DescribeJobDefinitions", { ...filter, ...(nextToken !== undefined && { nextToken }) }),
    ({ jobDefinitions }) => jobDefinitions,
  );
}

/** All revisions of all definitions, or of the active ones. */
export function useDefinitions(status: "ACTIVE" | undefined) {
  return useQuery({
    queryKey: ["definitions", status ?? "all"],
    queryFn: () => revisions(status === undefined ? {} : { status }),
    refetchInterval: QUIET_MS,
  });
}

/** The revisions of one definition, the newest first. */
export function useRevisions(name: string) {
  return useQuery({
    queryKey: ["definitions", "of", name],
    queryFn: async () => (await revisions({ jobDefinitionName: name })).toSorted((a, b) => b.revision! - a.revision!),
    refetchInterval: QUIET_MS,
  });
}

/** What a revision says, without what every revision has another of. */
export function contentOf(definition: Batch.JobDefinition): Record<string, unknown> {
  const { jobDefinitionArn: _arn, revision: _revision, status: _status, ...content } = definition;
  const { containerOrchestrationType: _type, ...rest } = content;
  return sortedKeys(rest) as Record<string, unknown>;
}

/** With the members of all objects in one order, so that equal things look equal. Empty lists and objects say nothing. */
function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined && !isEmpty(member))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sortedKeys(member)]),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

export interface ContainerSummary {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly size: string;
}

/** The containers of a definition, of whatever kind. */
export function containersOf(definition: Batch.JobDefinition): ContainerSummary[] {
  const { containerProperties, ecsProperties, eksProperties, nodeProperties } = definition;
  if (containerProperties !== undefined) return [plainContainer("The container", containerProperties)];
  const tasks = ecsProperties?.taskProperties ?? [];
  const pod = eksProperties?.podProperties?.containers ?? [];
  const nodes = nodeProperties?.nodeRangeProperties ?? [];
  return [
    ...tasks.flatMap(({ containers }) =>
      (containers ?? []).map((container) => plainContainer(container.name ?? "A container", container)),
    ),
    ...pod.map(({ name = "A container", image = "", command = [], args = [], resources }) => ({
      ...{ name, image, command: [...command, ...args] },
      size: Object.entries(resources?.limits ?? resources?.requests ?? {})
        .map(([unit, amount]) => `${amount} ${unit}`)
        .join(", "),
    })),
    ...nodes.flatMap(({ targetNodes, container, ecsProperties: ecs }) => [
      ...(container === undefined ? [] : [plainContainer(`Nodes ${targetNodes}`, container)]),
      ...(ecs?.taskProperties ?? []).flatMap(({ containers }) =>
        (containers ?? []).map((one) => plainContainer(`Nodes ${targetNodes}: ${one.name}`, one)),
      ),
    ]),
  ];
}

type Container = Pick<Batch.ContainerProperties, "image" | "command" | "resourceRequirements" | "vcpus" | "memory">;

function plainContainer(name: string, container: Container): ContainerSummary {
  const { image = "", command = [], resourceRequirements = [], vcpus, memory } = container;
  const asked = (type: string) => resourceRequirements.find((one) => one.type === type)?.value;
  const parts = [
    [asked("VCPU") ?? vcpus, "vCPU"],
    [asked("MEMORY") ?? memory, "MiB"],
    [asked("GPU"), "GPU"],
  ] as const;
  return {
    ...{ name, image, command },
    size: parts.flatMap(([amount, unit]) => (amount === undefined ? [] : `${amount} ${unit}`)).join(", "),
  };
}

/** A command as it is read: words with spaces in quotes. */
export function commandText(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}
