import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { keyedServer } from "./server.ts";
import { rawRequestTo } from "./raw-client.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const GET = { method: "GET", path: "/metrics" };

test("metrics are of all accounts: for keys that may read them by name, and for the bearer of the token", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-metrics-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const configFile = join(directory, "config.json");
  writeFileSync(join(directory, "token"), `${TOKEN}\n`);
  writeFileSync(configFile, JSON.stringify({ metrics: { tokenFile: "token" } }));
  const allowed = { Effect: "Allow", Action: "longshore:ReadMetrics", Resource: "*" };
  const everything = { Effect: "Allow", Action: "*", Resource: "*" };
  const server = await keyedServer(t, [{ statements: [allowed] }, { statements: [everything] }, {}], { configFile });
  const statuses = await Promise.all(
    server.keys.map(async (key) => (await rawRequestTo(server.url, key)("longshore", GET)).status),
  );
  assert.deepEqual(statuses, [200, 403, 403]);
  const bare = async (authorization?: string): Promise<number> =>
    (await fetch(`${server.url}/metrics`, authorization === undefined ? {} : { headers: { authorization } })).status;
  assert.equal(await bare(), 403);
  assert.equal(await bare(`Bearer ${TOKEN}`), 200);
  assert.notEqual(await bare(`Bearer ${TOKEN}0`), 200);
  assert.notEqual(await bare("Bearer of-something-else-entirely"), 200);
  const tokenOpensNothingElse = await fetch(`${server.url}/longshore/summary`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  assert.notEqual(tokenOpensNothingElse.status, 200);
});

test("a token that could be guessed keeps the server from starting", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-metrics-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const configFile = join(directory, "config.json");
  writeFileSync(join(directory, "token"), "short");
  writeFileSync(configFile, JSON.stringify({ metrics: { tokenFile: "token" } }));
  await assert.rejects(keyedServer(t, [], { configFile }), {
    message: /metrics\.tokenFile must have one token in it, of 16 visible ASCII characters at least/,
  });
});
