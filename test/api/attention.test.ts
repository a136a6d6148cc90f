import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { AttentionReport } from "../../src/ports/attention-report.ts";
import { rawRequestTo } from "../access/raw-client.ts";
import { keyedServer } from "../access/server.ts";
import { submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, createQueue, EC2, SHARED } from "./server.ts";

test("an environment that is full while jobs wait is told, with a maximum that is enough", async (t) => {
  const { url, batch } = await apiServer(t, { vcpus: 8 });
  await createQueue(batch, "q", { ...EC2, maxvCpus: 1 }, SHARED);
  const [running, waiting] = [
    await submitScript(batch, "sleep 600", { jobQueue: "q" }),
    await submitScript(batch, "true", { jobQueue: "q" }),
  ];
  await untilStatus(batch, running, "RUNNING");
  await untilStatus(batch, waiting, "RUNNABLE");
  const item = await until("it is told", async () => {
    const { items } = (await (await fetch(`${url}/longshore/attention`)).json()) as AttentionReport;
    return items.find(({ kind }) => kind === "environment-full");
  });
  assert.deepEqual(item.action, {
    kind: "open",
    label: "Raise its maximum to 2",
    href: "/environments/q?action=edit&maxvCpus=2",
  });
});

test("dead letters are told to whom all accounts' events are trusted to, and to nobody else", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-attention-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const configFile = join(directory, "config.json");
  writeFileSync(join(directory, "secret"), "hush");
  const target = {
    secret: { file: "secret" },
    name: "nobody",
    type: "webhook",
    url: "http://127.0.0.1:1/",
    attempts: 1,
  };
  writeFileSync(configFile, JSON.stringify({ targets: [target] }));
  const statement = (...actions: string[]) => ({ Effect: "Allow", Action: actions, Resource: "*" });
  const server = await keyedServer(
    t,
    [
      {},
      { statements: [statement("batch:*", "longshore:ListEventTargets")] },
      { statements: [statement("batch:*", "longshore:ListEventTargets", "longshore:ManageDeadLetters")] },
    ],
    { configFile },
  );
  await submitScript(server.client(), "true");
  const told = async (n: number) => {
    const ask = rawRequestTo(server.url, server.keys[n]!);
    const { status, text } = await ask("longshore", { method: "GET", path: "/longshore/attention" });
    assert.equal(status, 200, text);
    const { items } = JSON.parse(text) as AttentionReport;
    return items.filter(({ kind }) => kind === "dead-letters").map(({ action }) => action?.kind);
  };
  await until("it is given up", async () => (await told(2)).length > 0);
  assert.deepEqual(await told(2), ["retry-dead-letters"]);
  assert.deepEqual(await told(1), [undefined]);
  assert.deepEqual(await told(0), []);
});
