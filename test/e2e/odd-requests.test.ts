import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, test } from "node:test";
import { spawnServer } from "./server.ts";

const server = await spawnServer({ after });
const port = Number(new URL(server.url).port);
const HOST = "host: localhost\r\n";
const POST = `POST /v1/describejobs HTTP/1.1\r\n${HOST}content-type: application/json\r\n`;
const BODY = '{"jobs":[]}';
const CHUNKED = `b\r\n${BODY}\r\n0\r\n\r\n`;

/** All that comes back until the server ends the connection, or has answered as often as wanted. */
function ask(bytes: string | Buffer, answers = 1): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
      if ((text.match(/HTTP\/1\.1 (?!100)[^]*?\r\n\r\n/g)?.length ?? 0) >= answers) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
    socket.write(bytes);
  });
}

function get(path: string, more = ""): string {
  return `GET ${path} HTTP/1.1\r\n${HOST}${more}\r\n`;
}

test("requests that are odd, or made to be read in two ways, are refused with a 4xx, or taken for the one thing they can mean", async () => {
  const cases: Record<string, readonly [bytes: string | Buffer, status: number]> = {
    "HTTP/1.0": [`GET /healthz HTTP/1.0\r\n${HOST}\r\n`, 200],
    "HTTP/1.0 without Host": ["GET /healthz HTTP/1.0\r\n\r\n", 403],
    "HTTP/2 without being asked": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    TLS: [Buffer.from([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]), 400],
    "an upgrade to a web socket": [get("/healthz", "connection: upgrade\r\nupgrade: websocket\r\n"), 200],
    "an upgrade to HTTP/2": [`${POST}connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 11\r\n\r\n${BODY}`, 200],
    TRACE: [`TRACE / HTTP/1.1\r\n${HOST}\r\n`, 404],
    "3,000 headers": [get("/healthz", Array.from({ length: 3_000 }, (_, at) => `a${at}: 1\r\n`).join("")), 431],
    "a header of 100 KB": [get("/healthz", `x: ${"a".repeat(100_000)}\r\n`), 431],
    "a URL of 100 KB": [get(`/${"a".repeat(100_000)}`), 431],
    "a URL of 15 KB": [get(`/${"a".repeat(15_000)}`), 404],
    "a parameter of 8 KB": [get(`/longshore/jobs/${"a".repeat(8_000)}/explanation`), 414],
    "two lengths": [`${POST}content-length: 11\r\ncontent-length: 12\r\n\r\n${BODY}`, 400],
    "a length and chunks": [`${POST}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKED}`, 400],
    "a coding behind chunks": [`${POST}transfer-encoding: chunked, identity\r\n\r\n${CHUNKED}`, 400],
    "a coding that is none": [`${POST}transfer-encoding: xchunked\r\n\r\n${CHUNKED}`, 400],
    "packed chunks": [`${POST}transfer-encoding: gzip, chunked\r\n\r\n${CHUNKED}`, 400],
    "a space before the colon": [`${POST}transfer-encoding : chunked\r\n\r\n${CHUNKED}`, 400],
    "a packed body": [`${POST}content-encoding: gzip\r\ncontent-length: 11\r\n\r\n${BODY}`, 415],
    "a length below nothing": [`${POST}content-length: -1\r\n\r\n`, 400],
    "a length with a sign": [`${POST}content-length: +11\r\n\r\n${BODY}`, 400],
    "a length in hexadecimal": [`${POST}content-length: 0xb\r\n\r\n${BODY}`, 400],
    "a length of 2^64 - 1": [`${POST}content-length: 18446744073709551615\r\n\r\n${BODY}`, 413],
    "a length beyond all numbers": [`${POST}content-length: ${"9".repeat(30)}\r\n\r\n${BODY}`, 400],
    "a chunk of no length": [`${POST}transfer-encoding: chunked\r\n\r\nzz\r\n${BODY}\r\n0\r\n\r\n`, 400],
    "an extension of 20 KB": [`${POST}transfer-encoding: chunked\r\n\r\nb;${"x".repeat(20_000)}\r\n${BODY}\r\n`, 400],
    trailers: [`${POST}transfer-encoding: chunked\r\n\r\nb\r\n${BODY}\r\n0\r\nhost: elsewhere\r\n\r\n`, 200],
    "two hosts": [get("/healthz", "host: elsewhere\r\n"), 400],
    "a folded header": [get("/healthz", "x: a\r\n b\r\n"), 400],
    "a header without a name": [get("/healthz", ": b\r\n"), 400],
    "lines that end in LF": ["GET /healthz HTTP/1.1\nhost: localhost\n\n", 400],
    "NUL in the path": [get("/a\0b"), 400],
    "NUL in a header": [get("/healthz", "x: a\0b\r\n"), 400],
    "NUL in the path, encoded": [get("/%00%2e%2e%2f"), 404],
    "an encoding that is none": [get("/v1/tags/%zz"), 400],
    "an encoding of what is no UTF-8": [get("/longshore/jobs/%ff%fe/explanation"), 400],
    "the same where credentials are": [get("/ecs/v4/%ff/credentials"), 400],
    "NUL where credentials are": [get("/ecs/v4/%00"), 404],
    "a way up": [get("/../../etc/passwd"), 404],
    "an encoded slash in a path of the API": [get("/v1/tags/%2f..%2fx"), 400],
    "two targets": [
      `POST / HTTP/1.1\r\n${HOST}x-amz-target: Logs_20140328.PutLogEvents\r\nx-amz-target: b\r\ncontent-length: 2\r\n\r\n{}`,
      404,
    ],
    "an expectation that nobody knows": [`${POST}expect: 200-maybe\r\ncontent-length: 11\r\n\r\n${BODY}`, 417],
    "an expectation in HTTP/1.0": [
      `POST /v1/describejobs HTTP/1.0\r\n${HOST}expect: 100-continue\r\ncontent-length: 11\r\n\r\n${BODY}`,
      200,
    ],
  };
  for (const [name, [bytes, status]] of Object.entries(cases)) {
    const answer = await ask(bytes);
    assert.equal(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1], String(status), `${name}: ${answer.slice(0, 300)}`);
    // Nothing of the bytes behind the request was taken for a request.
    assert.equal(answer.match(/HTTP\/1\.1 \d+ /g)?.length, 1, `${name}: ${answer}`);
  }
  assert.equal(await ask("CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n"), "");
  const two = await ask(`${POST}content-length: 11\r\n\r\n${BODY}${get("/healthz")}`, 2);
  assert.deepEqual(two.match(/(?<=HTTP\/1\.1 )\d+/g), ["200", "200"]);
});

const MIB = 2 ** 20;

/** Bodies that are JSON, or nearly, and that cost much or are read in several ways. Each fits into `bytes`. */
function costlyBodies(bytes: number): Record<string, string> {
  const filled = (item: string) => `[${item.repeat(Math.floor(bytes / item.length) - 1)}1]`;
  return {
    "100,000 levels of lists": "[".repeat(100_000),
    "100,000 levels of objects": '{"a":'.repeat(100_000),
    "levels just allowed, again and again": filled(`${"[".repeat(60)}${"]".repeat(60)},`),
    nulls: filled("null,"),
    "empty objects": filled("{},"),
    "empty texts": filled('"",'),
    "numbers with many digits": filled("1.2345678901234567e300,"),
    "one number": "1".repeat(bytes),
    "one text": `"${"a".repeat(bytes - 2)}"`,
    "one text, all escaped": `"${"\\u0000".repeat(Math.floor((bytes - 2) / 6))}"`,
    "one text without an end": `"${"a".repeat(bytes - 2)}`,
    spaces: " ".repeat(bytes),
    "the same name again and again": `{${'"jobName":1,'.repeat(Math.floor(bytes / 12) - 1)}"jobName":1}`,
    "names that are all different":
      `{${Array.from({ length: Math.floor(bytes / 12) }, (_, at) => `"${at.toString(36)}":1`).join(",")}}`.slice(
        0,
        bytes,
      ),
    "a long name of a job": `{"jobName":"${"a".repeat(bytes - 100)}","jobQueue":"default","jobDefinition":"default"}`,
    "a long text wherever there is one": `{"logGroupName":"${"a".repeat(bytes / 4)}","logStreamName":"${"b".repeat(bytes / 4)}","cluster":"${"c".repeat(bytes / 4)}"}`,
    "numbers beyond all numbers": '{"arrayProperties":{"size":1e400},"limit":1e400,"maxResults":-1e400}',
    "a number of nothing": '{"arrayProperties":{"size":-0},"limit":1e-999,"maxResults":-0.0}',
    "names that all objects have":
      '{"__proto__":{"jobName":"a"},"constructor":{"prototype":{"x":1}},"hasOwnProperty":1}',
    "NUL and half characters":
      '{"jobName":"\\u0000","jobQueue":"\\ud800","jobDefinition":"\\udfff","logGroupName":"\\u0000"}',
  };
}

/** Of all threads, in ms. The kernel counts in hundredths of a second. */
function processorMs(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** What one request may cost: nobody else is served for longer, on a machine that does nothing else. */
const LONGEST_MS = 250;

test("no body makes the server answer 500, or keep others waiting", async (t) => {
  const json = "application/json";
  const target = (name: string) => ({ path: "/", type: "application/x-amz-json-1.1", target: name, mebibytes: 10 });
  const places: readonly { path: string; type: string; target?: string; mebibytes: number }[] = [
    { path: "/v1/submitjob", type: json, mebibytes: 1 },
    { path: "/v1/registerjobdefinition", type: json, mebibytes: 1 },
    { path: "/longshore/dry-run", type: json, mebibytes: 1 },
    { path: "/longshore/credentials", type: json, mebibytes: 1 },
    { path: "/", type: "application/x-www-form-urlencoded", mebibytes: 1 },
    target("Logs_20140328.PutLogEvents"),
    target("Logs_20140328.FilterLogEvents"),
    target("AmazonEC2ContainerServiceV20141113.DescribeTasks"),
  ];
  let worst = { ms: 0, what: "" };
  for (const { path, type, target: name, mebibytes } of places) {
    const headers = { "content-type": type, "x-amz-date": "1", ...(name !== undefined && { "x-amz-target": name }) };
    for (const [what, body] of Object.entries(costlyBodies(mebibytes * MIB))) {
      const before = processorMs();
      const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body });
      const text = await answer.text();
      const ms = processorMs() - before;
      if (ms > worst.ms) worst = { ms, what: `${path} ${name ?? ""}: ${what}` };
      const place = `${path} ${name ?? ""} with ${what}: ${answer.status} ${text.slice(0, 300)}`;
      assert.ok(answer.status >= 400 && answer.status < 500, place);
      // What is quoted of a body is little.
      assert.ok(text.length < 10_000, `${place}: ${text.length} characters`);
    }
  }
  t.diagnostic(`the costliest: ${worst.ms} ms of processor time, ${worst.what}`);
  assert.ok(worst.ms <= LONGEST_MS, `${worst.ms} ms for ${worst.what}`);
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
});
