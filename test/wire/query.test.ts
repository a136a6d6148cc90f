import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { STS } from "../../src/api/sts/service.ts";
import type { QueryHandler, QueryService } from "../../src/api/wire/aws-query.ts";
import { accessDeniedException, clientException, tooManyRequestsException } from "../../src/api/wire/errors.ts";
import type { QueryParameters } from "../../src/api/wire/query-parameters.ts";
import { listOf, parseQueryParameters, structuresOf } from "../../src/api/wire/query-parameters.ts";
import { xmlElement } from "../../src/api/wire/xml.ts";
import { send, startServer } from "./harness.ts";

const FORM = "application/x-www-form-urlencoded; charset=utf-8";

function signedFor(service: string): string {
  return `AWS4-HMAC-SHA256 Credential=key/20260101/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
}

/** A service of the ec2Query protocol, which answers what the test wants. */
function ec2Like(handlers: Record<string, QueryHandler>): QueryService {
  const namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
  return { name: "ec2", protocol: "ec2Query", version: "2016-11-15", namespace, handlers, changing: ["Change"] };
}

async function open(t: TestContext, handlers: Record<string, QueryHandler> = {}) {
  const { port, endpoint } = await startServer(t, { queryServices: [STS, ec2Like(handlers)] });
  const post = (body: string, service = "sts") =>
    send(port, { path: "/", headers: { "content-type": FORM, authorization: signedFor(service) }, body });
  return { port, endpoint, post };
}

test("STS tells the AWS SDK who calls; a presigned URL does too", async (t) => {
  const { endpoint, port } = await open(t);
  const credentials = { accessKeyId: "210987654321", secretAccessKey: "any" };
  const client = new STSClient({ endpoint, region: "eu-west-1", credentials, maxAttempts: 1 });
  t.after(() => client.destroy());
  const { $metadata, ...identity } = await client.send(new GetCallerIdentityCommand({}));
  assert.deepEqual(identity, {
    Account: "210987654321",
    UserId: "210987654321",
    Arn: "arn:aws:iam::210987654321:root",
  });
  const scope = encodeURIComponent("210987654321/20260101/eu-west-1/sts/aws4_request");
  const path = `/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential=${scope}`;
  const answer = await send(port, { method: "GET", path });
  assert.deepEqual([answer.status, answer.headers["content-type"]], [200, "text/xml;charset=UTF-8"]);
  assert.equal(
    answer.text,
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
      "<Arn>arn:aws:iam::210987654321:root</Arn><UserId>210987654321</UserId><Account>210987654321</Account>" +
      `</GetCallerIdentityResult><ResponseMetadata><RequestId>${String(answer.headers["x-amzn-requestid"])}</RequestId>` +
      "</ResponseMetadata></GetCallerIdentityResponse>",
  );
  assert.match($metadata.requestId ?? "", /^[0-9a-f-]{36}$/);
});

test("a presigned URL of a POST has its parameters in the URL, and neither a body nor its type", async (t) => {
  const { port } = await open(t);
  const path = "/?Action=GetCallerIdentity&Version=2011-06-15";
  const answer = await send(port, { path, headers: { "content-length": "0" } });
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.text, /<Account>\d{12}<\/Account>/);
});

test("an action has its parameters, and is answered in its service's XML", async (t) => {
  const received: QueryParameters[] = [];
  const { post } = await open(t, {
    async Ask(parameters) {
      received.push(parameters);
      return { answerSet: [{ one: "<&>" }, { one: 2, absent: undefined }], isEmpty: true, nothing: "" };
    },
  });
  const answer = await post("Action=Ask&Version=2016-11-15&A.1=x+y&A.2=%C3%BC%26", "ec2");
  assert.deepEqual([...received[0]!].slice(2), [
    ["A.1", "x y"],
    ["A.2", "ü&"],
  ]);
  assert.equal(
    answer.text.split("\n")[1],
    `<AskResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>${String(answer.headers["x-amzn-requestid"])}</requestId>` +
      "<answerSet><item><one>&lt;&amp;&gt;</one></item><item><one>2</one></item></answerSet><isEmpty>true</isEmpty><nothing/></AskResponse>",
  );
});

test("requests that name no operation are refused by name", async (t) => {
  const { post } = await open(t);
  const cases: [string, string, string][] = [
    ["Action=GetCallerIdentity", "MissingParameter", "The request must contain the parameter Version"],
    ["Version=2011-06-15", "MissingAction", "The request is missing an action or a required parameter"],
    [
      "Action=AssumeRole&Version=2011-06-15",
      "InvalidAction",
      "The action &quot;AssumeRole&quot; is not valid for this web service, which answers GetCallerIdentity here.",
    ],
    [
      "Action=constructor&Version=2011-06-15",
      "InvalidAction",
      "The action &quot;constructor&quot; is not valid for this web service, which answers GetCallerIdentity here.",
    ],
    [
      "Action=ListUsers&Version=2010-05-08",
      "NoSuchVersion",
      "The version &quot;2010-05-08&quot; is of no service here: 2011-06-15 (sts), 2016-11-15 (ec2) are",
    ],
    [
      "a=1&".repeat(3) + Array.from({ length: 10_001 }, (_, n) => `p${n}=`).join("&"),
      "MalformedQueryString",
      "The request has more than 10000 parameters.",
    ],
  ];
  for (const [body, code, message] of cases) {
    const answer = await post(body);
    assert.equal(answer.status, 400);
    assert.ok(
      answer.text.includes(`<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`),
      answer.text,
    );
  }
  const binary = await post("\u00ff");
  assert.equal(binary.status, 400);
});

test("errors come in the protocol's own XML, code and status", async (t) => {
  const { post } = await open(t, {
    Denied: () => Promise.reject(accessDeniedException("no <you>")),
    Throttled: () => Promise.reject(tooManyRequestsException("slowly")),
    Broken: () => Promise.reject(new Error("secret")),
    Own: () => Promise.reject(clientException("own")),
  });
  const outcome = async (action: string) => {
    const answer = await post(`Action=${action}&Version=2016-11-15`, "ec2");
    const [, code, message] =
      /<Errors><Error><Code>(.*)<\/Code><Message>(.*)<\/Message><\/Error><\/Errors>/.exec(answer.text) ?? [];
    assert.match(
      answer.text,
      new RegExp(`<RequestID>${answer.headers["x-amzn-requestid"] as string}</RequestID></Response>$`),
    );
    return [answer.status, code, message];
  };
  assert.deepEqual(await outcome("Denied"), [403, "UnauthorizedOperation", "no &lt;you&gt;"]);
  assert.deepEqual(await outcome("Throttled"), [503, "RequestLimitExceeded", "slowly"]);
  assert.deepEqual(await outcome("Own"), [400, "ClientException", "own"]);
  const [status, code, message] = await outcome("Broken");
  assert.deepEqual([status, code], [500, "InternalError"]);
  assert.match(String(message), /^Longshore failed on this request/);
});

test("lists and structures of a query, in order of their numbers", () => {
  const text =
    "Id.10=c&Id.2=b&Id.1=a&Id.x=no&Idx.1=no&F.2.Name=n2&F.1.Value.2=v2&F.1.Value.1=v1&F.1.Name=n1&Id.9999999999=no";
  const parameters = parseQueryParameters(text, undefined);
  assert.deepEqual(listOf(parameters, "Id"), ["a", "b", "c"]);
  const structures = structuresOf(parameters, "F").map((one) => [one.get("Name"), listOf(one, "Value")]);
  assert.deepEqual(structures, [
    ["n1", ["v1", "v2"]],
    ["n2", []],
  ]);
  assert.deepEqual(listOf(parameters, "None"), []);
  assert.throws(() => parseQueryParameters("", Buffer.from([0xff])), { code: "MalformedQueryString" });
});

test("any text survives as XML, or as much of it as XML can hold", () => {
  assert.equal(xmlElement("a", `<b c="d">&amp;\r\n\t'`), "<a>&lt;b c=&quot;d&quot;&gt;&amp;amp;&#13;\n\t'</a>");
  assert.equal(xmlElement("a", "\u0000x\u001b\ud800"), "<a>\ufffdx\ufffd\ufffd</a>");
  assert.equal(xmlElement("a", [[1], {}, false]), "<a><item><item>1</item></item><item/><item>false</item></a>");
});

test("what changes something is not done for a URL alone, which a page can have a browser visit", async (t) => {
  let changes = 0;
  const { port } = await open(t, {
    Change: async () => {
      changes += 1;
      return {};
    },
    Read: async () => ({}),
  });
  const ask = (method: string, action: string, headers: Record<string, string> = {}) =>
    send(port, { method, path: `/?Action=${action}&Version=2016-11-15`, headers });
  assert.equal((await ask("GET", "Read")).status, 200);
  for (const method of ["GET", "POST"]) {
    const { status, text } = await ask(method, "Change");
    assert.equal(status, 403);
    assert.match(text, /What changes something is not done for a URL alone\./);
  }
  assert.equal(changes, 0);
  assert.equal((await ask("GET", "Change", { authorization: signedFor("ec2") })).status, 200);
  assert.equal(changes, 1);
});
