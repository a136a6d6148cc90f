import type * as batch from "@aws-sdk/client-batch";

/**
 * Reads the schemas that the AWS SDK exports (`SubmitJob$`, `SubmitJobRequest$`, ...). Their layout, by the first element:
 * `[9, namespace, name, traits, input, output]` operation; `[3, namespace, name, traits, memberNames, memberSchemas, requiredCount?]`
 * structure, whose first `requiredCount` members are required; `[1, namespace, name, traits, item]` list;
 * `[2, namespace, name, traits, key, value]` map; `[0, namespace, name, traits, schema]` a named scalar. A scalar is a number: 0 string,
 * 1 number, 2 boolean; + 64 a list, + 128 a map of them. A pair `[schema, traits]` is a member with traits of its own, a function
 * gives the schema that it stands for.
 */
export type OperationSchema = typeof batch.SubmitJob$;

/** What a value must look like. Structures are read when they are first needed. */
export type Shape =
  | { readonly kind: "boolean" | "integer" | "long" | "double" }
  | { readonly kind: "string"; readonly mayBeBroken?: true }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "map"; readonly value: Shape }
  | { readonly kind: "structure"; readonly name: string; readonly members: () => readonly Member[] };

export interface Member {
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
  readonly place: MemberPlace;
}

/** Where the request carries a member. */
export type MemberPlace =
  | { readonly kind: "body" }
  | { readonly kind: "label" }
  | { readonly kind: "query"; readonly key: string };

export interface Operation {
  readonly name: string;
  /** Absent for operations that are not bound to a path (awsJson). */
  readonly http?: { readonly method: string; readonly path: string };
  readonly input: Extract<Shape, { kind: "structure" }>;
}

/**
 * The SDK's schemas say "number" for every numeric type. These members of requests are floats in the services' models, and those below are integers
 * of 64 bits; all others have 32, and clients in typed languages could not read back more.
 */
const DOUBLES: ReadonlySet<string> = new Set(["ShareAttributes.weightFactor"]);

const LONGS: ReadonlySet<string> = new Set([
  "CreateConsumableResourceRequest.totalQuantity",
  "UpdateConsumableResourceRequest.quantity",
  "ConsumableResourceRequirement.quantity",
  "EksContainerSecurityContext.runAsUser",
  "EksContainerSecurityContext.runAsGroup",
  "UpdatePolicy.jobExecutionTimeoutMinutes",
  "GetLogEventsRequest.startTime",
  "GetLogEventsRequest.endTime",
  "FilterLogEventsRequest.startTime",
  "FilterLogEventsRequest.endTime",
  "InputLogEvent.timestamp",
]);

/** Output of programs, of which nobody can ask that it be Unicode: half a surrogate pair is replaced where it is stored, not refused. */
const BROKEN_TEXTS: ReadonlySet<string> = new Set(["InputLogEvent.message"]);

const LIST_OF_SCALARS = 64;
const MAP_OF_SCALARS = 128;
/** The bit that says httpLabel where traits are given as bits. */
const LABEL_TRAIT = 1;

/** Every operation that an SDK package exports, in the order of its exports. */
export function operationsOf(sdk: object): Operation[] {
  const schemas = Object.values(sdk).filter(isOperationSchema);
  return schemas.map(readOperation);
}

/** @throws if the value is not an operation of the SDK: a programmer's error. */
export function readOperation(schema: OperationSchema): Operation {
  const [, , name, traits, input] = schema;
  const shape = readShape(input, name);
  if (shape.kind !== "structure") throw new Error(`The input of ${name} is not a structure`);
  const binding = typeof traits === "object" ? traits.http : undefined;
  return binding === undefined
    ? { name, input: shape }
    : { name, input: shape, http: { method: binding[0], path: binding[1] } };
}

export function isOperationSchema(value: unknown): value is OperationSchema {
  return Array.isArray(value) && value[0] === 9;
}

function readShape(schema: unknown, owner: string): Shape {
  if (typeof schema === "function") return readShape(schema(), owner);
  if (typeof schema === "number") return readScalar(schema, owner);
  if (!Array.isArray(schema)) throw new Error(`${owner}: a schema of a kind that the decoder does not know`);
  if (schema.length === 2) return readShape(schema[0], owner);
  switch (schema[0]) {
    case 0:
      return readShape(schema[4], owner);
    case 1:
      return { kind: "list", item: readShape(schema[4], owner) };
    case 2:
      return { kind: "map", value: readShape(schema[5], owner) };
    case 3:
      return readStructure(schema);
    default:
      throw new Error(`${owner}: a schema of kind ${String(schema[0])}, which the decoder does not know`);
  }
}

function readScalar(schema: number, owner: string): Shape {
  if (schema & MAP_OF_SCALARS) return { kind: "map", value: readScalar(schema & ~MAP_OF_SCALARS, owner) };
  if (schema & LIST_OF_SCALARS) return { kind: "list", item: readScalar(schema & ~LIST_OF_SCALARS, owner) };
  switch (schema) {
    case 0:
      return BROKEN_TEXTS.has(owner) ? { kind: "string", mayBeBroken: true } : { kind: "string" };
    case 1:
      return { kind: DOUBLES.has(owner) ? "double" : LONGS.has(owner) ? "long" : "integer" };
    case 2:
      return { kind: "boolean" };
    default:
      throw new Error(`${owner}: a scalar of kind ${schema}, which the decoder does not know`);
  }
}

/** One shape per SDK structure, however many members use it. */
const structures = new WeakMap<readonly unknown[], Extract<Shape, { kind: "structure" }>>();

function readStructure(schema: readonly unknown[]): Shape {
  const known = structures.get(schema);
  if (known !== undefined) return known;
  let members: readonly Member[] | undefined;
  const shape = {
    kind: "structure" as const,
    name: String(schema[2]),
    members: () => (members ??= readMembers(schema)),
  };
  structures.set(schema, shape);
  return shape;
}

function readMembers(schema: readonly unknown[]): Member[] {
  const structure = String(schema[2]);
  const names = schema[4] as readonly string[];
  const schemas = schema[5] as readonly unknown[];
  const requiredCount = (schema[6] as number | undefined) ?? 0;
  return names.map((name, index) => ({
    name,
    shape: readShape(schemas[index], `${structure}.${name}`),
    required: index < requiredCount,
    place: placeOf(schemas[index]),
  }));
}

function placeOf(schema: unknown): MemberPlace {
  if (!Array.isArray(schema) || schema.length !== 2) return { kind: "body" };
  const traits = schema[1] as number | { readonly httpLabel?: 1; readonly httpQuery?: string };
  if (typeof traits === "number") return { kind: (traits & LABEL_TRAIT) === 0 ? "body" : "label" };
  if (traits.httpLabel === 1) return { kind: "label" };
  return traits.httpQuery === undefined ? { kind: "body" } : { kind: "query", key: traits.httpQuery };
}
