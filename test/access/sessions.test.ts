import assert from "node:assert/strict";
import { test } from "node:test";
import { Sessions } from "../../src/api/access/sessions.ts";
import { SignInLimit } from "../../src/api/access/sign-in-limit.ts";
import type { ServerInfo } from "../../src/ports/server-info.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import { send } from "../wire/harness.ts";
import { claim, consoleHeaders, signedIn } from "./console-session.ts";
import type { KeyedServer } from "./server.ts";
import { keyedServer } from "./server.ts";

// No container engine is found: one would be given the network for credentials of roles, which stays.
process.env["DOCKER_HOST"] = "unix:///nowhere";

const HOUR_MS = 3_600_000;

/** As the console in a browser asks. */
function asked(
  server: Pick<KeyedServer, "url">,
  cookie: string | undefined,
  others: Readonly<Record<string, string>> = {},
) {
  const headers = { ...consoleHeaders(server.url, cookie), ...others };
  const port = Number(new URL(server.url).port);
  const request = async (method: string, path: string, body?: object) => {
    const answer = await send(port, { method, path, headers, ...(body && { body: JSON.stringify(body) }) });
    const given = answer.headers["set-cookie"]?.[0];
    return { status: answer.status, code: answer.headers["x-amzn-errortype"], json: answer.json, given };
  };
  return {
    queues: () => request("POST", "/v1/describejobqueues", {}),
    server: async () => (await request("GET", "/longshore/server")).json as unknown as ServerInfo,
    signIn: (accessKeyId: unknown, secretAccessKey: unknown) =>
      request("POST", "/longshore/session", { accessKeyId, secretAccessKey }),
    signOut: () => request("DELETE", "/longshore/session"),
  };
}

const NOT_KNOWN = { status: 403, code: "UnrecognizedClientException" };

async function refused(answer: Promise<{ status: number | undefined; code: unknown }>): Promise<void> {
  const { status, code } = await answer;
  assert.deepEqual({ status, code }, NOT_KNOWN);
}

test("who signs in at the console may do there what the key may do, and nobody else does", async (t) => {
  const deny = [
    { Effect: "Allow", Action: "batch:Describe*", Resource: "*" },
    { Effect: "Allow", Action: "longshore:*", Resource: "*" },
  ];
  const server = await keyedServer(t, [{ user: "ann" }, { user: "bob", statements: deny, account: "210987654321" }]);
  const stranger = asked(server, undefined);
  const { user, isOpen } = await stranger.server();
  assert.deepEqual({ user, isOpen }, { user: undefined, isOpen: false });
  await refused(stranger.queues());
  const { accessKeyId, secretAccessKey } = server.keys[0]!;
  for (const [id, secret, code] of [
    [accessKeyId, "wrong", "SignInFailedException"],
    [accessKeyId, "", "SignInFailedException"],
    ["LSAKNOTTHERE", secretAccessKey, "SignInFailedException"],
    ["__proto__", "", "SignInFailedException"],
    [accessKeyId, { toString: 1 }, "ValidationException"],
  ] as const) {
    const answer = await stranger.signIn(id, secret);
    assert.deepEqual([answer.code, answer.given], [code, undefined]);
  }
  const { given } = await stranger.signIn(accessKeyId, secretAccessKey);
  assert.match(given!, /^longshore-[\w-]{10}=[\w-]+\.[\w-]+; Max-Age=3600; Path=\/; HttpOnly; SameSite=Strict$/);
  assert.doesNotMatch(given!, new RegExp(secretAccessKey.replaceAll(/[+/]/g, "\\$&")));
  const behindProxy = await asked(server, undefined, { "x-forwarded-proto": "https" }).signIn(
    accessKeyId,
    secretAccessKey,
  );
  assert.match(behindProxy.given!, /; Secure$/);

  const cookie = given!.split(";")[0]!;
  const ann = asked(server, cookie);
  assert.equal((await ann.queues()).status, 200);
  const seen = await ann.server();
  assert.equal(seen.user!.arn, "arn:aws:iam::123456789012:user/ann");
  assert.ok(seen.user!.session!.endsAt > Date.now());
  const bob = asked(server, await signedIn(server, 1));
  assert.equal((await bob.server()).user!.account, "210987654321");
  const { json } = await bob.queues();
  assert.match(JSON.stringify(json), /arn:aws:batch:us-east-1:210987654321:job-queue/);

  // What a signature says counts before the cookie; what is not the console's own is not helped by it.
  const signedWrongly = await asked(server, cookie, { authorization: claim(server.keys[1]!.accessKeyId) }).queues();
  assert.equal(signedWrongly.code, "IncompleteSignatureException");
  for (const others of [
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "none" },
    { "sec-fetch-site": "cross-site" },
    { origin: "http://evil.example" },
    { origin: "null" },
    { cookie: cookie.slice(0, -3) },
    { cookie: cookie.replace("=", "=A") },
    { cookie: `${cookie.split(".")[0]}.` },
    { cookie: cookie.replace("longshore-", "longshore-x") },
  ]) {
    const answer = await asked(server, cookie, others).queues();
    assert.equal(answer.status, 403, JSON.stringify(others));
  }
  const port = Number(new URL(server.url).port);
  const plain = await send(port, {
    path: "/v1/describejobqueues",
    headers: { cookie, "content-type": "application/json" },
    body: "{}",
  });
  assert.equal(plain.status, 403, "without the console's header");
});

test("sessions end by signing out, on all servers at once and for good, and with their key; a new start does not end them", async (t) => {
  const server = await keyedServer(t, [{}, {}]);
  const [first, second, other] = [await signedIn(server), await signedIn(server), await signedIn(server, 1)];
  const out = await asked(server, first).signOut();
  assert.equal(out.status, 200);
  assert.match(out.given!, /Max-Age=0/);
  await refused(asked(server, first).queues());
  assert.equal((await asked(server, undefined).signOut()).status, 403);
  await server.running.close();
  const again = await server.restarted({});
  await refused(asked(again, first).queues());
  assert.equal((await asked(again, second).queues()).status, 200);
  await again.admin((admin) => admin.revoke(server.keys[0]!.accessKeyId));
  await refused(asked(again, second).queues());
  assert.equal((await asked(again, other).queues()).status, 200);
});

test("an open server asks nobody to sign in", async (t) => {
  const server = await keyedServer(t, [{}], { requireAuth: false });
  const { user, isOpen } = await asked(server, undefined).server();
  assert.equal(isOpen, true);
  assert.equal(user!.account, "123456789012");
  assert.equal((await asked(server, undefined).signIn("a", "b")).status, 404);
});

test("guessing is slow, for each address and for all", async (t) => {
  const server = await keyedServer(t);
  const { accessKeyId, secretAccessKey } = server.keys[0]!;
  const stranger = asked(server, undefined);
  const codes = await Promise.all(Array.from({ length: 12 }, (_, n) => stranger.signIn(accessKeyId, `guess ${n}`)));
  assert.deepEqual(
    codes.map(({ status }) => status).toSorted((a, b) => a - b),
    [...Array.from({ length: 10 }, () => 403), 429, 429],
  );
  const { status, json } = await stranger.signIn(accessKeyId, secretAccessKey);
  assert.equal(status, 429);
  assert.match(String(json.message), /Try again in \d+ seconds/);

  const clock = new VirtualClock();
  const limit = new SignInLimit(clock);
  for (let n = 0; n < 10; n += 1) limit.begin("10.0.0.1");
  assert.throws(() => limit.begin("10.0.0.1"), { code: "TooManyRequestsException" });
  assert.throws(() => limit.begin("::ffff:10.0.0.1"), { code: "TooManyRequestsException" });
  clock.advance(30_000);
  limit.begin("10.0.0.1")();
  limit.begin("10.0.0.1");
  assert.throws(() => limit.begin("10.0.0.1"), { code: "TooManyRequestsException" });
  // One who has many addresses.
  for (let n = 0; n < 200; n += 1) {
    try {
      limit.begin(`2001:db8:${n}::1`);
    } catch {
      break;
    }
  }
  assert.throws(() => limit.begin("2001:db8:ffff::1"), { code: "TooManyRequestsException" });
});

test("a session is over after an hour without its person, and after twelve with", () => {
  const clock = new VirtualClock();
  const ended = { all: () => Promise.resolve([]), insert: () => Promise.resolve() };
  const times = { idleMs: HOUR_MS, longestMs: 12 * HOUR_MS };
  const sessions = new Sessions({ key: Buffer.alloc(32, 1), clock, times, ended });
  const others = new Sessions({ key: Buffer.alloc(32, 2), clock, times, ended });
  const headers = (cookie: string, by = "active") => ({ cookie: cookie.split(";")[0]!, "x-longshore-console": by });
  let cookie = sessions.cookieOf(sessions.open("LSAK1", false));
  const first = cookie;
  assert.equal(sessions.of(headers(cookie), "")!.keyId, "LSAK1");
  assert.equal(others.of(headers(cookie), ""), undefined);
  assert.equal(sessions.of(headers(cookie.replace(/=.*?\./, "=e30.")), ""), undefined);
  const begun = clock.now();
  while (clock.now() < begun + 11.9 * HOUR_MS) {
    clock.advance(0.45 * HOUR_MS);
    const session = sessions.of(headers(cookie), "");
    if (session === undefined) break;
    // A page that refreshes itself keeps nobody signed in.
    assert.equal(sessions.renewed(session, headers(cookie, "idle")), undefined);
    cookie = sessions.cookieOf(sessions.renewed(session, headers(cookie))!);
  }
  assert.ok(clock.now() >= begun + 11.9 * HOUR_MS);
  assert.equal(sessions.of(headers(first), ""), undefined);
  clock.advance(begun + 12 * HOUR_MS - clock.now());
  assert.equal(sessions.of(headers(cookie), ""), undefined);
});
