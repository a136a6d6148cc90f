import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { until } from "../support/until.ts";
import { Cli, LAUNCHER, type Started } from "./longshore.ts";

/** The client commands against one real server. */

const cli = new Cli({ after });
let server: Started;

before(async () => {
  server = await cli.up("--vcpus", "2");
});
after(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
});

const ok = (...args: string[]) => cli.ok(...args);
const submitted = (name: string, ...args: string[]) => cli.submitted(name, ...args);

async function json(...args: string[]): Promise<Record<string, unknown>> {
  return JSON.parse(await ok(...args, "--json")) as Record<string, unknown>;
}

test("submit, wait, logs, describe: the way of a job", async () => {
  const answer = JSON.parse(await ok("submit", "way", "--json", "--tag", "team=a", "--", "echo", "here")) as {
    jobId: string;
    jobName: string;
    jobArn: string;
  };
  assert.equal(answer.jobName, "way");
  assert.ok(answer.jobArn.endsWith(answer.jobId));
  assert.match(await ok("jobs", "wait", answer.jobId), /succeeded/);
  assert.equal(await ok("logs", answer.jobId), "here\n");
  const { jobs } = (await json("jobs", "describe", answer.jobId)) as { jobs: { status: string; tags: object }[] };
  assert.deepEqual([jobs[0]?.status, jobs[0]?.tags], ["SUCCEEDED", { team: "a" }]);
  assert.match(await ok("jobs", "describe", answer.jobId), /^Status: +SUCCEEDED$/m);
});

test("wait gives the exit code of the first job that failed, and so does submit --wait", async () => {
  const good = await submitted("good", "--", "true");
  const bad = await submitted("bad", "--", "sh", "-c", "exit 11");
  const array = await submitted("array", "--array", "3", "--", "sh", "-c", "exit $((AWS_BATCH_JOB_ARRAY_INDEX * 4))");
  assert.equal((await cli.run("jobs", "wait", good, bad, array)).code, 11);
  assert.equal((await cli.run("jobs", "wait", good, array, bad)).code, 4);
  assert.equal((await cli.run("submit", "w", "--wait", "--", "sh", "-c", "exit 12")).code, 12);
});

test("dependencies: after success, not after failure, child by child", async () => {
  const bad = await submitted("bad", "--", "false");
  const dependent = await submitted("dependent", "--depends-on", bad, "--", "echo", "never");
  assert.equal((await cli.run("jobs", "wait", dependent)).code, 1);
  const logs = await cli.run("logs", dependent);
  assert.deepEqual([logs.code, logs.stdout], [0, ""]);
  assert.match(logs.stderr, /never started: Dependent Job failed/);
  const first = await submitted("n1", "--array", "2", "--", "true");
  const second = await submitted("n2", "--array", "2", "--depends-on", `${first}:N_TO_N`, "--", "true");
  const chain = await submitted("seq", "--array", "2", "--depends-on", "SEQUENTIAL", "--", "true");
  await ok("jobs", "wait", second, chain);
  assert.equal((await cli.run("submit", "x", "--depends-on", `${first}:SOMEHOW`, "--", "true")).code, 2);
});

test("what AWS Batch does not have: after any end, after a failure, another image, so many children at a time", async () => {
  const bad = await submitted("bad", "--", "false");
  const any = await submitted("any", "--after-any", bad, "--depends-on", `${bad}:AFTER_NOT_OK`, "--", "true");
  const repair = await submitted("repair", "--after-not-ok", bad, "--after-any", any, "--", "true");
  const image = await submitted("image", "--image", "busybox:stable", "--", "true");
  await ok("jobs", "wait", any, repair, image);
  const { jobs } = (await json("jobs", "describe", image)) as { jobs: { container: { image: string } }[] };
  assert.equal(jobs[0]?.container.image, "busybox:stable");
  const options = ["--array", "20000", "--array-concurrency", "1", "--tag", "team=a"];
  const array = await submitted("array", ...options, "--", "sleep", "60");
  const described = await until("a child runs", async () => {
    const { jobs: parents } = (await json("jobs", "describe", array)) as { jobs: ArrayParent[] };
    return parents[0]!.arrayProperties.statusSummary["RUNNING"] === 1 && parents[0];
  });
  assert.equal(described.arrayProperties.statusSummary["RUNNABLE"], 19_999);
  assert.deepEqual(described.tags, { "longshore:array-concurrency": "1", team: "a" });
  await ok("jobs", "terminate", array);
});

interface ArrayParent {
  readonly tags: object;
  readonly arrayProperties: { readonly statusSummary: Readonly<Record<string, number>> };
}

test("list: newest first, all states or one, children by index, a limit", async () => {
  await ok("queues", "create", "listed");
  const array = await submitted("older", "--queue", "listed", "--array", "12", "--", "true");
  const bad = await submitted("newer", "--queue", "listed", "--", "false");
  await cli.run("jobs", "wait", array, bad);
  assert.equal(await ok("jobs", "list", "--queue", "listed", "-q"), `${bad}\n${array}\n`);
  assert.equal(await ok("jobs", "list", "--queue", "listed", "-q", "--status", "SUCCEEDED"), `${array}\n`);
  assert.equal(await ok("jobs", "list", "--queue", "listed", "-q", "--limit", "1"), `${bad}\n`);
  const children = await ok("jobs", "list", "--array", array, "-q");
  assert.deepEqual(
    children.trim().split("\n"),
    Array.from({ length: 12 }, (_, index) => `${array}:${index}`),
  );
  const { jobSummaryList } = (await json("jobs", "list", "--queue", "listed")) as {
    jobSummaryList: { jobId: string }[];
  };
  assert.deepEqual(
    jobSummaryList.map(({ jobId }) => jobId),
    [bad, array],
  );
});

test("cancel a waiting job, terminate a running one; an unknown id is an error", async () => {
  const running = await submitted("running", "--cpus", "2", "--", "sh", "-c", "exec sleep 600");
  const waiting = await submitted("waiting", "--cpus", "2", "--", "true");
  await until("it runs", async () => /RUNNING/.test(await ok("jobs", "describe", running, "-q")));
  await ok("jobs", "cancel", waiting, "--reason", "not needed");
  await ok("jobs", "terminate", running, "--reason", "long enough");
  await cli.run("jobs", "wait", running, waiting);
  const { jobs } = (await json("jobs", "describe", waiting, running)) as { jobs: { statusReason: string }[] };
  assert.deepEqual(
    jobs.map(({ statusReason }) => statusReason),
    ["not needed", "long enough"],
  );
  const unknown = await cli.run("jobs", "terminate", "00000000-0000-0000-0000-000000000000");
  assert.equal(unknown.code, 3);
  assert.match(unknown.stderr, /No job 00000000/);
});

test("logs: one attempt, following, JSON lines, children with their index", async () => {
  const script = "echo attempt $AWS_BATCH_JOB_ATTEMPT; exit 1";
  const tried = await submitted("tried", "--attempts", "2", "--", "sh", "-c", script);
  assert.equal(await ok("logs", tried, "--follow"), "attempt 1\nattempt 2\n");
  assert.equal(await ok("logs", tried, "--attempt", "2"), "attempt 2\n");
  assert.equal((await cli.run("logs", tried, "--attempt", "3")).code, 3);
  const array = await submitted("array", "--array", "2", "--", "sh", "-c", "echo $AWS_BATCH_JOB_ARRAY_INDEX");
  await ok("jobs", "wait", array);
  assert.deepEqual((await ok("logs", array)).trim().split("\n").sort(), ["[0] 0", "[1] 1"]);
  assert.equal(await ok("logs", `${array}:1`), "1\n");
  const line = JSON.parse(await ok("logs", `${array}:1`, "--json")) as { message: string; timestamp: number };
  assert.equal(line.message, "1");
  assert.ok(Math.abs(Date.now() - line.timestamp) < 600_000);
});

test("queues and environments: list, describe, disable, delete", async () => {
  await ok("queues", "create", "short-lived", "--priority", "7");
  assert.match(await ok("queues"), /^short-lived +ENABLED +VALID +7 +default$/m);
  const { jobQueues } = (await json("queues", "describe", "short-lived")) as { jobQueues: { priority: number }[] };
  assert.equal(jobQueues[0]?.priority, 7);
  await ok("queues", "disable", "short-lived");
  assert.equal((await cli.run("submit", "x", "--queue", "short-lived", "--", "true")).code, 3);
  await ok("queues", "delete", "short-lived");
  await until("it is gone", async () => !(await ok("queues", "-q")).includes("short-lived"));
  assert.equal(await ok("environments", "list", "-q"), "default\n");
  const { computeEnvironments } = await json("environments", "describe", "default");
  assert.ok(Array.isArray(computeEnvironments) && computeEnvironments.length === 1);
});

test("errors say what is wrong and what to do, without a stack trace, with their exit codes", async () => {
  const cases: [string[], number, RegExp][] = [
    [["submit", "x", "--queue", "nope", "--", "true"], 3, /nope not found[\s\S]*There is: .*default/],
    [["jobs", "list", "--queue", "nope"], 3, /nope[\s\S]*There is: .*default/],
    [["queues", "describe", "nope"], 3, /No job queue nope[\s\S]*There is: .*default/],
    [["submit", "x", "--definition", "nope", "--", "true"], 3, /nope/],
    [["logs", "nope"], 3, /No job nope[\s\S]*longshore jobs list/],
    [["jobs", "list", "--endpoint", "localhost:1"], 2, /--endpoint is not a URL/],
    [["jobs", "list", "--data-dir", "/nonexistent/dir"], 3, /No server runs[\s\S]*longshore up/],
    [["jobz"], 2, /Did you mean jobs/],
    [["jobs", "list", "--limit", "many"], 2, /whole number/],
    [["submit", "x", "--env", "novalue", "--", "true"], 2, /KEY=VALUE/],
  ];
  for (const [args, exitCode, message] of cases) {
    const { code, stdout, stderr } = await cli.run(...args);
    assert.deepEqual([code, stdout], [exitCode, ""], args.join(" "));
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\n\s+at /);
  }
});

test("an endpoint where nothing listens: exit code 3 and how to start a server", async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  assert.ok(typeof address === "object" && address !== null);
  await new Promise((resolve) => listener.close(resolve));
  const { code, stderr } = await cli.run("jobs", "list", "--endpoint", `http://127.0.0.1:${address.port}`);
  assert.equal(code, 3);
  assert.match(
    stderr,
    /No server answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)\.\nStart one with `longshore up`/,
  );
});

test("names and reasons with terminal escapes are harmless in tables", async () => {
  const job = await submitted("escape", "--cpus", "2", "--", "sleep", "600");
  await ok("jobs", "terminate", job, "--reason", "\u001b]0;title\u0007\u001b[31mred\u001b[2J\rover");
  await cli.run("jobs", "wait", job);
  for (const args of [
    ["jobs", "list", "--limit", "5"],
    ["jobs", "describe", job],
  ]) {
    const text = await ok(...args);
    assert.ok(text.includes(String.raw`\u001b]0;title\u0007\u001b[31mred\u001b[2J\rover`), text);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f]/);
  }
});

test("a reader that has seen enough ends the command quietly", async () => {
  const job = await submitted("many", "--", "seq", "200000");
  await ok("jobs", "wait", job);
  const environment = { ...process.env, HOME: cli.home, LONGSHORE_DATA_DIR: cli.dataDir };
  const shell = spawn("sh", ["-c", '"$0" logs "$1" | head -n 2', LAUNCHER, job], { env: environment });
  let [stdout, stderr] = ["", ""];
  shell.stdout.on("data", (chunk) => (stdout += String(chunk)));
  shell.stderr.on("data", (chunk) => (stderr += String(chunk)));
  await once(shell, "close");
  assert.deepEqual([stdout, stderr], ["1\n2\n", ""]);
});

test("a second server on the same data directory says which one has it", async () => {
  const { code, stdout, stderr } = await cli.run("up", "--port", "0");
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, new RegExp(`process ${server.process.pid}\\b`));
});
