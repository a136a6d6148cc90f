import assert from "node:assert/strict";
import { test } from "node:test";
import type { AdmissionRequest } from "../../src/api/access/admission.ts";
import { AnsweredElsewhere, Forwarding } from "../../src/api/servers/forwarding.ts";
import type { LeaderClient, Outcome, OutgoingRequest } from "../../src/api/servers/leader-client.ts";
import { placeOf } from "../../src/api/servers/place.ts";
import { FORWARDED_HEADER, Seal } from "../../src/api/servers/seal.ts";
import { ApiError } from "../../src/api/wire/errors.ts";
import type { Leadership, Role } from "../../src/ports/leadership.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";

const CALL = { account: "123456789012", region: "us-east-1" };
const SECRET = "of the store";
const SOCKET = { localAddress: "127.0.0.1", remoteAddress: "127.0.0.1" };

function request(path: string, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return { method: "POST", path, search: "", headers: {}, body: Buffer.from("{}"), socket: SOCKET, ...more };
}

const DESCRIBE = request("/v1/describejobs");
const TERMINATE = request("/v1/terminatejob");
const SUBMIT = request("/v1/submitjob");

/** A server that does not lead, and what becomes of its requests to the one that does. */
function follower() {
  const clock = new VirtualClock();
  const seal = new Seal(SECRET, () => clock.now());
  const listeners = new Set<() => void>();
  const sent: OutgoingRequest[] = [];
  const outcomes: (Outcome | "hangs")[] = [];
  let role: Role = { kind: "follows", leader: { id: "a", url: "http://127.0.0.1:1", epoch: 1 } };
  const leadership: Leadership = {
    get role() {
      return role;
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const client: Pick<LeaderClient, "send"> = {
    send(outgoing, signal) {
      sent.push(outgoing);
      const outcome = outcomes.shift() ?? answered(200);
      if (outcome !== "hangs") return Promise.resolve(outcome);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve({ kind: "lost" })));
    },
  };
  const admission = { vouch: () => Promise.resolve({ keyId: "LSAKX", isFromHere: true }) };
  const forwarding = new Forwarding({ leadership, admission, seal, client, clock });
  return {
    ...{ clock, seal, sent, outcomes, listeners },
    settle: (asked: AdmissionRequest) => forwarding.settle(asked, "batch", CALL).then(() => "here" as const, thrownOf),
    become(next: Role) {
      role = next;
      for (const listener of listeners) listener();
    },
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50);
        await new Promise((resolve) => void setImmediate(resolve));
      }
    },
  };
}

function answered(status: number): Outcome {
  return { kind: "answered", answer: { status, headers: {}, body: Buffer.from("over there") } };
}

function thrownOf(error: unknown): unknown {
  if (error instanceof AnsweredElsewhere) return error.answer.status;
  if (error instanceof ApiError) return `${error.status} ${error.headers["retry-after"]}`;
  return error;
}

test("what needs rows only is answered here, once the leader knows the account; all else by the leader", async () => {
  const { settle, sent, seal, listeners } = follower();
  assert.equal(await settle(SUBMIT), 200);
  assert.equal(await settle(SUBMIT), "here");
  assert.equal(await settle(DESCRIBE), 200);
  assert.equal(sent.length, 2);
  const { path, method, headers } = sent[1]!;
  assert.deepEqual(seal.open({ method, path, search: "", headers }, { bytes: DESCRIBE.body }), {
    keyId: "LSAKX",
    isFromHere: true,
  });
  assert.equal(listeners.size, 0, "nobody listens for what is over");
});

test("a leader that cannot be reached is waited for, five seconds, and then there is none", async () => {
  const { settle, outcomes, pass, sent, clock } = follower();
  outcomes.push(...Array.from({ length: 100 }, (): Outcome => ({ kind: "unreached" })));
  const before = clock.now();
  const settled = settle(TERMINATE);
  await pass(4_900);
  assert.ok(sent.length > 5, "it is tried again meanwhile");
  await pass(400);
  assert.equal(await settled, "503 1");
  assert.ok(clock.now() - before < 6_000);
});

test("a request waits until somebody leads, which may be this server", async () => {
  const { settle, become, pass } = follower();
  become({ kind: "waits" });
  const [toOther, toSelf] = [settle(TERMINATE), settle(TERMINATE)];
  await pass(2_000);
  become({ kind: "follows", leader: { id: "b", url: "http://127.0.0.1:2", epoch: 2 } });
  assert.equal(await toOther, 200);
  assert.equal(await toSelf, 200);
  become({ kind: "waits" });
  const here = settle(DESCRIBE);
  await pass(100);
  become({ kind: "leads" });
  assert.equal(await here, "here");
});

test("what was on its way to a leader that is lost is asked again if it only reads", async () => {
  const { settle, become, outcomes, pass, sent } = follower();
  outcomes.push("hangs", "hangs");
  const [read, write] = [settle(DESCRIBE), settle(TERMINATE)];
  await pass(100);
  become({ kind: "follows", leader: { id: "b", url: "http://127.0.0.1:2", epoch: 2 } });
  assert.equal(await write, "503 1");
  assert.equal(await read, 200);
  assert.deepEqual(
    sent.map(({ url }) => url),
    ["http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:2"],
  );
});

test("what another server has forwarded is not forwarded again", async () => {
  const { settle, seal, sent, become, pass } = follower();
  const header = seal.close(DESCRIBE, DESCRIBE.body, { isFromHere: true });
  const forwarded = { ...DESCRIBE, headers: { [FORWARDED_HEADER]: header } };
  assert.equal(await settle(forwarded), "421 undefined");
  assert.equal(sent.length, 0);
  become({ kind: "waits" });
  const waits = settle(forwarded);
  await pass(1_000);
  become({ kind: "leads" });
  assert.equal(await waits, "here");
});

test("a server that was told wrongly who leads asks the one that does", async () => {
  const { settle, outcomes, pass } = follower();
  outcomes.push(answered(421), answered(200));
  const settled = settle(TERMINATE);
  await pass(500);
  assert.equal(await settled, 200);
});

test("a seal is for one request, for a minute, and of nobody else", () => {
  let now = 1_000_000;
  const seal = new Seal(SECRET, () => now);
  const body = Buffer.from("{}");
  const header = seal.close(DESCRIBE, body, { keyId: "LSAKX", region: "eu-west-1", isFromHere: false });
  const open = (more: Partial<AdmissionRequest>, bytes = body, by = seal): unknown =>
    by.open({ ...DESCRIBE, headers: { [FORWARDED_HEADER]: header }, ...more }, { bytes });
  assert.deepEqual(open({}), { keyId: "LSAKX", region: "eu-west-1", isFromHere: false });
  assert.equal(seal.open(DESCRIBE), undefined);
  const refused = /AccessDenied|is for servers of the same store/;
  assert.throws(() => open({ path: "/v1/terminatejob" }), refused);
  assert.throws(() => open({ method: "GET" }), refused);
  assert.throws(() => open({ search: "a=b" }), refused);
  assert.throws(() => open({}, Buffer.from('{"jobs":[]}')), refused);
  assert.throws(() => open({}, body, new Seal("of another store", () => now)), refused);
  for (const forged of ["", "x", "a.b", header.slice(1), `${header}x`, `${Buffer.from("{}").toString("base64url")}.x`])
    assert.throws(() => open({ headers: { [FORWARDED_HEADER]: forged } }), refused);
  now += 61_000;
  assert.throws(() => open({}), refused);
});

test("what only reads, and where requests go", () => {
  const place = (service: Parameters<typeof placeOf>[0], path: string, more: Partial<AdmissionRequest> = {}) => {
    const { where, isRead } = placeOf(service, request(path, more));
    return `${where} ${isRead ? "reads" : "changes"}`;
  };
  const target = (name: string) => ({ headers: { "x-amz-target": `Logs_20140328.${name}` } });
  const form = (action: string) => ({ body: Buffer.from(`Action=${action}&Version=2016-11-15`) });
  assert.equal(place("batch", "/v1/submitjob"), "where-known changes");
  assert.equal(place("batch", "/v1/describejobs"), "leader reads");
  assert.equal(place("batch", "/v1/createjobqueue"), "leader changes");
  assert.equal(place("batch", "/v1/tags/arn", { method: "GET" }), "leader reads");
  assert.equal(place("batch", "/v1/tags/arn", { method: "DELETE" }), "leader changes");
  assert.equal(place("logs", "/", target("GetLogEvents")), "leader reads");
  assert.equal(place("logs", "/", target("PutLogEvents")), "leader changes");
  assert.equal(place("ec2", "/", form("DescribeInstances")), "leader reads");
  assert.equal(place("ec2", "/", form("TerminateInstances")), "leader changes");
  assert.equal(place("sts", "/", form("GetCallerIdentity")), "anywhere reads");
  assert.equal(place("longshore", "/longshore/dry-run"), "leader reads");
  assert.equal(place("longshore", "/longshore/jobs/x/interruption"), "leader changes");
});
