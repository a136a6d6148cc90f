import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeOverrides } from "@aws-sdk/client-batch";
import { mergeNodes } from "../../src/core/submission/node-overrides.ts";
import { isOpenEnded, parseTargetNodes, rangeOfEachNode } from "../../src/core/tasks/nodes.ts";
import { unitsOf } from "../../src/core/tasks/units.ts";

test("targetNodes: a:b, :b, a:, : or one index", () => {
  const parsed = (text: string) => {
    const range = parseTargetNodes(text, 10);
    return range && [range.from, range.to];
  };
  assert.deepEqual(["2:5", ":5", "2:", ":", "7", "0:12"].map(parsed), [
    [2, 5],
    [0, 5],
    [2, 9],
    [0, 9],
    [7, 7],
    [0, 12],
  ]);
  assert.deepEqual(["", "a", "1-2", "1:2:3", "-1", " 1", "1.0"].map(parsed), Array(7).fill(undefined));
  assert.deepEqual(["0:", ":", "0:3", "3"].map(isOpenEnded), [true, true, false, false]);
});

const range = (targetNodes: string, image: string) => ({ targetNodes, container: { image } });
const definition = (numNodes: number, ...nodeRangeProperties: ReturnType<typeof range>[]) => ({
  numNodes,
  mainNode: 0,
  nodeRangeProperties,
});
const images = (nodes: Parameters<typeof rangeOfEachNode>[0]) =>
  rangeOfEachNode(nodes)
    .map(({ container }) => container?.image)
    .join(" ");

test("the narrowest range counts, whatever their order; of equals the last", () => {
  assert.equal(images(definition(4, range("1:2", "b"), range("0:3", "a"), range("2", "c"))), "a b c a");
  assert.equal(images(definition(2, range("0:1", "a"), range(":", "b"))), "b b");
});

function merged(numNodes: number, ranges: ReturnType<typeof range>[], overrides: NodeOverrides) {
  const { nodeRangeProperties = [], ...rest } = mergeNodes(definition(numNodes, ...ranges), overrides);
  const told = nodeRangeProperties.map(({ targetNodes, container }) => `${targetNodes} ${container?.command?.join()}`);
  return { ...rest, told };
}
const command = (targetNodes: string, ...argv: string[]) => ({ targetNodes, containerOverrides: { command: argv } });

test("an override for all nodes of a range leaves the range as it is named", () => {
  const overrides = { nodePropertyOverrides: [command("0:", "x")] };
  assert.deepEqual(merged(4, [range("0", "a"), range("1:", "b")], overrides).told, ["0 x", "1: x"]);
});

test("an override for some nodes of a range splits it into runs", () => {
  const overrides = { nodePropertyOverrides: [command("3:5", "x"), command("5", "y")] };
  const { told } = merged(8, [range("0:", "a"), range("4", "b")], overrides);
  assert.deepEqual(told, ["0:2 undefined", "3 x", "5 y", "6:7 undefined", "4 x"]);
});

test("numNodes is overridden, and open ranges go on to the new last node", () => {
  const overrides = { numNodes: 6, nodePropertyOverrides: [command("0:", "x")] };
  assert.deepEqual(merged(2, [range("0:", "a")], overrides), { numNodes: 6, mainNode: 0, told: ["0: x"] });
});

test("a range's instance types and consumable resources are overridden with it", () => {
  const list = [
    { consumableResource: "licence", quantity: 1 },
    { consumableResource: "token", quantity: 1 },
  ];
  const base = { ...range(":", "a"), consumableResourceProperties: { consumableResourceList: list } };
  const [over] = mergeNodes(definition(1, base), {
    nodePropertyOverrides: [
      {
        targetNodes: "0",
        instanceTypes: ["c5.large"],
        consumableResourcePropertiesOverride: {
          consumableResourceList: [{ consumableResource: "token", quantity: 5 }],
        },
      },
    ],
  }).nodeRangeProperties!;
  assert.deepEqual(over, {
    ...base,
    instanceTypes: ["c5.large"],
    consumableResourceProperties: {
      consumableResourceList: [list[0], { consumableResource: "token", quantity: 5 }],
    },
  });
});

test("units of nodes: each node's containers, whose dependencies are on those of the same node", () => {
  const task = {
    taskProperties: [
      {
        containers: [
          { name: "a", image: "i" },
          { name: "b", image: "i", dependsOn: [{ containerName: "a", condition: "START" }] },
        ],
      },
    ],
  };
  const nodeRangeProperties = [range("0", "x"), { targetNodes: "1:", ecsProperties: task }];
  const units = unitsOf({ nodeProperties: { numNodes: 3, mainNode: 0, nodeRangeProperties } }, "d");
  assert.deepEqual(
    units?.map(({ name, node, dependsOn }) => [name, node, dependsOn.map(({ unit }) => unit)]),
    [
      ["default", 0, []],
      ["a", 1, []],
      ["b", 1, [1]],
      ["a", 2, []],
      ["b", 2, [3]],
    ],
  );
});

test("units of a pod: init containers one after the other, then the others, none of which stops the rest", () => {
  const podProperties = {
    initContainers: [
      { name: "one", image: "i" },
      { name: "two", image: "i" },
    ],
    containers: [{ image: "i" }, { name: "side", image: "i" }],
  };
  const units = unitsOf({ eksProperties: { podProperties } }, "d");
  assert.deepEqual(
    units?.map(({ name, essential, othersGoOn, dependsOn }) => [name, essential, othersGoOn, dependsOn]),
    [
      ["one", true, true, []],
      ["two", true, true, [{ unit: 0, condition: "SUCCESS" }]],
      ["Default", true, true, [{ unit: 1, condition: "SUCCESS" }]],
      ["side", true, true, [{ unit: 1, condition: "SUCCESS" }]],
    ],
  );
});
