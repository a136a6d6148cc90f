import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import type { CreateConsumableResourceCommandInput, UpdateConsumableResourceCommandInput } from "@aws-sdk/client-batch";
import {
  CreateConsumableResourceCommand,
  DeleteConsumableResourceCommand,
  DescribeConsumableResourceCommand,
  ListConsumableResourcesCommand,
  paginateListConsumableResources,
  UpdateConsumableResourceCommand,
} from "@aws-sdk/client-batch";
import { CONSUMABLE_UPDATE, NEW_CONSUMABLE } from "../../src/api/batch/consumables/consumable-resources.ts";
import { batchClient } from "../support/clients.ts";
import { testRefusals, WRONG_TAGS } from "../support/refusals.ts";
import { apiServer, refused } from "./server.ts";

const { batch, url } = await apiServer({ after });
const elsewhere = batchClient({ after }, url, "eu-west-1");

const arnOf = (name: string) => `arn:aws:batch:us-east-1:123456789012:consumable-resource/${name}`;
const create = (consumableResourceName: string, more: Partial<CreateConsumableResourceCommandInput> = {}) =>
  batch.send(new CreateConsumableResourceCommand({ consumableResourceName, ...more }));
async function describe(consumableResource: string) {
  const { $metadata: _, ...found } = await batch.send(new DescribeConsumableResourceCommand({ consumableResource }));
  return found;
}
const update = (consumableResource: string, more: Partial<UpdateConsumableResourceCommandInput>) =>
  batch.send(new UpdateConsumableResourceCommand({ consumableResource, ...more }));

testRefusals<CreateConsumableResourceCommandInput>(
  "CreateConsumableResource",
  (wrong) => create("wrong", wrong),
  [NEW_CONSUMABLE],
  [
    [
      "a bad name",
      { consumableResourceName: "a b" },
      "ConsumableResource name should match a valid pattern.",
      "consumableName",
    ],
    ["a negative total", { totalQuantity: -1 }, "totalQuantity cannot be a negative number.", "negativeTotal"],
    [
      "an unknown type",
      { resourceType: "ETERNAL" },
      "Resource type ETERNAL is not valid. Valid types: [REPLENISHABLE, NON_REPLENISHABLE]",
      "consumableType",
    ],
    ...WRONG_TAGS,
  ],
);

await create("to-update", { totalQuantity: 5 });
testRefusals<UpdateConsumableResourceCommandInput>(
  "UpdateConsumableResource",
  (wrong) => update("to-update", { operation: "ADD", quantity: 1, ...wrong }),
  [CONSUMABLE_UPDATE],
  [
    [
      "an unknown operation",
      { operation: "DOUBLE" },
      "Operation DOUBLE is not valid. Valid operations: [SET, ADD, REMOVE]",
      "consumableOperation",
    ],
    ["no quantity", { quantity: undefined }, "quantity must be provided.", "quantityRequired"],
    ["a negative quantity", { quantity: -1 }, "quantity cannot be a negative number.", "negativeQuantity"],
    ["a long token", { clientToken: "x".repeat(65) }, "clientToken must have 1 to 64 characters.", "clientTokenLength"],
  ],
);
test("refused updates change nothing", async () => {
  assert.equal((await describe("to-update")).totalQuantity, 5);
});

test("a resource and its total", async () => {
  const created = await create("licences", { totalQuantity: 10, tags: { a: "b" } });
  assert.deepEqual([created.consumableResourceName, created.consumableResourceArn], ["licences", arnOf("licences")]);
  const { createdAt, ...found } = await describe("licences");
  assert.ok(createdAt! > 1_600_000_000_000);
  assert.deepEqual(found, {
    consumableResourceName: "licences",
    consumableResourceArn: arnOf("licences"),
    totalQuantity: 10,
    inUseQuantity: 0,
    availableQuantity: 10,
    resourceType: "REPLENISHABLE",
    tags: { a: "b" },
  });
  const totals = [];
  for (const [operation, quantity] of [
    ["ADD", 5],
    ["REMOVE", 12],
    ["SET", 7],
    [undefined, 8],
    ["REMOVE", 8],
  ] as const) {
    const answer = await update(arnOf("licences"), { operation, quantity });
    assert.equal(answer.consumableResourceName, "licences");
    assert.equal(answer.consumableResourceArn, arnOf("licences"));
    totals.push(answer.totalQuantity);
  }
  assert.deepEqual(totals, [15, 3, 7, 8, 0]);
  await assert.rejects(
    update("licences", { operation: "REMOVE", quantity: 1 }),
    refused("totalQuantity cannot be a negative number."),
  );
  await update("licences", { operation: "SET", quantity: Number.MAX_SAFE_INTEGER });
  await assert.rejects(
    update("licences", { operation: "ADD", quantity: 1 }),
    refused("totalQuantity must be between 0 and 9007199254740991."),
  );
  assert.equal((await describe("licences")).totalQuantity, Number.MAX_SAFE_INTEGER);
});

test("without a total there is none, and a type can be chosen", async () => {
  await create("budget", { resourceType: "NON_REPLENISHABLE" });
  const { totalQuantity, resourceType } = await describe("budget");
  assert.deepEqual([totalQuantity, resourceType], [0, "NON_REPLENISHABLE"]);
});

test("the same token and request are applied once, however often and however close together they come", async () => {
  await create("tokens");
  const clientToken = randomUUID();
  const add = (quantity = 3, token = clientToken) =>
    update("tokens", { operation: "ADD", quantity, clientToken: token });
  const answers = await Promise.all([add(), add(), add()]);
  await add();
  assert.deepEqual([...new Set(answers.map(({ totalQuantity }) => totalQuantity))], [3]);
  await assert.rejects(add(4), refused(`The clientToken ${clientToken} was used with other parameters.`));
  await add(3, randomUUID());
  assert.equal((await describe("tokens")).totalQuantity, 6);
  // A request that was refused has not used its token.
  const token = randomUUID();
  const take = (quantity: number) => update("tokens", { operation: "REMOVE", quantity, clientToken: token });
  await assert.rejects(take(7), refused("totalQuantity cannot be a negative number."));
  await take(6);
  assert.equal((await describe("tokens")).totalQuantity, 0);
});

test("many updates at once lose none", async () => {
  await create("busy");
  await Promise.all(Array.from({ length: 50 }, () => update("busy", { operation: "ADD", quantity: 2 })));
  assert.equal((await describe("busy")).totalQuantity, 100);
});

test("a name is taken once in an account and region, until its resource is deleted", async () => {
  await create("taken", { totalQuantity: 1 });
  await assert.rejects(create("taken"), refused("Object already exists"));
  const abroad = elsewhere.send(new DescribeConsumableResourceCommand({ consumableResource: arnOf("taken") }));
  await assert.rejects(abroad, refused("ConsumableResource taken not found."));
  const remove = (consumableResource: string) =>
    batch.send(new DeleteConsumableResourceCommand({ consumableResource }));
  await remove("taken");
  await assert.rejects(describe("taken"), refused("ConsumableResource taken not found."));
  await assert.rejects(update("taken", { quantity: 1 }), refused("ConsumableResource taken not found."));
  await create("taken");
  assert.equal((await describe("taken")).totalQuantity, 0);
  await remove(arnOf("taken"));
  await remove("taken");
  const foreign = arnOf("taken").replace("123456789012", "210987654321");
  await assert.rejects(remove(foreign), refused("ConsumableResource taken not found."));
});

test("the list, by name and page by page", async () => {
  for (const name of ["List-a", "list-b", "list-c", "listing"]) await create(name, { totalQuantity: 2 });
  const list = async (value: string) => {
    const filters = [{ name: "CONSUMABLE_RESOURCE_NAME", values: [value] }];
    const names: (string | undefined)[] = [];
    for await (const page of paginateListConsumableResources({ client: batch, pageSize: 2 }, { filters })) {
      assert.ok(page.consumableResources!.length <= 2);
      names.push(...page.consumableResources!.map(({ consumableResourceName }) => consumableResourceName));
    }
    return names;
  };
  assert.deepEqual(await list("LIST-*"), ["List-a", "list-b", "list-c"]);
  assert.deepEqual(await list("list-A"), ["List-a"]);
  assert.deepEqual(await list("list"), []);
  const { consumableResources } = await batch.send(new ListConsumableResourcesCommand({}));
  assert.deepEqual(
    consumableResources!.find(({ consumableResourceName }) => consumableResourceName === "listing"),
    {
      consumableResourceArn: arnOf("listing"),
      consumableResourceName: "listing",
      totalQuantity: 2,
      inUseQuantity: 0,
      resourceType: "REPLENISHABLE",
    },
  );
  for (const [filters, message] of [
    [[{ name: "NAME", values: ["x"] }], "Filter NAME is not valid. Valid filters: [CONSUMABLE_RESOURCE_NAME]"],
    [[{ name: "CONSUMABLE_RESOURCE_NAME", values: [] }], "Filter CONSUMABLE_RESOURCE_NAME needs exactly one value."],
    [
      [
        { name: "CONSUMABLE_RESOURCE_NAME", values: ["x"] },
        { name: "CONSUMABLE_RESOURCE_NAME", values: ["y"] },
      ],
      "Only one filter is allowed.",
    ],
  ] as const) {
    const command = new ListConsumableResourcesCommand({ filters: structuredClone(filters) as never });
    await assert.rejects(batch.send(command), refused(message));
  }
});
