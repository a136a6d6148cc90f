import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { Cli, ROOT } from "../cli/longshore.ts";
import { dockerUnavailable } from "../support/docker.ts";

const RUN = join(ROOT, "examples/mpi/run.sh");
const NODES = 3;

/** Why the example cannot run here; false when it can. Where tests must not be skipped unseen (CI), what is missing is a failure. */
function mpiUnavailable(): string | false {
  const programs = ["aws", "mpicc", "mpirun", "ssh-keygen", "/usr/sbin/sshd"];
  const missing = programs.filter((program) => {
    try {
      execFileSync("sh", ["-c", `command -v ${program}`]);
      return false;
    } catch {
      return true;
    }
  });
  if (missing.length === 0) return false;
  if (process.env["CI"]) throw new Error(`In CI this test must run: there is no ${missing.join(", ")}`);
  return `there is no ${missing.join(", ")} on this machine`;
}

const noMpi = mpiUnavailable();
const noDocker = (await dockerUnavailable()) ?? false;

for (const { what, options, skip, place } of [
  { what: "plain processes", options: [], skip: noMpi, place: /^127\.\d+\.\d+\.\d+$/ },
  { what: "containers", options: ["--docker"], skip: noMpi || noDocker, place: /^[0-9a-f]{12}$|^10\.\d+\.\d+\.\d+$/ },
]) {
  test(`MPI over ssh: ${what}, one rank on each node, add up over all of them`, { skip }, async (t) => {
    const cli = new Cli(t);
    const { code, stdout, stderr } = await cli.startProgram(RUN, [...options, String(NODES)]).ended;
    assert.equal(code, 0, `${stderr}${stdout}`);
    assert.match(stdout, /^all 3 nodes are there\n/);
    const ranks = [...stdout.matchAll(/^rank (\d) of 3 on (\S+): the sum is (\d+)$/gm)];
    assert.deepEqual(ranks.map(([, rank, , sum]) => `${rank} ${sum}`).toSorted(), ["0 6", "1 6", "2 6"]);
    const places = ranks.map(([, , where]) => where!);
    assert.equal(new Set(places).size, NODES, `each rank has a node of its own: ${places.join()}`);
    for (const one of places) assert.match(one, place);
  });
}

test("MPI over ssh: a number of nodes that is none is a clear error", async (t) => {
  const { code, stderr } = await new Cli(t).startProgram(RUN, ["many"]).ended;
  assert.deepEqual([code, stderr], [2, "mpi: how many nodes? A whole number from 1 to 999, not many.\n"]);
});
