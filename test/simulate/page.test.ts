import assert from "node:assert/strict";
import { test } from "node:test";
import { withPolicy } from "../../src/sim/cluster/policy.ts";
import { reportPage } from "../../src/sim/report/page/page.ts";
import { stepsOf, timeUnitFor } from "../../src/sim/report/page/timeline.ts";
import type { Report } from "../../src/sim/report/report.ts";
import { reportOf } from "../../src/sim/report/report.ts";
import { simulate } from "../../src/sim/simulation.ts";
import { jobs, pool } from "./example.ts";

const HOSTILE = `</td><script>alert("1")</script>\u202e&'`;

async function reportsNamed(...names: string[]): Promise<Report[]> {
  const cluster = withPolicy(pool(2), { queues: [] });
  const workload = jobs(
    { at: 0, runs: 100, vcpus: 2, share: HOSTILE },
    { at: 10, runs: 50, share: "B" },
    { at: 20, runs: 1, vcpus: 8, share: "B" },
  );
  const named = workload.jobs.map((job) => ({ ...job, name: HOSTILE }));
  const simulated = await simulate({ workload: { jobs: named, notes: [] }, cluster });
  return names.map((name) => reportOf(name, simulated, cluster));
}

function pageOf(reports: readonly Report[]): string {
  return reportPage(`Simulation of ${HOSTILE}`, reports, (value) => String(value ?? "-"));
}

test("names of shares, jobs, policies and files are text, whatever they are", async () => {
  const page = pageOf(await reportsNamed(HOSTILE, "second"));
  assert.ok(!page.includes("<script"));
  assert.ok(!page.includes("\u202e"));
  assert.ok(page.includes("&lt;/td&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;\ufffd&amp;&#39;"));
});

test("the page loads nothing and runs nothing", async () => {
  const page = pageOf(await reportsNamed("one"));
  assert.match(page, /http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/);
  assert.doesNotMatch(page, /<(script|link|img|iframe|object)|https?:|url\(|@import| on\w+=/);
});

test("every element that is opened is closed, in order", async () => {
  const page = pageOf(await reportsNamed("one", "two"));
  const open: string[] = [];
  for (const [, isEnd, name, isEmpty] of page.matchAll(/<(\/?)([a-z]\w*)(?:"[^"]*"|[^">])*?(\/?)>/g)) {
    if (isEmpty === "/" || ["meta"].includes(name!)) continue;
    if (isEnd === "") open.push(name!);
    else assert.equal(open.pop(), name);
  }
  assert.deepEqual(open, []);
});

test("beside each plot there is a table, and a sentence that tells what it shows", async () => {
  const page = pageOf(await reportsNamed("one", "two"));
  const plots = [...page.matchAll(/<svg [^>]*>/g)].map(([tag]) => tag);
  // Waiting jobs, two of vCPUs, waiting times, two of shares.
  assert.equal(plots.length, 6);
  for (const tag of plots) assert.match(tag, /role="img" aria-label="[^"]{20,}"/);
  assert.equal(page.match(/<section>/g)?.length, 7);
  assert.equal(page.match(/<table>/g)?.length, 8);
  assert.doesNotMatch(page, /NaN|Infinity|undefined/);
});

test("a workload of no jobs is a page, too", async () => {
  const cluster = pool(2);
  const page = pageOf([reportOf("nothing", await simulate({ workload: jobs(), cluster }), cluster)]);
  assert.doesNotMatch(page, /NaN|Infinity/);
});

test("an axis of thousands begins with a plain 0", async () => {
  const workload = jobs(...Array.from({ length: 3_000 }, () => ({ at: 0, runs: 1 })));
  const page = pageOf([reportOf("many", await simulate({ workload, cluster: pool(4_000) }), pool(4_000))]);
  assert.match(page, />3k</);
  assert.doesNotMatch(page, />0k</);
});

test("time is told in the largest unit of which there are three", () => {
  const units = [1, 179, 180, 10_800, 259_199, 259_200].map((seconds) => timeUnitFor(seconds).name);
  assert.deepEqual(units, ["seconds", "seconds", "minutes", "hours", "hours", "days"]);
});

test("so many buckets are one step as make at most so many steps, and each is their mean", async () => {
  const [report] = await reportsNamed("one");
  const unit = timeUnitFor(0);
  assert.deepEqual(stepsOf({ ...report!.series, bucketSeconds: 2 }, [1, 3, 5, 7, 9], unit, 3), [
    { from: 0, to: 4, value: 2 },
    { from: 4, to: 8, value: 6 },
    { from: 8, to: 10, value: 9 },
  ]);
});
