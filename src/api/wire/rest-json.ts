import * as batch from "@aws-sdk/client-batch";
import { parseBody } from "./body.ts";
import { compileDecoder } from "./decode.ts";
import { ApiError, serializationException, unknownOperationException, validationException } from "./errors.ts";
import { notAvailable } from "./not-available.ts";
import type { BatchHandlers, BatchInput, BatchOperationName, Call } from "./operations.ts";
import type { Member, Operation } from "./schema.ts";
import { operationsOf } from "./schema.ts";

/** A request as it came: the path and query still percent-encoded, the body not parsed. */
export interface RestRequest {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly search: string;
  readonly body: Buffer | undefined;
}

/** Answers one request of the restJson1 protocol. Rejects with an ApiError, or with what a handler threw. */
export type RestJson = (request: RestRequest, call: Call) => Promise<object>;

type AnyHandler = (input: never, call: Call) => Promise<object>;

interface Route {
  readonly operation: Operation;
  readonly decode: (request: RestRequest, label: string) => Record<string, unknown>;
}

/** Routes AWS Batch's 48 operations by the SDK's schemas, checks their input and calls the handlers. */
export function createRestJson(handlers: BatchHandlers, version: string): RestJson {
  const find = compileRoutes(operationsOf(batch));
  return async (request, call) => {
    const { route, label } = find(request.method, request.path);
    const input = route.decode(request, label);
    const { name } = route.operation;
    const handler: AnyHandler | undefined = handlers[name as BatchOperationName];
    if (handler === undefined) throw notAvailable(name, version);
    return handler(input as never, call);
  };
}

/** How one operation's requests are read and checked: its members by name. */
export function decoderOf<Op extends BatchOperationName>(name: Op): (request: RestRequest) => BatchInput<Op> {
  const operation = operationsOf(batch).find((one) => one.name === name)!;
  const decode = lazyDecoder(operation);
  return (request) => decode(request, "") as BatchInput<Op>;
}

interface Found {
  readonly route: Route;
  /** What stands in the path for the label, still percent-encoded. */
  readonly label: string;
}

/** A path's routes by HTTP method. */
type Methods = Map<string, Route>;

function compileRoutes(operations: readonly Operation[]): (method: string, path: string) => Found {
  const fixed = new Map<string, Methods>();
  const labelled = new Map<string, Methods>();
  for (const operation of operations) {
    if (operation.http === undefined) continue;
    const [prefix = "", label] = operation.http.path.split("{");
    const table = label === undefined ? fixed : labelled;
    const methods = table.get(prefix) ?? new Map<string, Route>();
    methods.set(operation.http.method, { operation, decode: lazyDecoder(operation) });
    table.set(prefix, methods);
  }
  return (method, path) => {
    const exact = fixed.get(path);
    if (exact !== undefined) return { route: pick(exact, method, path), label: "" };
    // An ARN's slashes may come unencoded, so a label takes all of the rest.
    for (const [prefix, methods] of labelled) {
      if (path.startsWith(prefix)) return { route: pick(methods, method, path), label: path.slice(prefix.length) };
    }
    throw unknownOperationException(`${path.slice(0, 200)} is not an operation of AWS Batch`);
  };
}

function pick(methods: Methods, method: string, path: string): Route {
  const route = methods.get(method);
  if (route !== undefined) return route;
  const allowed = [...methods.keys()].sort().join(", ");
  throw new ApiError("MethodNotAllowedException", 405, `${path.slice(0, 200)} takes ${allowed}, not ${method}`, {
    allow: allowed,
  });
}

/** Operations are compiled when they are first called: a server that starts does not pay for all of them. */
function lazyDecoder(operation: Operation): Route["decode"] {
  let decode: Route["decode"] | undefined;
  return (request, label) => (decode ??= compileRequestDecoder(operation))(request, label);
}

function compileRequestDecoder(operation: Operation): Route["decode"] {
  const members = operation.input.members();
  const decode = compileDecoder(members, validationException);
  const bound = members.filter((member) => member.place.kind !== "body");
  if (bound.length === 0 && members.length > 0) return (request) => decode(parseBody(request.body));
  const readsBody = bound.length < members.length;
  return (request, label) => {
    const body = readsBody ? parseBody(request.body) : {};
    if (typeof body !== "object" || body === null || Array.isArray(body)) return decode(body);
    return decode({ ...body, ...readBound(bound, request, label) });
  };
}

/** The members that the path and the query carry; null for an absent one, so that the body cannot supply it. */
function readBound(bound: readonly Member[], request: RestRequest, label: string): Record<string, unknown> {
  const query = new URLSearchParams(request.search);
  return Object.fromEntries(bound.map((member) => [member.name, readBoundMember(member, query, label)]));
}

function readBoundMember(member: Member, query: URLSearchParams, label: string): unknown {
  switch (member.place.kind) {
    case "label":
      return label === "" ? null : percentDecode(label, member.name);
    case "query": {
      const values = query.getAll(member.place.key);
      if (values.length === 0) return null;
      return member.shape.kind === "list" ? values : values[0];
    }
    case "body":
      throw new Error(`${member.name} is not bound to the path or the query`);
  }
}

function percentDecode(text: string, member: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw serializationException(`${member}: the path is not validly percent-encoded`);
  }
}
