import assert from "node:assert/strict";
import { test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import * as batch from "@aws-sdk/client-batch";
import fc from "fast-check";
import { operationsOf } from "../../src/api/wire/schema.ts";
import { anyInput } from "../support/any-input.ts";
import type { Received } from "./harness.ts";
import { batchClient, recordingHandlers, startServer } from "./harness.ts";

const operations = operationsOf(batch);
const anyRequest = fc
  .constantFrom(...operations)
  .chain(({ name, input }) => fc.record({ name: fc.constant(name), input: anyInput(input.members()) }));

type AnyCommand = new (input: object) => Parameters<BatchClient["send"]>[0];

test("what an SDK client sends, the handler gets, whatever the operation and its input", async (t) => {
  const received: Received[] = [];
  const names = operations.map((operation) => operation.name);
  const { endpoint } = await startServer(t, { batch: recordingHandlers(names, received) });
  const client = batchClient(t, endpoint);
  const property = fc.asyncProperty(anyRequest, async ({ name, input }) => {
    const Command = Reflect.get(batch, `${name}Command`) as AnyCommand;
    received.length = 0;
    await client.send(new Command(input));
    assert.deepEqual(
      received.map((one) => [one.operation, one.input]),
      [[name, input]],
    );
  });
  await fc.assert(property, { numRuns: 300 });
});
