import assert from "node:assert/strict";
import { test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import { SubmitJobCommand } from "@aws-sdk/client-batch";
import type { KeptEvent, KeptEvents } from "../../src/ports/event-report.ts";
import { detailOf, listen, statuses } from "../support/event-listener.ts";
import { ended } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer, createQueue, register } from "./server.ts";

/** Instances come and go beside them. */
const OF_JOBS = "detail-type=Batch+Job+State+Change";

async function submit(batch: BatchClient, more: object = {}): Promise<string> {
  const { jobId } = await batch.send(
    new SubmitJobCommand({ jobName: "job", jobQueue: "q", jobDefinition: "d", ...more }),
  );
  return jobId!;
}

test("a job's way is told as it goes, in EventBridge's form, and again to who comes back", async (t) => {
  const { url, batch, running } = await apiServer(t);
  await createQueue(batch, "q");
  await register(batch, "d", {});
  const all = listen(t, `${url}/events?${OF_JOBS}`);
  const failures = listen(t, `${url}/events?status=FAILED&view=brief&jobQueue=q`);
  const jobId = await submit(batch, { tags: { team: "red" } });
  await until("it is told to the end", () => statuses(all.heard).includes("SUCCEEDED"));
  assert.deepEqual(statuses(all.heard), ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]);
  const [first, , , last] = all.heard;
  const { detail, time, id, ...envelope } = last!.event;
  assert.deepEqual(envelope, {
    version: "0",
    "detail-type": "Batch Job State Change",
    source: "aws.batch",
    account: "123456789012",
    region: "us-east-1",
    resources: [`arn:aws:batch:us-east-1:123456789012:job/${jobId}`],
  });
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.partialDeepStrictEqual(detail, {
    ...{ jobId, jobName: "job", status: "SUCCEEDED", tags: { team: "red" } },
    attempts: [{ container: { exitCode: 0 } }],
  });
  // As of that change, though the job is over when it is told again.
  const again = listen(t, `${url}/events?after=0&${OF_JOBS}`);
  await until("all is told again", () => again.heard.length === 4);
  assert.deepEqual(
    again.heard.map(({ event }) => event.id),
    all.heard.map(({ event }) => event.id),
  );
  assert.partialDeepStrictEqual(detailOf(again.heard[1]!), { status: "STARTING", attempts: [{ container: {} }] });
  assert.equal("startedAt" in detailOf(again.heard[1]!), false);
  const rest = listen(t, `${url}/events?${OF_JOBS}`, { "last-event-id": first!.id });
  await until("the rest is told", () => rest.heard.length === 3);
  assert.deepEqual(statuses(rest.heard), ["STARTING", "RUNNING", "SUCCEEDED"]);

  await register(batch, "bad", { command: ["sh", "-c", "exit 3"] });
  const failing = await submit(batch, { jobDefinition: "bad" });
  await until("the failure is told to who asked for failures", () => failures.heard.length === 1);
  assert.partialDeepStrictEqual(detailOf(failures.heard[0]!), {
    ...{ jobId: failing, status: "FAILED" },
    attempts: [{ container: { exitCode: 3 } }],
  });
  // Streams do not keep the server from stopping.
  const stopped = running.close();
  await all.ended;
  await stopped;
});

test("children are told as their records are made, and their parent with them", async (t) => {
  const { url, batch } = await apiServer(t);
  await createQueue(batch, "q");
  await register(batch, "d", {});
  const jobId = await submit(batch, { arrayProperties: { size: 3 } });
  await ended(batch, jobId);
  const { heard } = listen(t, `${url}/events?after=0&view=brief`);
  await until("the parent's end is told", () =>
    heard.some((one) => detailOf(one).jobId === jobId && detailOf(one).status === "SUCCEEDED"),
  );
  for (const index of [0, 1, 2]) {
    const ofChild = heard.filter((one) => detailOf(one).jobId === `${jobId}:${index}`);
    assert.deepEqual(statuses(ofChild), ["STARTING", "RUNNING", "SUCCEEDED"]);
    assert.deepEqual(detailOf(ofChild[0]!).arrayProperties, { index });
  }
  const ofParent = heard.filter((one) => detailOf(one).jobId === jobId);
  assert.deepEqual(statuses(ofParent), ["SUBMITTED", "PENDING", "SUCCEEDED"]);
});

test("what is kept is listed, the newest first, page by page", async (t) => {
  const { url, batch } = await apiServer(t);
  await createQueue(batch, "q");
  await register(batch, "d", {});
  const jobIds = [await submit(batch), await submit(batch)];
  for (const jobId of jobIds) await ended(batch, jobId);
  const list = async (search: string): Promise<KeptEvents> => {
    const response = await fetch(`${url}/longshore/events?${search}`);
    assert.equal(response.status, 200);
    return (await response.json()) as KeptEvents;
  };
  const seqs = ({ events }: KeptEvents): number[] => events.map(({ seq }) => seq);
  const all = seqs(await list(`limit=1000&${OF_JOBS}`));
  assert.equal(all.length, 8);
  assert.deepEqual(
    all,
    all.toSorted((a, b) => b - a),
  );
  const found: number[] = [];
  let before = "";
  do {
    const page = await list(`limit=3&${OF_JOBS}${before}`);
    found.push(...seqs(page));
    before = page.nextBefore === undefined ? "" : `&before=${page.nextBefore}`;
  } while (before !== "");
  assert.deepEqual(found, all);
  const ofJob = await list(`resource=arn:aws:batch:us-east-1:123456789012:job/${jobIds[0]}`);
  assert.equal(ofJob.events.length, 4);
  assert.equal((await list(`jobId=${jobIds[1]}&status=SUCCEEDED`)).events.length, 1);
  const scaling = await list("detail-type=Longshore+Scaling+Activity");
  assert.partialDeepStrictEqual(
    scaling.events.map(({ event }) => event.detail),
    [
      { action: "running", reason: "It runs, and takes jobs." },
      { action: "launch", computeEnvironment: "arn:aws:batch:us-east-1:123456789012:compute-environment/q" },
    ],
  );
  const [, { event: launch }] = scaling.events as [KeptEvent, KeptEvent];
  assert.match((launch.detail as { reason: string }).reason, /waits? in job queue q for room that no instance has/);
  for (const [search, message] of [
    ["colour=red", /There is no parameter colour/],
    ["status=WAITING", /status must be one of SUBMITTED/],
    ["limit=0", /limit must be a whole number from 1 to 1000/],
    ["after=-1", /after must be a whole number/],
    ["view=long", /view must be one of brief, full/],
    ["detail-type=x", /detail-type must be one of Batch Job State Change/],
  ] as const) {
    const response = await fetch(`${url}/longshore/events?${search}`);
    assert.equal(response.status, 400);
    assert.match(((await response.json()) as { message: string }).message, message);
  }
});
