import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Explanation } from "../../src/core/explain/explanation.ts";
import type { DryRun } from "../../src/ports/dry-run.ts";
import { until } from "../support/until.ts";
import { Cli, type Started } from "./longshore.ts";

/** `longshore explain` and `longshore submit --dry-run` against one real server of two vCPUs. */

const cli = new Cli({ after });
let server: Started;

before(async () => {
  server = await cli.up("--vcpus", "2", "--memory-mib", "1024");
});
after(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
});

const ok = (...args: string[]) => cli.ok(...args);
const submitted = (name: string, ...args: string[]) => cli.submitted(name, ...args);

async function explained(jobId: string): Promise<Explanation> {
  return JSON.parse(await ok("explain", jobId, "--json")) as Explanation;
}

async function dryRun(...args: string[]): Promise<DryRun> {
  return JSON.parse(await ok("submit", "try", "--dry-run", "--json", ...args)) as DryRun;
}

async function jobCount(): Promise<number> {
  return (await ok("jobs", "list", "--quiet")).split("\n").length;
}

test("what waits says what is in its way, who holds it, and its place; what runs and what is over say so", async () => {
  const runs = await submitted("runs", "--cpus", "2", "--timeout", "600", "--", "sleep", "60");
  await until("it runs", async () => (await explained(runs)).status === "RUNNING");
  const head = await submitted("head", "--", "true");
  const behind = await submitted("behind", "--", "true");
  const dependent = await submitted("dependent", "--depends-on", behind, "--", "true");

  assert.match((await explained(runs)).answer, /^It runs \(attempt 1, in default\); its timeout ends it at /);

  const text = await ok("explain", head);
  assert.match(text, new RegExp(`^${head} is RUNNABLE\\. Waiting for capacity: it asks for 1 vCPU and 64 MiB; 0 vCPU`));
  assert.match(text, new RegExp(`These would have to end: ${runs} \\(at the latest `));
  assert.match(text, /The largest that fits: 0 vCPU and \d+ MiB now, 2 vCPU and 1024 MiB ever\./);
  assert.match(text, /Place in its queue: 1\nStart: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, if what runs takes as long /);
  assert.equal(await ok("explain", behind, "--quiet"), "placement\nbehind\n");
  assert.deepEqual((await explained(behind)).position, { place: 2 });

  const later = await dryRun("--", "true");
  // Those before it may run for ever.
  assert.deepEqual([later.outcome, Object.keys(later.predictedStart)], ["waits", ["unknown"]]);
  const { estimate } = await explained(behind);
  assert.ok(estimate !== undefined && "at" in estimate && estimate.at > Date.now() + 500_000);
  const [dependency] = (await explained(dependent)).blockers;
  assert.ok(dependency?.kind === "dependency");
  assert.deepEqual([dependency.jobId, dependency.status], [behind, "RUNNABLE"]);

  await ok("jobs", "terminate", runs);
  await ok("jobs", "wait", head, behind, dependent);
  assert.match(
    await ok("explain", dependent),
    /is SUCCEEDED\. It has succeeded\.\n\nAttempts that are over:\n1\. succeeded/,
  );
  const failed = await explained(runs);
  assert.deepEqual([failed.status, failed.attempts[0]?.end], ["FAILED", "stopped"]);
  assert.match(failed.answer, /^It has failed after 1 of at most 1 attempts: Terminated by the user\.$/);
});

test("an array is explained by its next child, and a child by itself", async () => {
  const array = await submitted("array", "--array", "5", "--array-concurrency", "1", "--", "sleep", "60");
  const explanation = await until("a child runs", async () => {
    const found = await explained(array);
    return found.nextChild === `${array}:1` && found.blockers.length > 0 && found;
  });
  assert.match(explanation.answer, /^4 of its 5 children wait/);
  const child = await explained(`${array}:3`);
  assert.deepEqual([child.status, child.blockers.map(({ kind }) => kind)], ["RUNNABLE", ["crowded"]]);
  assert.deepEqual(child.position, { place: 3 });
  await ok("jobs", "terminate", array);
  await cli.run("jobs", "wait", array);
});

test("a job that is not there", async () => {
  const { code, stderr } = await cli.run("explain", "nobody");
  assert.deepEqual([code, stderr], [3, "longshore: Job nobody not found.\n"]);
});

test("a dry run says what would be, and submits nothing", async () => {
  const before = await jobCount();
  const fits = await dryRun("--cpus", "1", "--memory", "100", "--timeout", "3600", "--", "true");
  assert.deepEqual(fits.resources, { vcpus: 1, memoryMiB: 100, gpus: 0 });
  assert.equal(fits.outcome, "starts");
  assert.match(fits.environmentArn!, /compute-environment\/default$/);
  assert.ok("at" in fits.predictedStart && fits.predictedStart.inSeconds === 0);
  assert.ok("usdPerHour" in fits.cost && fits.cost.usdPerHour > 0 && fits.cost.atMostUsd === fits.cost.usdPerHour);

  const tooLarge = await ok("submit", "try", "--dry-run", "--memory", "2000", "--array", "3", "--", "true");
  assert.match(tooLarge, /^MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - .*Nothing was submitted\.$/m);
  assert.match(tooLarge, /^Resources: +1 vCPU, 2000 MiB, for each of 3 children$/m);
  assert.match(tooLarge, /Ask for 2 vCPU and 1024 MiB at most/);
  assert.equal(await ok("submit", "try", "--dry-run", "--quiet", "--gpus", "1", "--", "true"), "waits\n");
  assert.equal(await jobCount(), before);
});

test("a dry run refuses what a submission refuses, in the same words", async () => {
  for (const wrong of [
    ["no name!", "--", "true"],
    ["x", "--queue", "nobody", "--", "true"],
    ["x", "--depends-on", "nobody", "--", "true"],
    ["x", "--cpus", "many", "--", "true"],
  ]) {
    const [real, dry] = [await cli.run("submit", ...wrong), await cli.run("submit", "--dry-run", ...wrong)];
    assert.deepEqual([dry.code, dry.stderr], [real.code, real.stderr]);
    assert.equal(dry.code, 3);
  }
  assert.equal((await cli.run("submit", "--dry-run", "--wait", "x", "--", "true")).code, 2);
});
