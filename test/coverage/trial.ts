import type { Shape } from "../../src/api/wire/schema.ts";
import { OPERATIONS, placesIn } from "./members.ts";
import type { Place } from "./members.ts";
import type { PagedListing } from "./paging-samples.ts";
import type { Sample, Scene } from "./sample.ts";

/** What a member of a request does: it comes back in the description as it was given, or another value gives another answer or effect. */
export type Found = "echoed" | "enforced";

/** Gives each trial a scene in which nothing of the others is. */
export type NewScene = () => Scene;

/** Tries each member of a sample. `ignored` are those of which no client sees anything. */
export async function tryMembers(
  sample: Sample,
  newScene: NewScene,
  known: ReadonlyMap<string, Found>,
): Promise<{ found: Map<string, Found>; ignored: string[] }> {
  const shape = inputOf(sample.operation);
  const found = new Map<string, Found>();
  const ignored: string[] = [];
  const base = await observe(sample, newScene(), (input) => input);
  if (base.error !== undefined) throw new Error(`${sample.operation}: the sample itself is refused: ${base.error}`);
  const places = placesIn(shape, base.input);
  for (const place of places) if (isEchoed(place, base.seen)) found.set(place.key, "echoed");
  for (const place of places) {
    if (found.has(place.key) || known.has(place.key)) continue;
    const isEnforced = await makesADifference(sample, place, base.text, newScene);
    if (isEnforced) found.set(place.key, "enforced");
    else ignored.push(place.key);
  }
  return { found, ignored: ignored.filter((key) => !found.has(key)) };
}

/** `maxResults` gives pages of that size, `nextToken` the page after. */
export async function tryPaging({ operation, input }: PagedListing, newScene: NewScene): Promise<Map<string, Found>> {
  const scene = newScene();
  const request = await input(scene);
  const page = (more: object) =>
    scene.send(operation, { ...request, ...more }) as unknown as Promise<{ nextToken?: string }>;
  const first = await page({ maxResults: 1 });
  const second = await page({ maxResults: 1, nextToken: first.nextToken });
  const both = await page({ maxResults: 2 });
  const { name } = inputOf(operation);
  const found = new Map<string, Found>();
  if (first.nextToken !== undefined && itemsOf(first).length === 1 && itemsOf(both).length === 2) {
    found.set(`${name}.maxResults`, "enforced");
  }
  const [one, other] = itemsOf(both).map((item) => JSON.stringify(item));
  const areInOrder = JSON.stringify(itemsOf(first)[0]) === one && JSON.stringify(itemsOf(second)[0]) === other;
  if (areInOrder) found.set(`${name}.nextToken`, "enforced");
  return found;
}

function itemsOf(answer: object): unknown[] {
  return Object.values(answer).find((value) => Array.isArray(value)) ?? [];
}

function inputOf(operation: string) {
  return OPERATIONS.find(({ name }) => name === operation)!.input;
}

interface Observed {
  readonly input: object;
  readonly seen: unknown;
  readonly error: string | undefined;
  /** Everything, without what is another in each trial. */
  readonly text: string;
}

async function observe(sample: Sample, scene: Scene, altered: (input: object) => object): Promise<Observed> {
  const input = altered(await sample.input(scene));
  let answer: object | undefined;
  let error: string | undefined;
  try {
    answer = await scene.send(sample.operation, input);
  } catch (thrown) {
    error = String(thrown);
  }
  const isVisible = answer !== undefined && sample.see !== undefined;
  const seen = isVisible ? await sample.see?.(scene, { ...input, ...answer }) : undefined;
  const { $metadata: _, ...said } = (answer ?? {}) as Record<string, unknown>;
  return { input, seen, error, text: withoutChance(JSON.stringify([error, said, seen]), scene.suffix) };
}

function withoutChance(text: string, suffix: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
    .replaceAll(/"[A-Za-z0-9_-]{60,}"/g, '"TOKEN"')
    .replaceAll(/\b\d{13}\b/g, "TIME")
    .replaceAll(/[0-9a-f]{32}/g, "HEX")
    .replaceAll(suffix, "SUFFIX");
}

async function makesADifference(sample: Sample, place: Place, base: string, newScene: NewScene): Promise<boolean> {
  const other = sample.others?.[place.key] ?? otherValue(place.shape, place.value);
  for (const value of [other, undefined]) {
    const { text } = await observe(sample, newScene(), (input) => withValue(input, place.path, value));
    if (text !== base) return true;
  }
  return false;
}

function otherValue(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case "string":
      return `${value as string}x`;
    case "boolean":
      return value !== true;
    case "integer":
    case "long":
    case "double":
      return (value as number) + 1;
    case "list":
      return [];
    case "map":
      return { other: "value" };
    case "structure":
      return undefined;
  }
}

/** A copy in which the place has another value; without it when that is undefined. */
function withValue(input: object, path: readonly (string | number)[], value: unknown): object {
  const copy = structuredClone(input);
  let holder = copy as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) holder = holder[step] as Record<string | number, unknown>;
  holder[path.at(-1)!] = value;
  return copy;
}

function isEchoed({ path, value }: Place, seen: unknown): boolean {
  let at = seen;
  for (const step of path) at = (at as Record<string | number, unknown> | null | undefined)?.[step];
  return at !== undefined && isSame(value, at);
}

/** Names come back as ARNs, and some words in lower case. */
function isSame(given: unknown, seen: unknown): boolean {
  if (typeof given === "string" && typeof seen === "string") {
    return given.toLowerCase() === seen.toLowerCase() || seen.endsWith(`/${given}`);
  }
  if (typeof given !== "object" || given === null) return given === seen;
  if (typeof seen !== "object" || seen === null) return false;
  return Object.entries(given).every(([key, value]) => isSame(value, (seen as Record<string, unknown>)[key]));
}
