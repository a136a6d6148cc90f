import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { Cli, ROOT } from "./longshore.ts";

/** `longshore simulate`: no server is there, but where its history is asked for. */

const cli = new Cli({ after });
const CLUSTER = join(ROOT, "examples/simulate/cluster.json");

/** Two jobs, each of the whole pool for 100 s. */
const TRACE = [1, 2].map((job) => `${job} 0 -1 100 256 -1 -1 256 -1 -1 1 ${job} -1 -1 -1 -1 -1 -1\n`).join("");

function file(name: string, text: string): string {
  const path = join(cli.home, name);
  writeFileSync(path, text);
  return path;
}

test("a trace is simulated without a server, as a table and as JSON", async () => {
  const args = ["simulate", "--workload", file("trace.swf", TRACE), "--cluster", CLUSTER];
  const { code, stdout, stderr } = await cli.run(...args);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^Waiting, mean +50 s$/m);
  assert.match(stdout, /^Utilisation +100\.0 %$/m);
  assert.match(stdout, /^user2 +1 /m);
  const json = JSON.parse((await cli.run(...args, "--json")).stdout) as { runs: { makespanSeconds: number }[] };
  assert.equal(json.runs[0]?.makespanSeconds, 200);
});

test("policies are compared side by side, on a page too", async () => {
  const page = join(cli.home, "report.html");
  const { code, stdout } = await cli.run(
    ...["simulate", "--workload", "synthetic:200", "--seed", "3", "--cluster", CLUSTER, "--html", page],
    ...["--policy", join(ROOT, "examples/simulate/backfill.json")],
  );
  assert.equal(code, 0);
  assert.match(stdout, /^ +cluster +backfill$/m);
  assert.match(readFileSync(page, "utf8"), /<h1>Simulation of synthetic:200<\/h1>/);
});

test("what is wrong with a file is told with its name and place, as wrong usage", async () => {
  const bad = file("bad.swf", `${TRACE}1 2 3\n`);
  const wrongTrace = await cli.run("simulate", "--workload", bad, "--cluster", CLUSTER);
  assert.equal(wrongTrace.code, 2);
  assert.match(wrongTrace.stderr, /bad\.swf: line 3 has 3 fields/);
  const wrongCluster = await cli.run("simulate", "--workload", bad, "--cluster", file("cluster.json", "{}"));
  assert.equal(wrongCluster.code, 2);
  assert.match(wrongCluster.stderr, /cluster\.json: computeEnvironments is missing\./);
  const missing = await cli.run("simulate", "--workload", join(cli.home, "none.swf"), "--cluster", CLUSTER);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /none\.swf: ENOENT/);
});

test("a page that cannot be written is told, and the table is printed all the same", async () => {
  const args = ["simulate", "--workload", file("trace.swf", TRACE), "--cluster", CLUSTER];
  const { code, stdout, stderr } = await cli.run(...args, "--html", join(cli.home, "none", "report.html"));
  assert.equal(code, 2);
  assert.match(stderr, /^longshore: .*report\.html: ENOENT/);
  assert.match(stdout, /^Waiting, mean /m);
});

test("an error shows what a file has, and nothing that a terminal obeys", async () => {
  const bad = file("escapes.csv", "submit_seconds,\u001b[31mred\u001b]0;title\u0007\n");
  const { code, stderr } = await cli.run("simulate", "--workload", bad, "--cluster", CLUSTER);
  assert.equal(code, 2);
  assert.match(stderr, /escapes\.csv: line 1: "\\u001b\[31mred\\u001b\]0;title\\u0007" is no column/);
});

test("jobs are submitted in another tempo, within reason", async () => {
  const args = ["simulate", "--workload", file("trace.swf", TRACE), "--cluster", CLUSTER, "--speedup"];
  for (const factor of ["0", "1e-300", "1e7", "fast"]) {
    const { code, stderr } = await cli.run(...args, factor);
    assert.equal(code, 2);
    assert.match(stderr, /'--speedup <factor>' .* must be a number from 0\.01 to 1000000\./);
  }
});

test("a workload without jobs is told", async () => {
  const { code, stderr } = await cli.run("simulate", "--workload", file("none.swf", "; none\n"), "--cluster", CLUSTER);
  assert.deepEqual([code, stderr], [0, "There are no jobs to simulate.\n"]);
});

test("what a server has run is a workload, children one by one", async (t) => {
  const server = await cli.up("--vcpus", "2");
  t.after(async () => {
    server.process.kill("SIGTERM");
    await server.ended;
  });
  const simulated = ["simulate", "--workload", "history", "--cluster", CLUSTER, "--json"];
  const waited = await cli.run(
    "submit",
    "many",
    "--array",
    "3",
    "--wait",
    "--",
    "sh",
    "-c",
    "exit $AWS_BATCH_JOB_ARRAY_INDEX",
  );
  assert.equal(waited.code, 1);
  await cli.run("submit", "one", "--wait", "--", "true");
  const { stdout, stderr } = await cli.run(...simulated);
  const { runs } = JSON.parse(stdout) as { runs: { jobs: object }[] };
  assert.deepEqual(runs[0]?.jobs, { submitted: 4, succeeded: 2, failed: 2, unfinished: 0 }, stderr);
  const later = await cli.run(...simulated, "--since", "2100-01-01T00:00:00Z");
  assert.equal((JSON.parse(later.stdout) as { runs: { jobs: { submitted: number } }[] }).runs[0]?.jobs.submitted, 0);
});
