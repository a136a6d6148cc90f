import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { CreateComputeEnvironmentCommand, CreateJobQueueCommand } from "@aws-sdk/client-batch";
import type { KeptEvent, KeptEvents } from "../../src/ports/event-report.ts";
import { batchClient } from "../support/clients.ts";
import type { Heard } from "../support/event-listener.ts";
import { detailOf, listen } from "../support/event-listener.ts";
import { allEnded, submit } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { EC2, environmentRequest, SHARED, untilEnvironment, untilQueue } from "../api/server.ts";
import { spawnServer } from "./server.ts";

/** Oldest first. */
async function allKept(url: string): Promise<KeptEvent[]> {
  const kept: KeptEvent[] = [];
  for (let before = ""; ;) {
    const response = await fetch(
      `${url}/longshore/events?view=brief&limit=1000&detail-type=Batch+Job+State+Change${before}`,
    );
    const page = (await response.json()) as KeptEvents;
    kept.push(...page.events);
    if (page.nextBefore === undefined) return kept.toReversed();
    before = `&before=${page.nextBefore}`;
  }
}

const NEXT: Readonly<Record<string, readonly string[]>> = {
  SUBMITTED: ["PENDING", "RUNNABLE", "FAILED"],
  PENDING: ["RUNNABLE", "SUCCEEDED", "FAILED"],
  RUNNABLE: ["STARTING", "FAILED"],
  STARTING: ["RUNNING", "RUNNABLE", "SUCCEEDED", "FAILED"],
  RUNNING: ["RUNNABLE", "SUCCEEDED", "FAILED"],
};

test("however often the server is killed, each change of a job's status is told once, in order, to who comes back with the last id", async (t) => {
  const server = await spawnServer(t, { driver: "process", vcpus: 8 });
  const heard: Heard[] = [];
  const jobIds: string[] = [];
  let last = "0";
  for (const crashAt of ["tick.commit:6", "store.committed:25", "dispatch.started:9", undefined]) {
    const listener = listen(t, `${server.url}/events?view=brief&detail-type=Batch+Job+State+Change`, {
      "last-event-id": last,
    });
    const batch = batchClient(t, server.url);
    if (crashAt !== undefined) {
      const submitted = await Promise.allSettled(Array.from({ length: 12 }, () => submit(batch, ["true"])));
      jobIds.push(...submitted.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
      if (server.isRunning) await until("some of it was told", () => listener.heard.length > 5 || !server.isRunning);
      await server.kill();
      await listener.ended.catch(() => {});
    } else {
      await allEnded(batch, jobIds);
      await until("the last end was told", () => {
        const over = [...heard, ...listener.heard].filter((one) => detailOf(one).status === "SUCCEEDED");
        return jobIds.every((jobId) => over.some((one) => detailOf(one).jobId === jobId));
      });
    }
    heard.push(...listener.heard);
    last = heard.at(-1)?.id ?? last;
    if (crashAt !== undefined) await server.start(0, crashAt === "dispatch.started:9" ? undefined : crashAt);
  }
  const kept = await allKept(server.url);
  assert.deepEqual(
    heard.map(({ event }) => event.id),
    kept.map(({ event }) => event.id),
  );
  const byJob = Map.groupBy(kept, (one) => detailOf(one).jobId);
  for (const jobId of jobIds) {
    const way = byJob.get(jobId)!.map((one) => detailOf(one).status);
    assert.equal(way[0], "RUNNABLE");
    assert.equal(way.at(-1), "SUCCEEDED", way.join());
    for (const [index, status] of way.slice(1).entries())
      assert.ok(NEXT[way[index]!]?.includes(status), `${jobId}: ${way.join()}`);
  }
});

test("who reads slowly gets all in the end, and nobody waits for it; the server stops all the same", async (t) => {
  const server = await spawnServer(t, { driver: "process", vcpus: 8 });
  const batch = batchClient(t, server.url);
  const slow = get(`${server.url}/events?after=0`);
  slow.on("error", () => {});
  const [response] = (await once(slow, "response")) as [IncomingMessage];
  response.pause();
  const variables = Array.from({ length: 20 }, (_, n) => ({ name: `V${n}`, value: "x".repeat(400) }));
  const more = { containerOverrides: { environment: variables } };
  const jobIds = await Promise.all(Array.from({ length: 150 }, () => submit(batch, ["true"], more)));
  const quick = listen(t, `${server.url}/events?after=0`);
  await allEnded(batch, jobIds);
  const ends = (text: string): number => text.split('"status":"SUCCEEDED"').length - 1;
  await until("the quick one has all", () => {
    return quick.heard.filter((one) => one.kind === "job" && detailOf(one).status === "SUCCEEDED").length === 150;
  });
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  response.on("error", () => {});
  response.resume();
  await until("the slow one has all", () => ends(text) >= 150);
  assert.equal(await server.stop(), 0);
});

test("a queue whose first job can never start is told as blocked, once, by the stream and by the list", async (t) => {
  const server = await spawnServer(t, { driver: "process", vcpus: 4 });
  const batch = batchClient(t, server.url);
  const type = "detail-type=Batch+Job+Queue+Blocked";
  const listener = listen(t, `${server.url}/events?${type}`);
  const shared = environmentRequest("small", { ...EC2, maxvCpus: 1 }, SHARED);
  await batch.send(new CreateComputeEnvironmentCommand(shared));
  await untilEnvironment(batch, "small", "VALID");
  const order = { computeEnvironmentOrder: [{ order: 1, computeEnvironment: "small" }] };
  await batch.send(new CreateJobQueueCommand({ jobQueueName: "narrow", priority: 1, ...order }));
  await untilQueue(batch, "narrow", "VALID");
  const containerOverrides = { resourceRequirements: [{ type: "VCPU" as const, value: "2" }] };
  const jobId = await submit(batch, ["true"], { jobQueue: "narrow", containerOverrides });
  const [blocked] = await until("it is told", () => listener.heard.length > 0 && listener.heard);
  assert.deepEqual([blocked!.kind, blocked!.event["detail-type"]], ["blocked", "Batch Job Queue Blocked"]);
  const { jobQueue, statusReason, ...detail } = detailOf(blocked!);
  assert.equal(detail.jobId, jobId);
  assert.match(jobQueue, /job-queue\/narrow$/);
  assert.match(statusReason!, /^MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE/);
  const next = await submit(batch, ["true"]);
  await allEnded(batch, [next]);
  const { events } = (await (await fetch(`${server.url}/longshore/events?${type}`)).json()) as KeptEvents;
  assert.deepEqual(
    events.map(({ seq }) => String(seq)),
    [blocked!.id],
  );
  assert.equal(listener.heard.length, 1);
});
