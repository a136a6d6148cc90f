import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../support/until.ts";
import { Cli } from "./longshore.ts";

const RUN = ["run", "--driver", "process"] as const;

test("a job's output is on stdout and nothing else; its exit code is the command's", async (t) => {
  const cli = new Cli(t);
  const good = await cli.run(...RUN, "--", "printf", "a\\nb c\\nno line end");
  assert.deepEqual([good.code, good.stdout], [0, "a\nb c\nno line end\n"]);
  assert.match(good.stderr, /^Job [0-9a-f-]{36} succeeded, \d+(\.\d)? m?s\.\n$/);
  const bad = await cli.run(...RUN, "--env", "WORD=x=y", "--", "sh", "-c", 'echo "$WORD"; exit 7');
  assert.deepEqual([bad.code, bad.stdout], [7, "x=y\n"]);
  assert.match(bad.stderr, /failed.*exit code 7/);
});

test("variables for every job; the job's own win", async (t) => {
  const cli = new Cli(t);
  const forAll = ["--job-env", "COLOUR=red", "--job-env", "SHAPE=a=b", "--env", "COLOUR=blue"];
  const { stdout } = await cli.run(...RUN, ...forAll, "--", "sh", "-c", 'echo "$COLOUR $SHAPE"');
  assert.equal(stdout, "blue a=b\n");
  const { code, stderr } = await cli.run(...RUN, "--job-env", "COLOUR", "--", "true");
  assert.equal(code, 2);
  assert.match(stderr, /--job-env <name=value>.*KEY=VALUE/);
});

test("options of the command after its name are the command's", async (t) => {
  const { stdout } = await new Cli(t).run(...RUN, "echo", "--json", "-e", "--", "x");
  assert.equal(stdout, "--json -e -- x\n");
});

test("127 for a command that is not there, with the reason", async (t) => {
  const { code, stdout, stderr } = await new Cli(t).run(...RUN, "--", "no-such-command-here");
  assert.deepEqual([code, stdout], [127, ""]);
  assert.match(stderr, /no-such-command-here.*not found/);
});

test("a program named by a relative path is found from the current directory", async (t) => {
  const cli = new Cli(t);
  writeFileSync(join(cli.home, "work.sh"), "#!/bin/sh\necho worked with $1\n", { mode: 0o755 });
  assert.equal((await cli.run(...RUN, "--", "./work.sh", "care")).stdout, "worked with care\n");
});

test("an array's lines carry the child's index, each once and in order; the exit code is the lowest failed child's", async (t) => {
  const size = 150;
  const script =
    "i=$AWS_BATCH_JOB_ARRAY_INDEX; echo first $i; echo second $i; [ $i -ne 40 ] || exit 4; [ $i -ne 90 ] || exit 9";
  const { code, stdout, stderr } = await new Cli(t).run(...RUN, "--array", `${size}`, "--", "sh", "-c", script);
  assert.equal(code, 4);
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, 2 * size);
  for (let index = 0; index < size; index += 1) {
    const own = lines.filter((line) => line.startsWith(`[${index}] `));
    assert.deepEqual(own, [`[${index}] first ${index}`, `[${index}] second ${index}`]);
  }
  assert.match(stderr, /148 succeeded, 2 failed/);
  assert.match(stderr, /\[40\] exit code 4/);
  assert.match(stderr, /\[90\] exit code 9/);
});

test("output appears while the job runs", async (t) => {
  const cli = new Cli(t);
  const go = join(cli.home, "go");
  const script = `echo early; while [ ! -e '${go}' ]; do sleep 0.02; done; echo late`;
  const run = cli.start(...RUN, "--", "sh", "-c", script);
  await until("the first line", () => run.stdout === "early\n");
  writeFileSync(go, "");
  const { code, stdout } = await run.ended;
  assert.deepEqual([code, stdout], [0, "early\nlate\n"]);
});

test("a job that is tried again gives the output of all attempts, in order", async (t) => {
  const cli = new Cli(t);
  const script = "echo attempt $AWS_BATCH_JOB_ATTEMPT; [ $AWS_BATCH_JOB_ATTEMPT -eq 3 ]";
  const { code, stdout } = await cli.run(...RUN, "--attempts", "3", "--", "sh", "-c", script);
  assert.deepEqual([code, stdout], [0, "attempt 1\nattempt 2\nattempt 3\n"]);
});

test("--json: one object on stdout, the output on stderr", async (t) => {
  const cli = new Cli(t);
  const script = "echo out; exit $((AWS_BATCH_JOB_ARRAY_INDEX * 5))";
  const { code, stdout, stderr } = await cli.run(
    ...RUN,
    "--json",
    "--array",
    "2",
    "--name",
    "two",
    "--",
    "sh",
    "-c",
    script,
  );
  const job = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(code, 5);
  assert.deepEqual([job.jobName, job.status, job.exitCode], ["two", "FAILED", 5]);
  assert.deepEqual(
    (job.children as Record<string, unknown>[]).map(({ index, jobId, status, exitCode }) => [
      index,
      jobId,
      status,
      exitCode,
    ]),
    [
      [0, `${String(job.jobId)}:0`, "SUCCEEDED", 0],
      [1, `${String(job.jobId)}:1`, "FAILED", 5],
    ],
  );
  assert.match(stderr, /\[0\] out\n/);
});

test("SIGINT ends the job, shows its last words and gives 130", async (t) => {
  const cli = new Cli(t);
  const script = "exec 2> /dev/null; trap 'echo last words; exit 3' TERM; echo started; while :; do sleep 0.02; done";
  const run = cli.start(...RUN, "--", "sh", "-c", script);
  await until("the job runs", () => run.stdout === "started\n");
  run.process.kill("SIGINT");
  const { code, stdout, stderr } = await run.ended;
  assert.equal(code, 130);
  assert.equal(stdout, "started\nlast words\n");
  assert.match(stderr, /Interrupted by the user/);
});

test("a second SIGINT leaves at once, even when the job does not obey", async (t) => {
  const cli = new Cli(t);
  const script = "trap '' TERM; echo started; while :; do sleep 0.02; done";
  const run = cli.start(...RUN, "--", "sh", "-c", script);
  await until("the job runs", () => run.stdout === "started\n");
  run.process.kill("SIGINT");
  await until("the first signal is taken", () => run.stderr.includes("Ending job"));
  const asked = Date.now();
  run.process.kill("SIGINT");
  const { code } = await run.ended;
  assert.equal(code, 130);
  assert.ok(Date.now() - asked < 10_000, "it waited for a job that ignores SIGTERM");
});

test("of two runs on one data directory one serves both; when it ends, the other goes on with its job", async (t) => {
  const cli = new Cli(t);
  const [goFirst, goSecond] = [join(cli.home, "go1"), join(cli.home, "go2")];
  const waitFor = (file: string): string =>
    `echo waiting; while [ ! -e '${file}' ]; do sleep 0.02; done; echo done; exit 6`;
  const first = cli.start(...RUN, "--", "sh", "-c", waitFor(goFirst));
  await until("the first job runs", () => first.stdout === "waiting\n");
  const second = cli.start(...RUN, "--", "sh", "-c", waitFor(goSecond));
  await until("the second job runs", () => second.stdout === "waiting\n");
  const server = JSON.parse(readFileSync(join(cli.dataDir, "server.json"), "utf8")) as { pid: number };
  assert.equal(server.pid, first.process.pid);
  writeFileSync(goFirst, "");
  assert.equal((await first.ended).code, 6);
  await until("the second run serves", () => existsSync(join(cli.dataDir, "server.json")));
  writeFileSync(goSecond, "");
  const { code, stdout } = await second.ended;
  assert.deepEqual([code, stdout], [6, "waiting\ndone\n"]);
});

test("the serving run is killed: the other loses no line and no exit code", async (t) => {
  const cli = new Cli(t);
  const [goFirst, goSecond] = [join(cli.home, "go1"), join(cli.home, "go2")];
  const first = cli.start(...RUN, "--", "sh", "-c", `echo up; while [ ! -e '${goFirst}' ]; do sleep 0.02; done`);
  await until("the first job runs", () => first.stdout === "up\n");
  const script = `i=0; while [ ! -e '${goSecond}' ]; do i=$((i + 1)); echo $i; sleep 0.01; done; exit 8`;
  const second = cli.start(...RUN, "--", "sh", "-c", script);
  await until("the second job runs", () => second.stdout.includes("5\n"));
  first.process.kill("SIGKILL");
  await first.ended;
  const seen = second.stdout.length;
  await until("output comes again", () => second.stdout.length > seen + 20);
  writeFileSync(goFirst, "");
  writeFileSync(goSecond, "");
  const { code, stdout } = await second.ended;
  assert.equal(code, 8);
  const numbers = stdout.trimEnd().split("\n").map(Number);
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, index) => index + 1),
  );
});

test("wrong usage gives 2", async (t) => {
  const cli = new Cli(t);
  for (const args of [
    ["run"],
    ["run", "--array", "1", "--", "true"],
    ["run", "--vcpus", "0", "--", "true"],
    ["nonsense"],
  ]) {
    const { code, stdout, stderr } = await cli.run(...args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.doesNotMatch(stderr, /\n\s+at /, "a stack trace");
  }
});
