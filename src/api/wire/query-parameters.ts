import { isUtf8 } from "node:buffer";
import { ApiError } from "./errors.ts";

/** The parameters of a query request: of its form body, or of its URL. */
export type QueryParameters = ReadonlyMap<string, string>;

/** More than any request can use: a list has at most 1,000 entries. */
const MAX_PARAMETERS = 10_000;

/** @throws MalformedQueryString */
export function parseQueryParameters(search: string, body: Buffer | undefined): QueryParameters {
  if (body !== undefined && !isUtf8(body)) throw malformed("The request body is not valid UTF-8.");
  const text = body === undefined || body.length === 0 ? search : body.toString("utf8");
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    parameters.set(name, value);
    if (parameters.size > MAX_PARAMETERS) throw malformed(`The request has more than ${MAX_PARAMETERS} parameters.`);
  }
  return parameters;
}

/** `InstanceId.1`, `InstanceId.2`, ... as a list, in order of their numbers. */
export function listOf(parameters: QueryParameters, name: string): string[] {
  return numbered(parameters, name).flatMap(({ members }) => members.get("") ?? []);
}

/** `Filter.1.Name`, `Filter.1.Value.1`, ... as a list of structures, each with the parameters `Name`, `Value.1`, ... */
export function structuresOf(parameters: QueryParameters, name: string): QueryParameters[] {
  return numbered(parameters, name).map(({ members }) => members);
}

function numbered(parameters: QueryParameters, name: string) {
  const entries = new Map<number, Map<string, string>>();
  for (const [key, value] of parameters) {
    const match = key.startsWith(`${name}.`) ? /^(\d{1,9})(?:\.(.+))?$/s.exec(key.slice(name.length + 1)) : null;
    if (match === null) continue;
    const number = Number(match[1]);
    const members = entries.get(number) ?? new Map<string, string>();
    members.set(match[2] ?? "", value);
    entries.set(number, members);
  }
  return [...entries].map(([number, members]) => ({ number, members })).sort((a, b) => a.number - b.number);
}

function malformed(message: string): ApiError {
  return new ApiError("MalformedQueryString", 400, message);
}
