import * as batch from "@aws-sdk/client-batch";
import type { Operation, Shape } from "../../src/api/wire/schema.ts";
import { operationsOf } from "../../src/api/wire/schema.ts";

export const OPERATIONS: readonly Operation[] = operationsOf(batch);

/** Every structure that a request can hold, by name, with its members in the SDK's order. The operations' own inputs come first. */
export function requestStructures(): ReadonlyMap<string, readonly string[]> {
  const structures = new Map<string, readonly string[]>();
  let level: Shape[] = OPERATIONS.map(({ input }) => input);
  while (level.length > 0) {
    const next: Shape[] = [];
    for (const shape of level.map(structureIn)) {
      if (shape === undefined || structures.has(shape.name)) continue;
      const members = shape.members();
      structures.set(
        shape.name,
        members.map(({ name }) => name),
      );
      next.push(...members.map((member) => member.shape));
    }
    level = next;
  }
  return structures;
}

/** The structure that a member holds, itself or as a list's or map's entries. */
export function structureIn(shape: Shape): Extract<Shape, { kind: "structure" }> | undefined {
  if (shape.kind === "list") return structureIn(shape.item);
  if (shape.kind === "map") return structureIn(shape.value);
  return shape.kind === "structure" ? shape : undefined;
}

/** A member that a request has, and where. */
export interface Place {
  /** `Shape.member`. */
  readonly key: string;
  /** Names and indexes from the root of the request. */
  readonly path: readonly (string | number)[];
  readonly shape: Shape;
  readonly value: unknown;
}

/** All members that a request has, on every level. */
export function placesIn(shape: Shape, value: unknown, path: readonly (string | number)[] = []): Place[] {
  if (value === undefined) return [];
  switch (shape.kind) {
    case "list":
      return (value as unknown[]).flatMap((item, index) => placesIn(shape.item, item, [...path, index]));
    case "structure":
      return shape.members().flatMap((member) => {
        const found = (value as Record<string, unknown>)[member.name];
        if (found === undefined) return [];
        const place = [...path, member.name];
        const own = { key: `${shape.name}.${member.name}`, path: place, shape: member.shape, value: found };
        return [own, ...placesIn(member.shape, found, place)];
      });
    default:
      return [];
  }
}
