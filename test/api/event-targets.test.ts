import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { Sha256 } from "@smithy/core/checksum";
import { HttpRequest } from "@smithy/core/protocols";
import { SignatureV4 } from "@smithy/signature-v4";
import type { BatchClient } from "@aws-sdk/client-batch";
import { SubmitJobCommand } from "@aws-sdk/client-batch";
import type { AttentionReport } from "../../src/ports/attention-report.ts";
import type { EventEnvelope, JobEventDetail } from "../../src/ports/event-report.ts";
import type { DeadLetter, TargetState } from "../../src/ports/event-targets.ts";
import { until } from "../support/until.ts";
import { apiServer, createQueue, register } from "./server.ts";

interface Taken {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A receiver; `answer` says what it answers the n-th request, from 1. */
async function receiver(t: TestContext, answer: (taken: Taken, n: number) => { status: number; body?: string }) {
  const taken: Taken[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      taken.push({ headers: request.headers, body });
      const { status, body: said = "" } = answer(taken.at(-1)!, taken.length);
      response.writeHead(status, { location: "/elsewhere" }).end(said);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "longshore-targets-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function submit(batch: BatchClient, jobName: string): Promise<string> {
  const { jobId } = await batch.send(
    new SubmitJobCommand({ jobName, jobQueue: "q", jobDefinition: "d", tags: { team: "red" } }),
  );
  return jobId!;
}

async function ask<T>(url: string, path: string, body?: object): Promise<T> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`${url}/longshore/events/${path}`, body === undefined ? {} : init);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as T;
}

const statusOf = (event: EventEnvelope): string => (event.detail as JobEventDetail).status;

test("a webhook gets its events signed and in order; one that is down holds up nobody, and has what it missed among the dead letters", async (t) => {
  const secret = join(folder(t), "secret");
  writeFileSync(secret, "hush\n");
  let isDown = true;
  const good = await receiver(t, (_taken, n) => ({ status: n <= 1 ? 503 : 204 }));
  const down = await receiver(t, () => ({ status: isDown ? 302 : 200 }));
  const from = { secret: { file: secret }, type: "webhook" };
  const { url, batch } = await apiServer(t, {
    configuration: {
      targets: [
        { name: "down", ...from, url: down.url, attempts: 1, filter: { source: ["aws.batch"] } },
        {
          ...{ name: "good", ...from, url: good.url },
          filter: {
            detail: { jobName: [{ prefix: "yes" }], status: [{ "anything-but": "STARTING" }], tags: { team: ["red"] } },
          },
        },
      ],
    },
  });
  await createQueue(batch, "q");
  await register(batch, "d", {});
  await submit(batch, "no");
  const jobId = await submit(batch, "yes-1");
  await until("all of the job was delivered", () => good.taken.some(({ body }) => body.includes("SUCCEEDED")));
  const events = good.taken.map(({ body }) => JSON.parse(body) as EventEnvelope);
  // The first one was refused, and sent again.
  assert.deepEqual(events.map(statusOf), ["RUNNABLE", "RUNNABLE", "RUNNING", "SUCCEEDED"]);
  assert.equal(events[0]!.id, events[1]!.id);
  for (const { headers, body } of good.taken) {
    const signed = createHmac("sha256", "hush").update(`${String(headers["x-longshore-timestamp"])}.${body}`);
    assert.equal(headers["x-longshore-signature"], `v1=${signed.digest("hex")}`);
    assert.equal((JSON.parse(body) as { detail: JobEventDetail }).detail.jobId, jobId);
  }
  await until("all of both jobs is given up for the other one", () => down.taken.length === 8);
  const { deadLetters } = await until("they are among the dead letters", async () => {
    const answer = await ask<{ deadLetters: DeadLetter[] }>(url, "dead-letters?target=down");
    return answer.deadLetters.length === 8 && answer;
  });
  assert.match(deadLetters[0]!.error, /answered 302, and redirects are not followed/);
  const { targets } = await ask<{ targets: TargetState[] }>(url, "targets");
  assert.partialDeepStrictEqual(targets, [
    { name: "down", type: "webhook", to: down.url, deadLetters: 8, delivered: 0, lastError: { attempts: 1 } },
    { name: "good", deadLetters: 0, delivered: 3 },
  ]);
  const attention = (await (await fetch(`${url}/longshore/attention`)).json()) as AttentionReport;
  assert.deepEqual(
    attention.items.map(({ kind, action }) => [kind, action]),
    [["dead-letters", { kind: "retry-dead-letters", label: "Try again", target: "down" }]],
  );
  assert.deepEqual(await ask(url, "dead-letters/retry", { ids: [deadLetters.at(-1)!.id] }), {
    delivered: 0,
    failed: 1,
  });
  isDown = false;
  assert.deepEqual(await ask(url, "dead-letters/retry", { target: "down", limit: 7 }), { delivered: 7, failed: 0 });
  assert.deepEqual(await ask(url, "dead-letters/drop", { all: true }), { dropped: 1 });
  assert.deepEqual(await ask(url, "dead-letters"), { deadLetters: [] });
});

test("an event bus gets PutEvents, signed as AWS verifies it; of a batch only what was refused is sent again", async (t) => {
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI" };
  const file = join(folder(t), "credentials.json");
  writeFileSync(
    file,
    JSON.stringify({ Version: 1, AccessKeyId: credentials.accessKeyId, SecretAccessKey: credentials.secretAccessKey }),
  );
  interface Entry {
    readonly Source: string;
    readonly DetailType: string;
    readonly Detail: string;
    readonly EventBusName: string;
    readonly Resources: string[];
    readonly Time: number;
  }
  const entriesOf = ({ body }: Taken): Entry[] => (JSON.parse(body) as { Entries: Entry[] }).Entries;
  const bus = await receiver(t, (taken, n) => {
    const Entries = entriesOf(taken).map((_, index) =>
      n === 1 && index === 0 ? { ErrorCode: "ThrottlingException", ErrorMessage: "slower" } : { EventId: "e" },
    );
    return { status: 200, body: JSON.stringify({ FailedEntryCount: n === 1 ? 1 : 0, Entries }) };
  });
  const { batch } = await apiServer(t, {
    configuration: {
      targets: [
        {
          ...{ name: "bus", type: "eventbridge", endpoint: bus.url, region: "eu-west-1", eventBusName: "jobs" },
          ...{ credentials: { file }, filter: { source: ["aws.batch"] } },
        },
      ],
    },
  });
  await createQueue(batch, "q");
  await register(batch, "d", {});
  const jobId = await submit(batch, "job");
  const told = (): Entry[] => bus.taken.flatMap(entriesOf);
  await until("the end of the job is told", () => told().some(({ Detail }) => Detail.includes('"SUCCEEDED"')));
  const statuses = told().map(({ Detail }) => (JSON.parse(Detail) as JobEventDetail).status);
  assert.equal(statuses.filter((status) => status === "RUNNABLE").length, 2);
  assert.equal(statuses.length, 5);
  const [first] = told();
  assert.partialDeepStrictEqual(first, {
    ...{ Source: "longshore.batch", DetailType: "Batch Job State Change", EventBusName: "jobs" },
    Resources: [`arn:aws:batch:us-east-1:123456789012:job/${jobId}`],
  });
  for (const { headers, body } of bus.taken) {
    assert.equal(headers["x-amz-target"], "AWSEvents.PutEvents");
    const { authorization, "x-amz-date": date } = headers as Record<string, string>;
    const signedHeaders = /SignedHeaders=([^,]+)/.exec(authorization!)![1]!.split(";");
    const signer = new SignatureV4({ service: "events", region: "eu-west-1", credentials, sha256: Sha256 });
    const request = new HttpRequest({
      ...{ method: "POST", path: "/hook", body },
      headers: Object.fromEntries(signedHeaders.map((name) => [name, String(headers[name])])),
    });
    const signingDate = new Date(date!.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
    assert.equal((await signer.sign(request, { signingDate })).headers["authorization"], authorization);
  }
});
