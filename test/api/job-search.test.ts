import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { JobSearchAnswer, JobSearchRequest, JobStopAnswer } from "../../src/ports/job-search.ts";
import { ended, submitScript } from "../support/jobs.ts";
import { apiServer } from "./server.ts";

const { url, batch } = await apiServer({ after });

async function post<Answer>(path: string, body: object): Promise<Answer & { message?: string; status: number }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/longshore/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { ...((await response.json()) as Answer & { message?: string }), status: response.status };
}

const search = (request: JobSearchRequest) => post<JobSearchAnswer>("job-search", request);
const names = ({ jobs }: JobSearchAnswer): string[] => jobs.map(({ jobName }) => jobName);

test("pages go there and back, whatever comes in between; tokens are good for their own search only", async () => {
  const submit = async (name: string): Promise<string> => {
    const id = await submitScript(batch, "true", { jobName: name });
    await ended(batch, id);
    return id;
  };
  for (const name of ["p-1", "p-2", "p-3", "p-4", "p-5"]) await submit(name);
  const filters = { name: "p-*" };
  const first = await search({ filters, limit: 2 });
  assert.deepEqual(names(first), ["p-5", "p-4"]);
  await submit("p-6");
  const second = await search({ filters, limit: 2, pageToken: first.nextToken! });
  assert.deepEqual(names(second), ["p-3", "p-2"]);
  const third = await search({ filters, limit: 2, pageToken: second.nextToken! });
  assert.deepEqual([names(third), third.nextToken], [["p-1"], undefined]);
  const back = await search({ filters, limit: 2, pageToken: third.previousToken! });
  assert.deepEqual(names(back), ["p-3", "p-2"]);
  const newer = await search({ filters, limit: 9, pageToken: first.previousToken! });
  assert.deepEqual(names(newer), ["p-6"]);
  assert.deepEqual(names(await search({ filters, sort: "oldest", limit: 3 })), ["p-1", "p-2", "p-3"]);
  const token = first.nextToken!;
  const middle = token.length / 2;
  const forged = [
    { filters, pageToken: token.slice(0, middle) + (token[middle] === "A" ? "B" : "A") + token.slice(middle + 1) },
    { filters: { name: "q*" }, pageToken: token },
    { filters, sort: "oldest" as const, pageToken: token },
    { filters, pageToken: "x" },
    { filters, pageToken: Buffer.from(JSON.stringify([0, { place: { createdAt: 0, seq: 0 } }])).toString("base64url") },
  ];
  for (const request of forged) {
    const { status, message } = await search(request);
    assert.deepEqual([status, message], [400, "The nextToken is not valid for this request."]);
  }
});

test("what is wrong with a request is said, member by member", async () => {
  const wrong: readonly [body: object, message: RegExp][] = [
    [{ filter: {} }, /^filter is no member of the request/],
    [{ filters: { colour: 1 } }, /^colour is no member of filters/],
    [{ limit: 1001 }, /^limit must be a whole number from 1 to 1000/],
    [{ filters: { statuses: ["DONE"] } }, /^filters.statuses\[0\] must be one of SUBMITTED/],
    [{ filters: { queues: [] } }, /^filters.queues must be a list of 1 to 100/],
    [{ filters: { name: "a*b" } }, /^filters.name may have a \*/],
    [{ filters: { created: { from: 5, to: 5 } } }, /^filters.created.from must be before/],
    [{ filters: { started: {} } }, /^filters.started needs from or to/],
    [{ filters: { tags: [{ value: "x" }] } }, /^filters.tags\[0\].key must be a text/],
    [{ filters: { exitCodes: ["1"] } }, /^filters.exitCodes\[0\] must be a whole number/],
    [[], /^the request must be an object/],
  ];
  for (const [body, expected] of wrong) {
    const { status, message } = await post<object>("job-search", body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(message!, expected);
  }
  const { message } = await post<object>("job-search/stop", { action: "terminate" });
  assert.match(message!, /^reason must be a text of 1 to 1024/);
});

test("children follow their array; all that match are counted and stopped, once", async () => {
  const array = await submitScript(batch, "sleep 600", { jobName: "kids", arrayProperties: { size: 5 } });
  const single = await submitScript(batch, "sleep 600", { jobName: "kids" });
  const all: string[] = [];
  for (let pageToken: string | undefined; ;) {
    const filters = { name: "kids", children: true };
    const page = await search({ filters, limit: 2, ...(pageToken !== undefined && { pageToken }) });
    all.push(...page.jobs.map(({ jobId }) => jobId));
    pageToken = page.nextToken;
    if (pageToken === undefined) break;
  }
  assert.deepEqual(all, [single, array, ...[0, 1, 2, 3, 4].map((index) => `${array}:${index}`)]);
  const filters = { name: "kids" };
  const counted = await post<JobStopAnswer>("job-search/stop", { filters, action: "count" });
  assert.equal(counted.arrays, 1);
  assert.equal(
    Object.values(counted.found).reduce((sum, count) => sum + count, 0),
    2,
  );
  const request = { filters, action: "terminate", reason: "enough" };
  const [one, other] = await Promise.all([1, 2].map(() => post<JobStopAnswer>("job-search/stop", request)));
  assert.deepEqual([one!.status, other!.status, one!.refused], [200, 200, []]);
  for (const id of [array, single]) assert.equal((await ended(batch, id)).status, "FAILED");
  const rest = await post<JobStopAnswer>("job-search/stop", request);
  assert.deepEqual(rest.found, {});
});
