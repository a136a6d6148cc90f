import assert from "node:assert/strict";
import { test } from "node:test";
import * as batch from "@aws-sdk/client-batch";
import fc from "fast-check";
import type { BatchOperationName } from "../../src/api/wire/operations.ts";
import type { Operation } from "../../src/api/wire/schema.ts";
import { operationsOf } from "../../src/api/wire/schema.ts";
import { apiServer } from "../api/server.ts";
import { anyInput } from "../support/any-input.ts";
import { batchClient } from "../support/clients.ts";
import { visibleState } from "./state.ts";
import { post } from "./raw-post.ts";
import type { Names } from "./world.ts";
import { makeOneOfEverything, REQUESTS } from "./world.ts";

const operations = operationsOf(batch);

/** Regions are isolated: each gives a fresh set of things, which the valid ones among the requests use up. */
const REGIONS = ["eu-west-1", "eu-west-2", "eu-west-3", "us-east-2", "us-west-1", "us-west-2", "sa-east-1"];
const REQUESTS_PER_REGION = 60;

const LONG = "x".repeat(300);

/** What clients get wrong, and what attackers try. */
const WRONG_VALUES: readonly unknown[] = [
  ...[
    "",
    " ",
    LONG,
    "*",
    "Ref::none",
    "aws:reserved",
    "AWS_BATCH_JOB_ID",
    "../../etc/passwd",
    "a\u0000b",
    "💥",
    "\ud800",
  ],
  ...["arn:aws:batch:eu-west-1:999999999999:job-queue/other", "arn:", "arn:aws:batch", "id:0", "id#0", "__proto__"],
  ...[0, -1, 1, 1.5, 101, 10_001, 2 ** 31, Number.MAX_SAFE_INTEGER, 1e300],
  ...[null, true, false, [], [null], [""], {}, { unknown: 1 }, { constructor: "x" }],
  Array.from({ length: 150 }, (_, index) => `entry-${index}`),
  Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`key-${index}`, "value"])),
  ...Object.values(batch).flatMap((value) => enumValues(value)),
];

function enumValues(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const values = Object.values(value);
  return values.every((one) => typeof one === "string") ? values : [];
}

/** One change of a request: at the place that `at` picks among all there are. */
interface Mutation {
  readonly at: number;
  readonly kind: "remove" | "replace" | "wrap" | "double" | "add";
  readonly value: unknown;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("remove", "replace", "replace", "replace", "wrap", "double", "add"),
  value: fc.oneof(fc.constantFrom(...WRONG_VALUES), fc.jsonValue({ maxDepth: 2 })),
});

interface Tried {
  readonly operation: Operation;
  readonly input: (names: Names, suffix: string) => unknown;
}

const mutated: fc.Arbitrary<Tried> = fc
  .tuple(fc.constantFrom(...operations), fc.array(mutation, { maxLength: 3 }))
  .map(([operation, mutations]) => ({
    operation,
    input: (names, suffix) => {
      const valid = structuredClone(REQUESTS[operation.name as BatchOperationName](names, suffix));
      return mutations.reduce<unknown>(applied, valid);
    },
  }));

const arbitrary: fc.Arbitrary<Tried> = fc
  .constantFrom(...operations)
  .chain((operation) => anyInput(operation.input.members()).map((input) => ({ operation, input: () => input })));

type Place = { readonly holder: Record<string, unknown>; readonly key: string };

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])]);
}

function applied(request: unknown, { at, kind, value }: Mutation): unknown {
  const root = { request };
  const places = placesIn(root);
  const { holder, key } = places[at % places.length]!;
  const before = holder[key];
  if (kind === "remove" && key !== "request") delete holder[key];
  else if (kind === "wrap") holder[key] = [before];
  else if (kind === "double" && Array.isArray(before)) before.push(...structuredClone(before));
  else if (kind === "add" && typeof before === "object" && before !== null) Object.assign(before, { extra: value });
  else holder[key] = structuredClone(value);
  return root.request;
}

test("no request, valid or not, gives a 500, hangs, or changes anything when it is refused", async (t) => {
  const { url } = await apiServer(t);
  let tried = 0;
  let refused = 0;
  const clients = REGIONS.map((region) => batchClient(t, url, region));
  const worlds = new Map<string, { names: Names; state: string }>();
  const property = fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: mutated }, arbitrary), async (one) => {
    const at = Math.floor(tried / REQUESTS_PER_REGION) % REGIONS.length;
    const [region, client] = [REGIONS[at]!, clients[at]!];
    tried += 1;
    if (!worlds.has(region)) {
      const names = await makeOneOfEverything(client);
      worlds.set(region, { names, state: await visibleState(client, names) });
    }
    const world = worlds.get(region)!;
    const input = one.input(world.names, String(tried));
    const { status, text } = await post(url, region, one.operation, input);
    const about = `${one.operation.name} ${JSON.stringify(input)} -> ${status} ${text}`;
    assert.ok(status < 500, about);
    assert.ok(text === "" || isObjectText(text), about);
    const state = await visibleState(client, world.names);
    if (status !== 200) {
      refused += 1;
      assert.equal(state, world.state, about);
    }
    worlds.set(region, { names: world.names, state });
  });
  await fc.assert(property, { numRuns: REGIONS.length * REQUESTS_PER_REGION });
  assert.ok(refused > 50 && refused < tried - 50, `${refused} of ${tried} requests were refused`);
});

function isObjectText(text: string): boolean {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
