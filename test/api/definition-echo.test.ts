import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobDefinition } from "@aws-sdk/client-batch";
import { DescribeJobDefinitionsCommand, RegisterJobDefinitionCommand } from "@aws-sdk/client-batch";
import fc from "fast-check";
import { definitions } from "./arbitrary-definitions.ts";
import type { Definition } from "./definitions.ts";
import { fargate, fargateTask, nodes, pod, podContainer, task } from "./definitions.ts";
import { apiServer } from "./server.ts";

const { batch } = await apiServer({ after });
const RUNS = 150;

/** Registers it, and gives its description. */
async function described(jobDefinitionName: string, definition: Definition): Promise<JobDefinition> {
  const { jobDefinitionArn } = await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName, ...definition }));
  const query = new DescribeJobDefinitionsCommand({ jobDefinitions: [jobDefinitionArn!] });
  return (await batch.send(query)).jobDefinitions![0]!;
}

/** Without what differs between two revisions of the same definition. */
function comparable(definition: JobDefinition): unknown {
  return { ...definition, jobDefinitionArn: undefined, revision: undefined };
}

/** What of `given` the description does not have: members may be added, lists only where nothing was given. */
function lost(given: unknown, shown: unknown, path: string): string[] {
  if (Array.isArray(given)) {
    if (!Array.isArray(shown) || shown.length !== given.length) return [path];
    return given.flatMap((item, index) => lost(item, shown[index], `${path}[${index}]`));
  }
  if (typeof given === "object" && given !== null) {
    if (typeof shown !== "object" || shown === null) return [path];
    return Object.entries(given).flatMap(([key, value]) =>
      value === undefined ? [] : lost(value, (shown as Record<string, unknown>)[key], `${path}.${key}`),
    );
  }
  return given === shown ? [] : [path];
}

/** As AWS shows it: without variables that have an empty value, exit actions in lower case. */
function shownForm(given: Definition): unknown {
  const text = JSON.stringify(given, (key, value: unknown) => {
    if ((key === "environment" || key === "env") && Array.isArray(value)) {
      return (value as { value?: string }[]).filter((variable) => variable.value);
    }
    return key === "action" ? String(value).toLowerCase() : value;
  });
  return JSON.parse(text);
}

test("a description has all that was registered, and can be registered again as it is", async () => {
  await fc.assert(
    fc.asyncProperty(definitions, async (definition) => {
      const first = await described("echo", definition);
      assert.deepEqual(lost(shownForm(definition), first, ""), []);
      const second = await described("echo", first as Definition);
      assert.deepEqual(comparable(second), comparable(first));
    }),
    { numRuns: RUNS },
  );
});

const withoutLists = { image: "scratch" };

// Reference 4.1, and what AWS's answers to other clients show.
test("what AWS fills in: a task's lists, essential, and its platform version on Fargate", async () => {
  const { ecsProperties, containerOrchestrationType } = await described("filled-task", {
    ...fargateTask({ logConfiguration: { logDriver: "awslogs" } }),
  });
  const [filled] = ecsProperties!.taskProperties!;
  const { resourceRequirements: _, name: _n, ...first } = filled!.containers![0]!;
  assert.equal(containerOrchestrationType, "ECS");
  assert.deepEqual([filled!.volumes, filled!.platformVersion], [[], "LATEST"]);
  assert.deepEqual(first, {
    ...withoutLists,
    essential: true,
    command: [],
    dependsOn: [],
    environment: [],
    mountPoints: [],
    secrets: [],
    ulimits: [],
    logConfiguration: { logDriver: "awslogs", options: {}, secretOptions: [] },
  });
  const onEc2 = await described("filled-task", task());
  assert.equal("platformVersion" in onEc2.ecsProperties!.taskProperties![0]!, false);
});

test("what AWS fills in: the insides of Linux parameters, and the platform version of a Fargate container", async () => {
  const { ecsProperties } = await described(
    "filled-linux",
    task({ linuxParameters: { devices: [{ hostPath: "/dev/fuse" }], tmpfs: [{ containerPath: "/t", size: 1 }] } }),
  );
  assert.deepEqual(ecsProperties!.taskProperties![0]!.containers![0]!.linuxParameters, {
    devices: [{ hostPath: "/dev/fuse", permissions: [] }],
    tmpfs: [{ containerPath: "/t", size: 1, mountOptions: [] }],
  });
  const { containerProperties } = await described("filled-fargate", fargate());
  assert.deepEqual(containerProperties!.fargatePlatformConfiguration, { platformVersion: "LATEST" });
});

test("what AWS fills in: a pod's lists; its DNS policy and host network are shown as they were given", async () => {
  const env = [
    { name: "A", value: "" },
    { name: "B", value: "1" },
  ];
  const { eksProperties, containerOrchestrationType } = await described(
    "filled-pod",
    pod({ env }, { initContainers: [podContainer({ name: "first" })] }),
  );
  const lists = { command: [], args: [], volumeMounts: [], resources: podContainer().resources };
  assert.equal(containerOrchestrationType, "EKS");
  assert.deepEqual(eksProperties!.podProperties, {
    volumes: [],
    containers: [{ ...withoutLists, ...lists, env: [env[1]] }],
    initContainers: [{ ...withoutLists, ...lists, name: "first", env: [] }],
  });
});

test("what AWS fills in: the containers of node ranges; target nodes stay as they were written", async () => {
  const nodeRangeProperties = ["0", "1:", "0:1"].map((targetNodes) => ({
    ...nodes().nodeProperties!.nodeRangeProperties![0]!,
    targetNodes,
  }));
  const { nodeProperties } = await described("filled-nodes", nodes({}, { nodeRangeProperties }));
  assert.deepEqual(
    nodeProperties!.nodeRangeProperties!.map(({ targetNodes }) => targetNodes),
    ["0", "1:", "0:1"],
  );
  const { command, environment, mountPoints, secrets, ulimits, volumes } =
    nodeProperties!.nodeRangeProperties![0]!.container!;
  assert.deepEqual([command, environment, mountPoints, secrets, ulimits, volumes], [[], [], [], [], [], []]);
});
