import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import type { BatchInput, BatchOperationName } from "../../src/api/wire/operations.ts";
import { apiServer } from "../api/server.ts";
import { makeOneOfEverything, send } from "../every-operation/world.ts";
import { DEFINITION_SAMPLES } from "./definition-samples.ts";
import { ENVIRONMENT_SAMPLES } from "./environment-samples.ts";
import { JOB_SAMPLES } from "./job-samples.ts";
import { requestStructures } from "./members.ts";
import { coveragePage } from "./page.ts";
import { PAGED_LISTINGS } from "./paging-samples.ts";
import { RESOURCE_SAMPLES } from "./resource-samples.ts";
import type { Found, NewScene } from "./trial.ts";
import { tryMembers, tryPaging } from "./trial.ts";
import { unknownNames } from "./without-effect.ts";

const PAGE = join(import.meta.dirname, "..", "..", "docs", "api-coverage.md");
const SAMPLES = [...ENVIRONMENT_SAMPLES, ...DEFINITION_SAMPLES, ...JOB_SAMPLES, ...RESOURCE_SAMPLES];

test("every member of every request is enforced, or stored and echoed", async (t) => {
  const { batch } = await apiServer(t);
  const newScene = await scenes(batch);
  const found = new Map<string, Found>();
  const ignored = new Set<string>();
  for (const sample of SAMPLES) {
    const title = `${sample.operation} ${SAMPLES.indexOf(sample)}`;
    await t.test(title, async () => {
      const tried = await tryMembers(sample, newScene, found);
      for (const [key, what] of tried.found) found.set(key, what);
      for (const key of tried.ignored) ignored.add(key);
    });
  }
  for (const listing of PAGED_LISTINGS) {
    await t.test(`pages of ${listing.operation}`, async () => {
      for (const [key, what] of await tryPaging(listing, newScene)) found.set(key, what);
    });
  }
  const keys = [...requestStructures()].flatMap(([name, members]) => members.map((member) => `${name}.${member}`));
  const untried = keys.filter((key) => !found.has(key) && !ignored.has(key));
  assert.deepEqual({ ignored: [...ignored].filter((key) => !found.has(key)), untried }, { ignored: [], untried: [] });
  assert.deepEqual(unknownNames(keys), []);
  const page = coveragePage(found);
  if (process.env["LONGSHORE_WRITE_COVERAGE"] !== undefined) writeFileSync(PAGE, page);
  assert.equal(readFileSync(PAGE, "utf8"), page, "docs/api-coverage.md is out of date: npm run coverage writes it");
});

async function scenes(client: BatchClient): Promise<NewScene> {
  const names = await makeOneOfEverything(client);
  let made = 0;
  return () => {
    made += 1;
    return {
      names,
      suffix: `no${made}`,
      send: (operation: BatchOperationName, input: object) =>
        send(client, operation, input as BatchInput<BatchOperationName>) as never,
    };
  };
}
