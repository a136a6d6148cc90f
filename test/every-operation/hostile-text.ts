import type { Shape } from "../../src/api/wire/schema.ts";

type Path = readonly (string | number)[];

/** A text in a request, and how to put another one in its place: of maps, the keys are texts too. */
export interface TextPlace {
  /** For messages. */
  readonly name: string;
  readonly path: Path;
  readonly isKey: boolean;
}

/** All texts that a request has, on every level. */
export function textPlaces(shape: Shape, value: unknown, path: Path = []): TextPlace[] {
  if (value === undefined) return [];
  switch (shape.kind) {
    case "string":
      return [{ name: path.join("."), path, isKey: false }];
    case "list":
      return (value as unknown[]).flatMap((item, index) => textPlaces(shape.item, item, [...path, index]));
    case "map":
      return Object.entries(value as object).flatMap(([key, entry]) => [
        { name: [...path, key, "(key)"].join("."), path: [...path, key], isKey: true },
        ...textPlaces(shape.value, entry, [...path, key]),
      ]);
    case "structure":
      return shape.members().flatMap((member) => {
        const found = (value as Record<string, unknown>)[member.name];
        return textPlaces(member.shape, found, [...path, member.name]);
      });
    default:
      return [];
  }
}

/** A copy of the request with that text in that place. JSON has own members of any name. */
export function withText(input: unknown, { path, isKey }: TextPlace, text: string): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return text;
  if (Array.isArray(input))
    return input.map((item, at) =>
      at === step ? withText(item, { name: "", path: rest, isKey }, text) : (item as unknown),
    );
  const entries = Object.entries(input as object).map(([key, value]: [string, unknown]) => {
    if (key !== step) return [key, value] as const;
    if (isKey && rest.length === 0) return [text, value] as const;
    return [key, withText(value, { name: "", path: rest, isKey }, text)] as const;
  });
  return Object.fromEntries(entries);
}

/** What stands in that place of an answer that repeats the request; of a key whether it is there. */
export function textAt(seen: unknown, { path, isKey }: TextPlace, text: string): unknown {
  const steps = isKey ? [...path.slice(0, -1), text] : path;
  const found = steps.reduce<unknown>(
    (at, step) =>
      Object.hasOwn(Object(at) as object, step) ? (at as Record<string | number, unknown>)[step] : undefined,
    seen,
  );
  return isKey && found !== undefined ? text : found;
}
