import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CreateComputeEnvironmentCommand } from "@aws-sdk/client-batch";
import { untilEnvironment } from "./server.ts";
import { apiServer, environmentRequest, UNMANAGED } from "./server.ts";

const { batch, url } = await apiServer({ after });
await batch.send(new CreateComputeEnvironmentCommand(environmentRequest("machines", {}, UNMANAGED)));
await untilEnvironment(batch, "machines", "VALID");

const HOST = { name: "a", endpoint: "unix:///no/engine.sock" };
const TLS = { ca: "/ca.pem", cert: "/cert.pem", key: "/key.pem" };

async function ask(method: string, path: string, body?: string): Promise<{ status: number; message: string }> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}/longshore/${path}`, { method, ...(body !== undefined && { body, headers }) });
  const { message = "" } = (await answer.json()) as { message?: string };
  return { status: answer.status, message };
}

const add = (host: object) => ask("POST", "environments/machines/hosts", JSON.stringify(host));

for (const [host, message] of [
  [{ ...HOST, name: undefined }, /^name must be 1 to 128/],
  [{ ...HOST, name: "a#1" }, /^name must be 1 to 128/],
  [{ ...HOST, name: "-a" }, /^name must be 1 to 128/],
  [{ ...HOST, name: "x".repeat(129) }, /^name must be 1 to 128/],
  [{ ...HOST, endpoint: undefined }, /^endpoint must be a text\.$/],
  [{ ...HOST, endpoint: "gpu1" }, /^endpoint must be unix:\/\/\/path, ssh:/],
  [{ ...HOST, endpoint: "ssh://me:secret@gpu1" }, /^endpoint must hold no password/],
  [{ ...HOST, tls: TLS }, /^tls is for endpoints that begin with tcp/],
  [
    { ...HOST, endpoint: "tcp://10.0.0.7:2376" },
    /^tls is needed: without it an engine is reached by TCP on this machine only/,
  ],
  [
    { ...HOST, endpoint: "tcp://10.0.0.7:2376", tls: { ...TLS, key: "key.pem" } },
    /^tls\.key must be the absolute path/,
  ],
  [{ ...HOST, endpoint: "tcp://10.0.0.7:2376", tls: { ca: "/ca.pem" } }, /^tls\.cert must be the absolute path/],
  [
    { ...HOST, endpoint: "tcp://10.0.0.7:2376", tls: { ...TLS, pin: 1 } },
    /^pin is no member of this request: it takes ca, cert, key/,
  ],
  [{ ...HOST, gpus: -1 }, /^gpus must be a whole number from 0/],
  [{ ...HOST, gpus: "all" }, /^gpus must be a whole number from 0/],
  [{ ...HOST, size: 3 }, /^size is no member of this request: it takes name, endpoint, tls, gpus/],
  [[HOST], /^The request must be an object\.$/],
  [HOST, /^The container engine of host a \(unix:\/\/\/no\/engine\.sock\) cannot be used: connect ENOENT/],
  [{ ...HOST, endpoint: "tcp://127.0.0.1:1" }, /cannot be used: connect ECONNREFUSED/],
  [{ ...HOST, endpoint: "tcp://127.0.0.1:1", tls: TLS }, /cannot be used: ENOENT.*ca\.pem/],
] as const) {
  test(`no host is registered as ${JSON.stringify(host).slice(0, 100)}`, async () => {
    const answer = await add(host);
    assert.equal(answer.status, 400);
    assert.match(answer.message, message);
    assert.ok(!answer.message.includes("secret"));
  });
}

test("a body that is no JSON is refused", async () => {
  const answer = await ask("POST", "environments/machines/hosts", "{");
  assert.deepEqual(answer, { status: 400, message: "The body must be JSON." });
});

test("environments and hosts that are not there are named", async () => {
  const body = JSON.stringify(HOST);
  assert.match((await ask("POST", "environments/none/hosts", body)).message, /none not found/);
  assert.match(
    (await ask("POST", "environments/default/hosts", body)).message,
    /default is MANAGED: hosts are for those that are UNMANAGED/,
  );
  for (const [method, path] of [
    ["POST", "hosts/a/drain"],
    ["DELETE", "hosts/a"],
    ["DELETE", "hosts/a?force=true"],
  ] as const) {
    const answer = await ask(method, `environments/machines/${path}`);
    assert.deepEqual(answer, { status: 404, message: "ComputeEnvironment machines has no host a." });
  }
});
