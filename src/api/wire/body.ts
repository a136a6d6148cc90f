import { isUtf8 } from "node:buffer";
import { serializationException } from "./errors.ts";
import { findJsonFault } from "./json-fault.ts";

/** Deeper than any shape of the services answered here. */
export const MAX_DEPTH = 64;

/** More than any request can use: a list has at most 100,000 entries. So many are read within 100 ms, whatever they are. */
export const MAX_VALUES = 200_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;

/**
 * The JSON of a request body. An empty body is `{}`: clients send none for operations without members.
 *
 * @throws SerializationException that says where the JSON is malformed, or that it is not UTF-8 or nested too deeply.
 */
export function parseBody(body: Buffer | undefined): unknown {
  if (body === undefined || body.length === 0) return {};
  if (!isUtf8(body)) throw serializationException("The request body is not valid UTF-8");
  const excess = excessOf(body);
  if (excess !== undefined) throw serializationException(`The request body ${excess}`);
  const text = body.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw serializationException(`The request body is not valid JSON: ${findJsonFault(text)}`);
  }
}

/** Looks before anything is built: ten megabytes of brackets would become half a gigabyte of arrays, and take seconds. */
function excessOf(body: Buffer): string | undefined {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === COMMA) {
      if (++values > MAX_VALUES) return `has more than ${MAX_VALUES} values`;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} levels deep`;
      if (++values > MAX_VALUES) return `has more than ${MAX_VALUES} values`;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
  }
  return undefined;
}
