import type { IncomingHttpHeaders } from "node:http";
import { incompleteSignature, invalidSignature } from "./signature-errors.ts";

/** A request as far as its signature covers it. */
export interface SignedRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** The query, without the question mark. */
  readonly search: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | undefined;
}

/** What a request says about its signature: all of it is there and has the right form, nothing is verified. */
export interface Signature {
  readonly accessKeyId: string;
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** In lower case, in order, each once. */
  readonly signedHeaders: readonly string[];
  /** 64 hexadecimal digits. */
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly time: string;
  /** In a presigned URL; a signature in the header has none. */
  readonly expiresSeconds?: number;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const TERMINATOR = "aws4_request";
const TIME = /^\d{8}T\d{6}Z$/;
const MAX_EXPIRES_SECONDS = 604_800;

/** @throws IncompleteSignatureException or InvalidSignatureException that says which part is missing or malformed. */
export function readSignature({ headers, search }: Pick<SignedRequest, "headers" | "search">): Signature {
  return headers.authorization === undefined
    ? readPresigned(new URLSearchParams(search))
    : readHeader(headers.authorization, headers["x-amz-date"]);
}

function readHeader(authorization: string, time: string | string[] | undefined): Signature {
  const space = authorization.indexOf(" ");
  if (authorization.slice(0, space) !== ALGORITHM) {
    throw incompleteSignature(`The Authorization header must begin with ${ALGORITHM}.`);
  }
  const parameters = readParameters(authorization.slice(space));
  const missing = HEADER_PARAMETERS.filter((name) => !parameters.get(name));
  if (missing.length > 0 || typeof time !== "string") {
    const faults = missing.map((name) => `Authorization header requires '${name}' parameter.`);
    if (typeof time !== "string") faults.push("Authorization header requires existence of a 'X-Amz-Date' header.");
    throw incompleteSignature(faults.join(" "));
  }
  return {
    ...readScope(parameters.get("Credential")!, time),
    signedHeaders: readSignedHeaders(parameters.get("SignedHeaders")!),
    signature: parameters.get("Signature")!,
    time,
  };
}

const HEADER_PARAMETERS = ["Credential", "Signature", "SignedHeaders"];

function readParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const part of text.split(",")) {
    const pair = part.trim();
    const name = pair.slice(0, Math.max(pair.indexOf("="), 0));
    if (!HEADER_PARAMETERS.includes(name) || parameters.has(name)) {
      throw incompleteSignature(`'${pair.slice(0, 100)}' not a valid key=value pair in Authorization header.`);
    }
    parameters.set(name, pair.slice(name.length + 1));
  }
  return parameters;
}

const PRESIGNED = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];

function readPresigned(query: URLSearchParams): Signature {
  const missing = [...PRESIGNED, "X-Amz-Expires"].filter((name) => query.getAll(name).length !== 1);
  if (missing.length > 0) {
    const names = missing.map((name) => `'${name}'`).join(", ");
    throw incompleteSignature(
      `AWS query-string parameters must include ${names}. Re-examine the query-string parameters.`,
    );
  }
  const value = (name: string): string => query.get(name)!;
  if (value("X-Amz-Algorithm") !== ALGORITHM) throw incompleteSignature(`X-Amz-Algorithm must be ${ALGORITHM}.`);
  const expires = value("X-Amz-Expires");
  if (!/^[1-9]\d{0,5}$/.test(expires) || Number(expires) > MAX_EXPIRES_SECONDS) {
    throw incompleteSignature(`X-Amz-Expires must be a number of seconds from 1 to ${MAX_EXPIRES_SECONDS}.`);
  }
  const time = value("X-Amz-Date");
  return {
    ...readScope(value("X-Amz-Credential"), time),
    signedHeaders: readSignedHeaders(value("X-Amz-SignedHeaders")),
    signature: value("X-Amz-Signature"),
    time,
    expiresSeconds: Number(expires),
  };
}

function readScope(credential: string, time: string): Pick<Signature, "accessKeyId" | "date" | "region" | "service"> {
  const parts = credential.split("/");
  if (parts.length !== 5) {
    const quoted = credential.slice(0, 200);
    throw incompleteSignature(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${quoted}'`,
    );
  }
  const [accessKeyId = "", date = "", region = "", service = "", terminator = ""] = parts;
  if (terminator !== TERMINATOR) {
    throw invalidSignature(
      `Credential should be scoped with a valid terminator: '${TERMINATOR}', not '${terminator.slice(0, 100)}'.`,
    );
  }
  if (!TIME.test(time)) {
    throw incompleteSignature(
      `Date must be in ISO-8601 'basic format'. Got '${time.slice(0, 100)}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  if (date !== time.slice(0, 8)) {
    throw invalidSignature(
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
        `'${date.slice(0, 100)}' != '${time.slice(0, 8)}', from '${time}'.`,
    );
  }
  return { accessKeyId, date, region, service };
}

/** The list is signed as it stands, and it must stand as every client writes it. */
function readSignedHeaders(list: string): string[] {
  const names = list.split(";");
  const isOrdered = names.every(
    (name, index) => /^[a-z0-9-]+$/.test(name) && (index === 0 || names[index - 1]! < name),
  );
  if (isOrdered) return names;
  throw incompleteSignature(
    "The signed headers must be names in lower case, in order, each once, with semicolons between them.",
  );
}
