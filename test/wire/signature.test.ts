import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AdmissionRequest } from "../../src/api/access/admission.ts";
import { ApiError } from "../../src/api/wire/errors.ts";
import { admission, KEY, NOW, signed } from "./signing.ts";
import type { Signing, Unsigned } from "./signing.ts";

const MINUTE_MS = 60_000;
const DOES_NOT_MATCH =
  /^The request signature we calculated does not match the signature you provided\. Check your AWS Secret Access Key/;

async function refused(request: AdmissionRequest, code: string, message: RegExp | string, service = "batch" as const) {
  await assert.rejects(admission().admit(request, service), (error: unknown) => {
    assert.ok(error instanceof ApiError, String(error));
    assert.deepEqual([error.code, error.status], [code, 403], error.message);
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  });
}

/** Whatever a URL can carry: no lone halves of surrogate pairs. */
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const segment = text.map(encodeURIComponent).filter((one) => !["", ".", ".."].includes(one));
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);

const unsigned: fc.Arbitrary<Unsigned> = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE"),
  path: fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join("/")}`),
  query: fc.dictionary(
    fc.stringMatching(/^[A-Za-z][\w .~+&=%/-]{0,6}$/),
    fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })),
    { maxKeys: 3 },
  ),
  headers: fc.dictionary(
    name.map((one) => `x-amz-${one}-x`),
    fc.string({ maxLength: 10 }),
    { maxKeys: 3 },
  ),
  body: fc.string({ maxLength: 30 }),
});
const signing = fc.record({
  region: fc.constantFrom("us-east-1", "eu-central-1", "us-gov-west-1"),
  at: fc.integer({ min: NOW - 5 * MINUTE_MS, max: NOW + 5 * MINUTE_MS }),
  expiresSeconds: fc.option(fc.integer({ min: 300, max: 604_800 }), { nil: undefined }),
});

test("what the AWS SDK signs, in headers or in the URL, is who it says", async () => {
  await fc.assert(
    fc.asyncProperty(unsigned, signing, async (request, how) => {
      const { account, region, caller } = await admission().admit(
        await signed(request, withoutUndefined(how)),
        "batch",
      );
      assert.deepEqual([account, region, caller.accessKeyId], ["123456789012", how.region, KEY.accessKeyId]);
    }),
  );
});

function withoutUndefined({
  expiresSeconds,
  ...how
}: Omit<Signing, "expiresSeconds"> & { expiresSeconds: number | undefined }): Signing {
  return { ...how, ...(expiresSeconds !== undefined && { expiresSeconds }) };
}

type Mutation = (request: AdmissionRequest, pick: (length: number) => number) => AdmissionRequest;

/** Each changes what a request means, or what it says about its signature. */
const MUTATIONS: Record<string, Mutation> = {
  method: (request) => ({ ...request, method: request.method === "POST" ? "DELETE" : "POST" }),
  "a longer path": (request) => ({ ...request, path: `${request.path}x` }),
  "a detour in the path": (request) => ({ ...request, path: `/x/..${request.path}` }),
  "a double slash": (request) => ({ ...request, path: `/${request.path}` }),
  "a character of the path": (request, pick) => ({ ...request, path: changed(request.path, pick) }),
  "one more query parameter": (request) => ({ ...request, search: [request.search, "zz=1"].filter(Boolean).join("&") }),
  "one more query parameter without a value": (request) => ({
    ...request,
    search: [request.search, "zz"].filter(Boolean).join("&"),
  }),
  body: (request, pick) => ({ ...request, body: Buffer.from(changed(request.body?.toString() ?? "", pick)) }),
  "no body": (request) => ({ ...request, body: request.body?.length ? undefined : Buffer.from("{}") }),
  "one more header of AWS's": (request) => ({
    ...request,
    headers: { ...request.headers, "x-amz-target": "Logs_20140328.PutLogEvents" },
  }),
  host: (request) => ({ ...request, headers: { ...request.headers, host: "localhost:4591" } }),
  "a signed header": (request, pick) => {
    const names = Object.keys(request.headers).filter((one) => one !== "authorization");
    const header = names[pick(names.length)]!;
    return { ...request, headers: { ...request.headers, [header]: changed(String(request.headers[header]), pick) } };
  },
  "no such header": (request, pick) => {
    const names = Object.keys(request.headers);
    const left = names[pick(names.length)]!;
    const { [left]: _, ...headers } = request.headers;
    return { ...request, headers };
  },
  "what is said about the signature": (request, pick) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return { ...request, search: changedAfter(request.search, "X-Amz-", pick) };
    return {
      ...request,
      headers: { ...request.headers, authorization: changedAfter(authorization, "Credential=", pick) },
    };
  },
};

/** Another letter or digit at some place, one that no decoding makes the same again. */
function changed(text: string, pick: (length: number) => number): string {
  const places = [...text].flatMap((character, index) => (/[A-Za-z0-9]/.test(character) ? index : []));
  if (places.length === 0) return `${text}q`;
  const characters = [...text];
  const place = places[pick(places.length)]!;
  characters[place] = characters[place]!.toLowerCase() === "q" ? "7" : "q";
  return characters.join("");
}

function changedAfter(text: string, mark: string, pick: (length: number) => number): string {
  const at = text.indexOf(mark);
  return text.slice(0, at) + changed(text.slice(at), pick);
}

test("nothing of it can be changed afterwards", async () => {
  const mutation = fc.constantFrom(...Object.keys(MUTATIONS));
  await fc.assert(
    fc.asyncProperty(unsigned, signing, mutation, fc.nat(), async (request, how, change, seed) => {
      const original = await signed(request, withoutUndefined(how));
      const mutated = MUTATIONS[change]!(original, (length) => seed % length);
      await assert.rejects(admission().admit(mutated, "batch"), ApiError, `${change}: ${JSON.stringify(mutated)}`);
    }),
    { numRuns: 1_000 },
  );
});

test("another secret, another service's signature, a region that is none", async () => {
  const other = { ...KEY, secretAccessKey: `${KEY.secretAccessKey}x` };
  await refused(await signed({}, { key: other }), "InvalidSignatureException", DOES_NOT_MATCH);
  const forLogs = await signed({}, { service: "logs" });
  await refused(forLogs, "InvalidSignatureException", "Credential should be scoped to correct service: 'batch'.");
  const nowhere = await signed({}, { region: "nowhere" });
  await refused(nowhere, "InvalidSignatureException", "Credential should be scoped to a valid region.");
});

test("a signature in headers is good for five minutes around its time, to the second", async () => {
  const at = (offsetMs: number): Promise<AdmissionRequest> => signed({}, { at: NOW + offsetMs });
  for (const offset of [-5 * MINUTE_MS, 5 * MINUTE_MS]) await admission().admit(await at(offset), "batch");
  await refused(
    await at(-5 * MINUTE_MS - 1_000),
    "InvalidSignatureException",
    "Signature expired: 20260301T115459Z is now earlier than 20260301T115500Z (20260301T120000Z - 5 min.)",
  );
  await refused(
    await at(5 * MINUTE_MS + 1_000),
    "InvalidSignatureException",
    "Signature not yet current: 20260301T120501Z is still later than 20260301T120500Z (20260301T120000Z + 5 min.)",
  );
});

test("a presigned URL is good for as long as it says, at most a week", async () => {
  const url = await signed({ method: "GET" }, { expiresSeconds: 90 });
  await admission({ now: NOW + 90_000 }).admit(url, "batch");
  await assert.rejects(admission({ now: NOW + 91_000 }).admit(url, "batch"), {
    message: "Signature expired: 20260301T120000Z is now earlier than 20260301T120001Z (20260301T120131Z - 90 sec.)",
  });
  await assert.rejects(admission({ now: NOW - 301_000 }).admit(url, "batch"), {
    message: /^Signature not yet current: /,
  });
  for (const seconds of ["0", "604801", "-1", "1e3", "", "٣"]) {
    const search = url.search.replace("X-Amz-Expires=90", `X-Amz-Expires=${encodeURIComponent(seconds)}`);
    const message = "X-Amz-Expires must be a number of seconds from 1 to 604800.";
    await refused({ ...url, search }, "IncompleteSignatureException", message);
  }
});

test("the body counts: its hash is compared, and only a presigned URL may leave it open", async () => {
  const hash = { "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" };
  await admission().admit(await signed({ headers: hash }), "batch");
  const lying = await signed({ headers: hash, body: "{}" });
  await refused(lying, "InvalidSignatureException", DOES_NOT_MATCH);
  const open = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  const inHeader = await signed({ headers: open, body: "{}" });
  await refused(inHeader, "InvalidSignatureException", DOES_NOT_MATCH);
  const presigned = await signed({ headers: open, body: "{}" }, { expiresSeconds: 60 });
  await admission().admit(presigned, "batch");
  await admission().admit({ ...presigned, body: Buffer.from("another") }, "batch");
});

test("what a client may leave unsigned: headers without a meaning here, not those of AWS", async () => {
  const request = await signed({});
  const { headers } = request;
  const more = { "user-agent": "x", "x-amz-user-agent": "x", "x-amzn-trace-id": "x", accept: "*/*" };
  await admission().admit({ ...request, headers: { ...headers, ...more } }, "batch");
  await refused(
    { ...request, headers: { ...headers, "x-amz-target": "x" } },
    "InvalidSignatureException",
    "The request has headers that must be signed and are not: x-amz-target.",
  );
  await refused(
    { ...request, headers: { ...headers, authorization: headers.authorization!.replace("host;", "") } },
    "InvalidSignatureException",
    "The request has headers that must be signed and are not: host.",
  );
  await refused(
    { ...request, headers: { ...headers, authorization: headers.authorization!.replace("host;", "host;range;") } },
    "InvalidSignatureException",
    "The signature covers headers that are absent: range.",
  );
});

const INCOMPLETE: readonly [change: (authorization: string) => string, code: string, message: string][] = [
  [
    (one) => one.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
    "IncompleteSignatureException",
    "The Authorization header must begin with AWS4-HMAC-SHA256.",
  ],
  [
    (one) => one.replace(/Signature=.*/, "Signature="),
    "IncompleteSignatureException",
    "Authorization header requires 'Signature' parameter.",
  ],
  [
    (one) => one.replace(/, SignedHeaders.*/, ""),
    "IncompleteSignatureException",
    "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.",
  ],
  [(one) => one.replace("Signature=", "Signature"), "IncompleteSignatureException", "'Signature"],
  [
    (one) => `${one}, Signature=${"0".repeat(64)}`,
    "IncompleteSignatureException",
    `'Signature=${"0".repeat(64)}' not a valid key=value pair in Authorization header.`,
  ],
  [
    (one) => one.replace("/aws4_request", "/aws5_request"),
    "InvalidSignatureException",
    "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
  ],
  [
    (one) => one.replace("/aws4_request", "/x/aws4_request"),
    "IncompleteSignatureException",
    `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${KEY.accessKeyId}/20260301/us-east-1/batch/x/aws4_request'`,
  ],
  [
    (one) => one.replace("/20260301/", "/20260302/"),
    "InvalidSignatureException",
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260302' != '20260301', from '20260301T120000Z'.",
  ],
  [
    (one) => one.replace("host;", "Host;"),
    "IncompleteSignatureException",
    "The signed headers must be names in lower case, in order, each once, with semicolons between them.",
  ],
  [
    (one) => one.replace(/(SignedHeaders=)([^,]*)/, "$1$2;host"),
    "IncompleteSignatureException",
    "The signed headers must be names in lower case, in order, each once, with semicolons between them.",
  ],
  [
    (one) => one.replace("Credential=", "XCredential=LSAKOTHER/20260301/us-east-1/batch/aws4_request, Credential="),
    "IncompleteSignatureException",
    "'XCredential=LSAKOTHER/20260301/us-east-1/batch/aws4_request' not a valid key=value pair in Authorization header.",
  ],
];

test("a malformed signature is told what it lacks", async () => {
  const request = await signed({});
  for (const [change, code, message] of INCOMPLETE) {
    const authorization = change(request.headers.authorization!);
    await refused(
      { ...request, headers: { ...request.headers, authorization } },
      code,
      new RegExp(`^${escaped(message)}`),
    );
  }
  const { "x-amz-date": _, ...undated } = request.headers;
  await refused(
    { ...request, headers: undated },
    "IncompleteSignatureException",
    "Authorization header requires existence of a 'X-Amz-Date' header.",
  );
  const oddly = { ...request.headers, "x-amz-date": "2026-03-01" };
  await refused(
    { ...request, headers: oddly },
    "IncompleteSignatureException",
    "Date must be in ISO-8601 'basic format'. Got '2026-03-01'. See http://en.wikipedia.org/wiki/ISO_8601",
  );
  const url = await signed({}, { expiresSeconds: 60 });
  const search = url.search.replace(/X-Amz-Date=[^&]*&?/, "").replace(/X-Amz-Expires=[^&]*&?/, "");
  await refused(
    { ...url, search },
    "IncompleteSignatureException",
    "AWS query-string parameters must include 'X-Amz-Date', 'X-Amz-Expires'. Re-examine the query-string parameters.",
  );
  await refused({ ...url, search: `${url.search}&X-Amz-Date=x` }, "IncompleteSignatureException", /'X-Amz-Date'/);
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

test("without a known key: nobody on a closed server, anybody on an open one that is asked from this machine", async () => {
  const unknown = await signed(
    {},
    { key: { accessKeyId: "210987654321", secretAccessKey: "any" }, region: "eu-west-1" },
  );
  const anonymous = { ...unknown, headers: { host: "localhost" } };
  await refused(anonymous, "MissingAuthenticationTokenException", "Missing Authentication Token");
  await refused(unknown, "UnrecognizedClientException", "The security token included in the request is invalid.");
  const bearer = { ...unknown, headers: { host: "localhost", authorization: "Bearer x" } };
  await refused(bearer, "IncompleteSignatureException", "The Authorization header must begin with AWS4-HMAC-SHA256.");
  const open = admission({ isOpen: true });
  const { account, region, caller } = await open.admit(unknown, "batch");
  assert.deepEqual([account, region, caller.arn], ["210987654321", "eu-west-1", "arn:aws:iam::210987654321:root"]);
  assert.equal((await open.admit(anonymous, "batch")).account, "123456789012");
  assert.equal((await open.admit(bearer, "batch")).account, "123456789012");
  const fromElsewhere = { ...anonymous, socket: { localAddress: "172.17.0.1", remoteAddress: "172.17.0.2" } };
  await assert.rejects(open.admit(fromElsewhere, "batch"), { code: "MissingAuthenticationTokenException" });
});

test("a known key is verified on an open server too", async () => {
  const open = admission({ isOpen: true });
  const request = await signed({});
  assert.equal((await open.admit(request, "batch")).caller.keyId, KEY.accessKeyId);
  await assert.rejects(open.admit({ ...request, method: "GET" }, "batch"), { code: "InvalidSignatureException" });
  const withToken = await signed({ headers: { "x-amz-security-token": "x" } });
  await assert.rejects(open.admit(withToken, "batch"), { code: "UnrecognizedClientException" });
});
