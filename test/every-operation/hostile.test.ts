import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import * as batch from "@aws-sdk/client-batch";
import fc from "fast-check";
import { operationsOf } from "../../src/api/wire/schema.ts";
import { apiServer } from "../api/server.ts";
import { DEFINITION_SAMPLES } from "../coverage/definition-samples.ts";
import { ENVIRONMENT_SAMPLES } from "../coverage/environment-samples.ts";
import { JOB_SAMPLES } from "../coverage/job-samples.ts";
import { RESOURCE_SAMPLES } from "../coverage/resource-samples.ts";
import type { Known, Sample, Scene, Send } from "../coverage/sample.ts";
import { HOSTILE } from "../support/hostile.ts";
import { ownPostgres, postgresUnavailable } from "../support/postgres.ts";

import { textAt, textPlaces, withText } from "./hostile-text.ts";
import { post } from "./raw-post.ts";
import { makeOneOfEverything } from "./world.ts";

const OPERATIONS = new Map(operationsOf(batch).map((operation) => [operation.name, operation]));
const SAMPLES = [...ENVIRONMENT_SAMPLES, ...DEFINITION_SAMPLES, ...JOB_SAMPLES, ...RESOURCE_SAMPLES];
/** What is kept with a NUL in it has to come back with it, whatever the store can hold. */
const EVERYTHING = ["a\0b", ...Object.values(HOSTILE).filter((text) => text !== HOSTILE["reference"])].join("|");
const HALVES = ["a\ud83d", "\udca5b"];

/** What a test tries in one place: all of it at once, and some of it by itself, which may be short enough, or be no text. */
const texts = fc.tuple(
  fc.constant(EVERYTHING),
  fc.oneof(
    fc.constantFrom(...Object.values(HOSTILE)),
    fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
    fc.constantFrom(...HALVES),
  ),
);

test("hostile text in any member of any request is refused, or comes back as it was given", async (t) => {
  await tryEverywhere(t, SAMPLES, {});
});

test("the same with PostgreSQL", { skip: postgresUnavailable() }, async (t) => {
  const databaseUrl = await (await ownPostgres(t)).createDatabase();
  // Environments and queues take a while to be ready, and are kept in the same way as policies.
  const quick = SAMPLES.filter(({ operation }) => !/Environment|Queue|QuotaShare/.test(operation));
  await tryEverywhere(t, quick, { databaseUrl });
});

/** What names something that is there: under another name there is nothing, or something else. */
const LOOKED_UP = new Set([
  "jobId",
  "jobs",
  "jobQueue",
  "jobDefinition",
  "arrayJobId",
  "multiNodeJobId",
  "resourceArn",
]);

class Refused extends Error {}

async function tryEverywhere(
  t: TestContext,
  samples: readonly Sample[],
  options: { readonly databaseUrl?: string },
): Promise<void> {
  const seed = Number(process.env["LONGSHORE_SEED"] ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const { url, batch: client } = await apiServer(t, options);
  const names = await makeOneOfEverything(client);
  const send: Send = async (name, input) => {
    const { status, text } = await post(url, "us-east-1", OPERATIONS.get(name)!, input);
    if (status === 400) throw new Refused(`${name}: ${text}`);
    assert.equal(status, 200, `seed ${seed}: ${name} ${JSON.stringify(input)}: ${text}`);
    return JSON.parse(text === "" ? "{}" : text) as never;
  };
  let made = 0;
  const newScene = (): Scene => ({ names, suffix: `n${(made += 1)}`, send });
  const trial = { seed, newScene, places: 0, counts: { refused: 0, kept: 0, unseen: 0 } };
  for (const sample of samples) await trySample(sample, trial);
  t.diagnostic(JSON.stringify(trial.counts));
  assert.ok(trial.counts.refused > 200 && trial.counts.kept > 150, JSON.stringify(trial.counts));
}

interface Trial {
  readonly seed: number;
  readonly newScene: () => Scene;
  places: number;
  readonly counts: { refused: number; kept: number; unseen: number };
}

/** A scene with a request that was not made yet, or that can be made again. */
interface Ready {
  readonly scene: Scene;
  readonly input: object;
}

async function trySample(sample: Sample, trial: Trial): Promise<void> {
  const prepared = async (): Promise<Ready> => {
    const scene = trial.newScene();
    return { scene, input: await sample.input(scene) };
  };
  const isOnce = /^(Create|Delete|Deregister|Cancel|Terminate)/.test(sample.operation);
  let ready = await prepared();
  const seen = await seenAfter(sample, ready);
  if (isOnce) ready = await prepared();
  for (const place of textPlaces(OPERATIONS.get(sample.operation)!.input, ready.input)) {
    const original = textAt(ready.input, place, String(place.path.at(-1)));
    const isShown =
      !LOOKED_UP.has(String(place.path[0])) && (JSON.stringify(seen) ?? "").includes(JSON.stringify(original));
    const isThere = textAt(seen, place, String(place.path.at(-1))) === original;
    const [tried] = fc.sample(texts, { numRuns: 1, seed: trial.seed + (trial.places += 1) });
    for (const text of [...tried!, ...(place.isKey ? ["__proto__"] : [])]) {
      const input = withText(ready.input, place, text) as object;
      const about = `seed ${trial.seed}: ${sample.operation} ${place.name} ${JSON.stringify(text)}`;
      const answer = await seenAfter(sample, { ...ready, input }).catch(refusal);
      if (answer instanceof Refused) {
        trial.counts.refused += 1;
        continue;
      }
      assert.ok(text.isWellFormed(), `${about} is kept`);
      if (isThere) assert.equal(textAt(answer, place, text), text, about);
      else if (isShown) assert.ok(JSON.stringify(answer).includes(JSON.stringify(text)), about);
      trial.counts[isThere || isShown ? "kept" : "unseen"] += 1;
      if (isOnce) ready = await prepared();
    }
  }
}

function refusal(error: unknown): Refused {
  if (error instanceof Refused) return error;
  throw error;
}

async function seenAfter(sample: Sample, { scene, input }: Ready): Promise<unknown> {
  const answer = await scene.send(sample.operation, input);
  return sample.see?.(scene, { ...input, ...answer } as Known);
}
