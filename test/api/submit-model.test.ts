import assert from "node:assert/strict";
import { after, test } from "node:test";
import type {
  ContainerOverrides,
  ContainerProperties,
  EksContainer,
  EksContainerOverride,
  JobDetail,
  NodeProperties,
  NodePropertyOverride,
  ResourceRequirement,
  SubmitJobCommandInput,
  TaskContainerOverrides,
  TaskContainerProperties,
} from "@aws-sdk/client-batch";
import {
  DescribeJobDefinitionsCommand,
  DescribeJobsCommand,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
} from "@aws-sdk/client-batch";
import fc from "fast-check";
import { submit } from "../support/jobs.ts";
import {
  containerProperties,
  ecsProperties,
  eksProperties,
  nodeProperties,
  podResources,
  requirements,
  variables,
} from "./arbitrary-definitions.ts";
import { apiServer, createQueue, EKS, ON_EKS } from "./server.ts";

/**
 * What SubmitJob merges, against a model that is written anew: it computes what each single container is to be, while the server merges whole definitions.
 */

const { batch } = await apiServer({ after });
await createQueue(batch, "pods", ON_EKS, EKS);
/** What is submitted waits for it: nothing of it shall run. */
const blocker = await submit(batch, ["sleep", "600"]);
const RUNS = 60;

const PARAMETERS = { p: "value of p", "q.r": "value of q.r" };
const argument = fc.constantFrom("a", "Ref::p", "--x=Ref::q.r/Ref::p", "");
const nonEmpty = fc.array(
  argument.map((one) => one || "b"),
  { maxLength: 3 },
);

function optional<T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(model, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

const ecsOverride: fc.Arbitrary<TaskContainerOverrides> = optional({
  command: nonEmpty,
  environment: variables,
  resourceRequirements: requirements.chain((list) => fc.subarray<ResourceRequirement>(list)),
});
const containerOverride: fc.Arbitrary<ContainerOverrides> = fc
  .tuple(ecsOverride, optional({ vcpus: fc.integer({ min: 1, max: 8 }), memory: fc.integer({ min: 4, max: 99 }) }))
  .map(([one, legacy]) => ({ ...one, ...legacy }));
const podOverride: fc.Arbitrary<EksContainerOverride> = optional({
  image: fc.constant("other"),
  command: nonEmpty,
  args: fc.array(argument, { maxLength: 3 }),
  env: variables as fc.Arbitrary<{ name: string; value: string }[]>,
  resources: podResources,
});

/** An override for some of the containers, in any order. */
function forSome<T extends object>(names: readonly string[], override: fc.Arbitrary<T>) {
  return fc
    .tuple(fc.shuffledSubarray([...names]), fc.array(override, { minLength: 10, maxLength: 10 }))
    .map(([chosen, overrides]) => chosen.map((name, index) => ({ ...overrides[index]!, name })));
}

function namesOf(containers: readonly { name?: string | undefined }[] | undefined): string[] {
  return (containers ?? []).map(({ name }) => name!);
}

// The model: one container at a time.

function withParameters(argv: readonly string[]): string[] {
  return argv.map((one) => one.replaceAll("Ref::p", PARAMETERS.p).replaceAll("Ref::q.r", PARAMETERS["q.r"]));
}

function chosen(definition: readonly string[] = [], override: readonly string[] = []): string[] {
  return withParameters(override.length > 0 ? override : definition);
}

type Variable = { name?: string | undefined; value?: string | undefined };

function variablesOf(definition: readonly Variable[] = [], override: readonly Variable[] = []): [string, string][] {
  const all = new Map(definition.map(({ name, value }) => [name!, value!]));
  for (const { name, value } of override) all.set(name!, value!);
  return [...all].sort(([a], [b]) => a.localeCompare(b));
}

function amountsOf(container: ContainerProperties, override: ContainerOverrides): Record<string, string> {
  const amount = (type: string, list: readonly ResourceRequirement[] = []) =>
    list.find((one) => one.type === type)?.value;
  const legacy = { VCPU: container.vcpus, MEMORY: container.memory };
  const legacyOverride = { VCPU: override.vcpus, MEMORY: override.memory };
  const result: Record<string, string> = {};
  for (const type of ["VCPU", "MEMORY"] as const) {
    const given = amount(type, override.resourceRequirements) ?? amount(type, container.resourceRequirements);
    result[type] = given ?? String(legacyOverride[type] ?? legacy[type]);
  }
  return result;
}

/** What the model tells of an ECS container, of the definition and as it is described. */
function ecsModel(container: TaskContainerProperties | ContainerProperties, override: ContainerOverrides = {}) {
  return {
    image: container.image,
    command: chosen(container.command, override.command),
    variables: variablesOf(container.environment, override.environment),
    amounts: amountsOf(container, override),
    rest: JSON.stringify([container.user, container.mountPoints, container.linuxParameters, container.secrets]),
  };
}

function podModel(container: EksContainer, override: EksContainerOverride = {}) {
  const limits: Record<string, string> = {};
  const requests: Record<string, string> = {};
  for (const kind of ["cpu", "memory"]) {
    const isOverridden = override.resources?.limits?.[kind] ?? override.resources?.requests?.[kind];
    const from = isOverridden === undefined ? container.resources : override.resources;
    if (from?.limits?.[kind] !== undefined) limits[kind] = from.limits[kind];
    if (from?.requests?.[kind] !== undefined) requests[kind] = from.requests[kind];
  }
  return {
    image: override.image ?? container.image,
    command: chosen(container.command, override.command),
    args: chosen(container.args, override.args),
    variables: variablesOf(container.env, override.env),
    resources: { limits, requests },
  };
}

async function registered(definition: object): Promise<{ arn: string; described: JobDetailLike }> {
  const { jobDefinitionArn } = await batch.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName: "model",
      type: "container",
      parameters: { p: "no" },
      ...definition,
    }),
  );
  const query = new DescribeJobDefinitionsCommand({ jobDefinitions: [jobDefinitionArn!] });
  return { arn: jobDefinitionArn!, described: (await batch.send(query)).jobDefinitions![0]! };
}

interface JobDetailLike {
  readonly containerProperties?: ContainerProperties | undefined;
  readonly ecsProperties?: JobDetail["ecsProperties"];
  readonly eksProperties?: JobDetail["eksProperties"];
  readonly nodeProperties?: NodeProperties | undefined;
}

async function submitted(jobDefinition: string, input: Partial<SubmitJobCommandInput>): Promise<string> {
  const request = {
    jobName: "model",
    jobQueue: "default",
    jobDefinition,
    parameters: PARAMETERS,
    dependsOn: [{ jobId: blocker }],
  };
  return (await batch.send(new SubmitJobCommand({ ...request, ...input }))).jobId!;
}

async function describe(...jobs: string[]): Promise<JobDetail[]> {
  return (await batch.send(new DescribeJobsCommand({ jobs }))).jobs!;
}

test("a container", async () => {
  const commands = fc.array(argument, { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(
      containerProperties,
      commands,
      containerOverride,
      async (definition, command, containerOverrides) => {
        const { arn, described } = await registered({ containerProperties: { ...definition, command } });
        const [job] = await describe(await submitted(arn, { containerOverrides }));
        assert.deepEqual(
          ecsModel(job!.container!),
          ecsModel(described.containerProperties!, withoutUseless(definition, containerOverrides)),
        );
      },
    ),
    { numRuns: RUNS },
  );
});

/** The deprecated members have no effect on a definition that does not use them. */
function withoutUseless({ vcpus }: ContainerProperties, override: ContainerOverrides): ContainerOverrides {
  return vcpus === undefined ? { ...override, vcpus: undefined, memory: undefined } : override;
}

test("a task's containers", async () => {
  const tasks = ecsProperties.chain((definition) =>
    fc.tuple(fc.constant(definition), forSome(namesOf(definition.taskProperties![0]!.containers), ecsOverride)),
  );
  await fc.assert(
    fc.asyncProperty(tasks, async ([definition, containers]) => {
      const { arn, described } = await registered({ ecsProperties: definition });
      const override = { taskProperties: [{ containers }] };
      const [job] = await describe(await submitted(arn, { ecsPropertiesOverride: override }));
      assertTask(job!, described.ecsProperties, containers);
    }),
    { numRuns: RUNS },
  );
});

function assertTask(
  job: JobDetail,
  definition: JobDetail["ecsProperties"],
  overrides: readonly TaskContainerOverrides[],
): void {
  const expected = definition!.taskProperties![0]!.containers! as TaskContainerProperties[];
  const shown = job.ecsProperties!.taskProperties![0]!.containers! as TaskContainerProperties[];
  assert.deepEqual(
    shown.map((container) => ecsModel(container)),
    expected.map((container) =>
      ecsModel(
        container,
        overrides.find(({ name }) => name === container.name),
      ),
    ),
  );
}

test("a pod's containers and metadata", async () => {
  const pods = eksProperties.chain((definition) => {
    const { containers, initContainers } = definition.podProperties!;
    const labels = fc.dictionary(fc.constantFrom("a", "b"), fc.constantFrom("1", "2"), { noNullPrototype: true });
    return fc.tuple(
      fc.constant({ podProperties: { ...definition.podProperties, metadata: { labels: { a: "0", z: "0" } } } }),
      forSome(namesOf(containers), podOverride),
      forSome(namesOf(initContainers), podOverride),
      labels,
    );
  });
  await fc.assert(
    fc.asyncProperty(pods, async ([definition, containers, initContainers, labels]) => {
      const { arn, described } = await registered({ eksProperties: definition });
      const podProperties = { containers, initContainers, metadata: { labels } };
      const input = { jobQueue: "pods", eksPropertiesOverride: { podProperties } };
      const [job] = await describe(await submitted(arn, input));
      const shown = job!.eksProperties!.podProperties!;
      const expected = described.eksProperties!.podProperties!;
      for (const [list, overrides] of [
        ["containers", containers],
        ["initContainers", initContainers],
      ] as const) {
        assert.deepEqual(
          (shown[list] ?? []).map((container) => podModel(container as EksContainer)),
          (expected[list] ?? []).map((container) =>
            podModel(
              container as EksContainer,
              overrides.find(({ name }) => name === container.name),
            ),
          ),
        );
      }
      assert.deepEqual(shown.metadata, { labels: { a: "0", z: "0", ...labels } });
    }),
    { numRuns: RUNS },
  );
});

/** Which range a node takes its container from: the narrowest, of equals the last. */
function rangeOf({ nodeRangeProperties = [] }: NodeProperties, node: number, numNodes: number) {
  const candidates = nodeRangeProperties.flatMap((range, index) => {
    const [from, to] = bounds(range.targetNodes!, numNodes);
    return from <= node && node <= to ? [{ range, index, width: to - from }] : [];
  });
  return candidates.sort((a, b) => a.width - b.width || b.index - a.index)[0]!.range;
}

function bounds(targetNodes: string, numNodes: number): [number, number] {
  const [from, to] = targetNodes.split(":");
  if (to === undefined) return [Number(from), Number(from)];
  return [from === "" ? 0 : Number(from), to === "" ? numNodes - 1 : Number(to)];
}

test("the containers of nodes, node by node", async () => {
  const gangs = fc
    .tuple(nodeProperties, fc.integer({ min: 1, max: 12 }), fc.boolean())
    .chain(([definition, wanted, isResized]) => {
      // The main node stays, and each closed range keeps its nodes.
      const highest = Math.max(
        definition.mainNode!,
        ...definition.nodeRangeProperties!.flatMap(({ targetNodes }) => bounds(targetNodes!, 1)),
      );
      const numNodes = isResized ? Math.max(wanted, highest + 1) : definition.numNodes!;
      const target = fc
        .tuple(fc.nat(numNodes - 1), fc.nat(numNodes - 1))
        .map(([a, b]) => (a <= b ? `${a}:${b}` : `${a}:`));
      const override: fc.Arbitrary<NodePropertyOverride> = fc.record({
        targetNodes: target,
        containerOverrides: containerOverride,
      });
      const onlyContainers = definition.nodeRangeProperties!.every(({ container }) => container !== undefined);
      return fc.record({
        definition: fc.constant(definition),
        numNodes: fc.constant(numNodes),
        overrides: fc.array(override, { maxLength: onlyContainers ? 3 : 0 }),
      });
    });
  await fc.assert(
    fc.asyncProperty(gangs, async ({ definition, numNodes, overrides }) => {
      const { arn, described } = await registered({ type: "multinode", nodeProperties: definition });
      const nodeOverrides = {
        ...(numNodes !== definition.numNodes && { numNodes }),
        nodePropertyOverrides: overrides,
      };
      const jobId = await submitted(arn, { nodeOverrides });
      const [job, ...shown] = await describe(
        jobId,
        ...Array.from({ length: numNodes }, (_, node) => `${jobId}#${node}`),
      );
      assert.deepEqual([job!.nodeProperties!.numNodes, shown.length], [numNodes, numNodes]);
      for (const [node, detail] of shown.entries()) {
        const range = rangeOf(described.nodeProperties!, node, numNodes);
        if (range.ecsProperties !== undefined) {
          assertTask(detail, range.ecsProperties, []);
          continue;
        }
        const meant = overrides.filter(({ targetNodes }) => {
          const [from, to] = bounds(targetNodes!, numNodes);
          return from <= node && node <= to;
        });
        assert.deepEqual(ecsModel(detail.container!), ecsModel(range.container!, inSequence(range.container!, meant)));
      }
    }),
    { numRuns: RUNS },
  );
});

/** One override that does what several do, one after the other. */
function inSequence(container: ContainerProperties, overrides: readonly NodePropertyOverride[]): ContainerOverrides {
  let vcpus: number | undefined;
  let memory: number | undefined;
  const commands = overrides.map(({ containerOverrides }) => containerOverrides?.command ?? []);
  const requirementsByType = new Map<string, ResourceRequirement>();
  for (const { containerOverrides: override = {} } of overrides) {
    const isLegacy = (type: "vcpus" | "memory", kind: string) =>
      container[type] !== undefined && !requirementsByType.has(kind);
    for (const one of override.resourceRequirements ?? []) requirementsByType.set(one.type!, one);
    if (isLegacy("vcpus", "VCPU")) vcpus = override.vcpus ?? vcpus;
    if (isLegacy("memory", "MEMORY")) memory = override.memory ?? memory;
  }
  return {
    command: commands.findLast((command) => command.length > 0) ?? [],
    environment: overrides.flatMap(({ containerOverrides }) => containerOverrides?.environment ?? []),
    resourceRequirements: [...requirementsByType.values()],
    vcpus,
    memory,
  };
}
