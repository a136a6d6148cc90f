import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import type { EcsTaskProperties, TaskContainerProperties } from "@aws-sdk/client-batch";
import { RegisterJobDefinitionCommand, SubmitJobCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { allEnded, describeJob, ended, logLines, untilStatus } from "../support/jobs.ts";
import type { Bench, KillSuite } from "./kill-suite.ts";
import { note, WAIT_FOR_GO } from "./ledger.ts";
import type { ServerFlags } from "./server.ts";

type MakeBench = (t: TestContext, flags: ServerFlags) => Promise<Bench>;

/** Enough for all containers of the largest of these jobs, and for several small ones. */
const MACHINE: ServerFlags = { vcpus: 8 };

/** The same for jobs of several containers, and of several nodes: each of them runs once, and they keep to their rules. */
export function killSeveralContainers({ driver, image, rounds, untilGone }: KillSuite, makeBench: MakeBench): void {
  test(`${driver}: killed while the containers of a job run, all go on, and the last server ends them together`, async (t) => {
    const b = await makeBench(t, MACHINE);
    const define = await definer(b, image);
    await define.task("three", [
      { name: "setup", script: `${note("setup")}; echo ready`, essential: false },
      { name: "side", script: untilTold("side"), essential: false, after: [["setup", "SUCCESS"]] },
      {
        name: "main",
        script: `${note("main")}; ${WAIT_FOR_GO}; echo done; exit 3`,
        after: [
          ["setup", "COMPLETE"],
          ["side", "START"],
        ],
      },
    ]);
    const jobId = await submitted(b, "three");
    const before = await b.ledger.untilLines("all have begun", (lines) => lines.length === 3);
    await untilStatus(b.batch, jobId, "RUNNING");
    await b.server.kill();
    await b.restart();
    assert.equal((await describeJob(b.batch, jobId)).status, "RUNNING");
    assert.deepEqual(b.ledger.lines(), before);
    b.ledger.go();
    const job = await ended(b.batch, jobId);
    assert.deepEqual([job.status, job.statusReason], ["FAILED", "Essential container in task exited"]);
    assert.equal(before[0], `setup ${jobId} 1`);
    assert.deepEqual(before.slice(1).toSorted(), [`main ${jobId} 1`, `side ${jobId} 1`]);
    assert.deepEqual(b.ledger.lines(), [...before, `told side ${jobId} 1`]);
    const task = await taskIdOf(b, jobId);
    assert.deepEqual(await logLines(b.logs, `three/setup/${task}`, 1), ["ready"]);
    assert.deepEqual(await logLines(b.logs, `three/main/${task}`, 1), ["done"]);
    await untilGone([task]);
  });

  test(`${driver}: a container that ended while no server ran lets the next one begin, once`, async (t) => {
    const b = await makeBench(t, MACHINE);
    const define = await definer(b, image);
    await define.task("chain", [
      { name: "first", script: `${note("first")}; ${WAIT_FOR_GO}; ${note("ended")}`, essential: false },
      { name: "second", script: note("second"), after: [["first", "SUCCESS"]] },
    ]);
    const jobId = await submitted(b, "chain");
    await b.ledger.untilLines("the first one runs", (lines) => lines.length === 1);
    await b.server.kill();
    b.ledger.go();
    await b.ledger.untilLines("the first one has ended", (lines) => lines.length === 2);
    await b.restart();
    assert.equal((await ended(b.batch, jobId)).status, "SUCCEEDED");
    assert.deepEqual(b.ledger.lines(), [`first ${jobId} 1`, `ended ${jobId} 1`, `second ${jobId} 1`]);
    await untilGone([await taskIdOf(b, jobId)]);
  });

  test(`${driver}: killed while nodes run, all go on; the main one's end stops the others`, async (t) => {
    const b = await makeBench(t, MACHINE);
    const define = await definer(b, image);
    const address = 'if [ -n "$AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS" ]; then echo child; else echo main; fi';
    await define.nodes("nodes", 3, [
      { targetNodes: "0:", script: `${note("begun")}; ${address}; ${untilTold("node")}` },
      { targetNodes: "1", script: `${note("begun")}; ${address}; ${WAIT_FOR_GO}; ${note("done")}` },
    ]);
    const jobId = await submitted(b, "nodes");
    const before = await b.ledger.untilLines("all have begun", (lines) => lines.length === 5);
    const nodes = await Promise.all([0, 1, 2].map((node) => untilStatus(b.batch, `${jobId}#${node}`, "RUNNING")));
    // What it notes may come later: the other nodes are told to start when it runs, not when it has done something.
    const [first = 0, main = 0, last = 0] = nodes.map(({ startedAt }) => startedAt);
    assert.ok(main <= first && main <= last, "the main node is the first");
    await b.server.kill();
    await b.restart();
    assert.deepEqual(await statuses(b, jobId), ["RUNNING", "RUNNING", "RUNNING", "RUNNING"]);
    b.ledger.go();
    assert.equal((await ended(b.batch, jobId)).status, "SUCCEEDED");
    const after = b.ledger.lines().slice(before.length);
    const told = [0, 2].map((node) => `told node ${jobId}#${node} 1`);
    assert.deepEqual(after.toSorted(), [`done ${jobId}#1 1`, ...told].toSorted());
    assert.equal((await describeJob(b.batch, `${jobId}#0`)).statusReason, "Main node exited");
    for (const [node, expected] of ["child", "main", "child"].entries()) {
      const task = await taskIdOf(b, `${jobId}#${node}`);
      assert.deepEqual(await logLines(b.logs, `nodes/default/${task}`, 1), [expected]);
    }
  });

  test(`${driver}: what TerminateJob acknowledged for one node happens although the server was killed, and to no other`, async (t) => {
    const b = await makeBench(t, MACHINE);
    const define = await definer(b, image);
    await define.nodes("nodes", 3, [{ targetNodes: "0:", script: untilTold("node") }], 0);
    const jobId = await submitted(b, "nodes");
    await b.ledger.untilLines("all have begun", (lines) => lines.length === 3);
    await b.batch.send(new TerminateJobCommand({ jobId: `${jobId}#2`, reason: "not this one" }));
    await b.server.kill();
    await b.restart();
    const node = await ended(b.batch, `${jobId}#2`);
    assert.deepEqual([node.status, node.statusReason, node.isTerminated], ["FAILED", "not this one", true]);
    assert.deepEqual(await statuses(b, jobId), ["RUNNING", "RUNNING", "RUNNING", "FAILED"]);
    assert.deepEqual(b.ledger.lines().slice(3), [`told node ${jobId}#2 1`]);
    await b.batch.send(new TerminateJobCommand({ jobId, reason: "all of it" }));
    const job = await ended(b.batch, jobId);
    assert.deepEqual([job.status, job.statusReason, job.isTerminated], ["FAILED", "all of it", true]);
    assert.equal(b.ledger.lines().length, 6);
  });

  test(`${driver}: killed as soon as they are acknowledged, jobs of several containers run each of them exactly once`, async (t) => {
    const b = await makeBench(t, MACHINE);
    const define = await definer(b, image);
    await define.task("pair", [
      { name: "first", script: note("first"), essential: false },
      { name: "second", script: note("second"), after: [["first", "COMPLETE"]] },
    ]);
    await define.nodes("nodes", 2, [{ targetNodes: "0:", script: `${note("node")}; sleep 0.5` }], 1);
    const jobIds: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      jobIds.push(...(await Promise.all([submitted(b, "pair"), submitted(b, "nodes")])));
      if (round > 0) await b.ledger.untilLines("something runs", (lines) => lines.length > 2 * round);
      await b.server.kill();
      await b.restart();
    }
    for (const job of await allEnded(b.batch, jobIds)) {
      assert.ok(job.status === "SUCCEEDED" && job.attempts?.length === 1, JSON.stringify(job));
    }
    const lines = b.ledger.lines();
    assert.equal(new Set(lines).size, lines.length, "no container ran twice");
    for (const [index, jobId] of jobIds.entries()) {
      const words = index % 2 === 0 ? [`first ${jobId} 1`, `second ${jobId} 1`] : [`node ${jobId}#1 1`];
      for (const word of words) assert.ok(lines.includes(word), `${word} is missing`);
      await untilGone([await taskIdOf(b, jobId)]);
    }
  });
}

/**
 * For a script: goes on until it is told to end, and notes that. Bounded, as WAIT_FOR_GO is. Where the whole process group is told, a shell says of
 * its `sleep` that it was terminated.
 */
function untilTold(word: string): string {
  const told = `trap '${note(`told ${word}`)}; exit 0' TERM`;
  return `${told}; ${note(word)}; n=0; while [ $n -lt 1200 ]; do n=$((n + 1)); sleep 0.05; done 2>/dev/null`;
}

interface Part {
  readonly name: string;
  readonly script: string;
  readonly essential?: boolean;
  readonly after?: readonly [string, string][];
}

/** Registers definitions whose containers reach the ledger. */
async function definer({ batch, ledger }: Bench, image: KillSuite["image"]) {
  const name = await image();
  const task = (parts: readonly Part[]): EcsTaskProperties => ({
    containers: parts.map((part) => container(part, name, ledger.directory)),
    volumes: [{ name: "ledger", host: { sourcePath: ledger.directory } }],
  });
  return {
    task: (jobDefinitionName: string, parts: readonly Part[]) =>
      batch.send(
        new RegisterJobDefinitionCommand({
          jobDefinitionName,
          type: "container",
          ecsProperties: { taskProperties: [task(parts)] },
        }),
      ),
    nodes: (
      jobDefinitionName: string,
      numNodes: number,
      ranges: readonly { targetNodes: string; script: string }[],
      mainNode = 1,
    ) =>
      batch.send(
        new RegisterJobDefinitionCommand({
          jobDefinitionName,
          type: "multinode",
          nodeProperties: {
            numNodes,
            mainNode,
            nodeRangeProperties: ranges.map(({ targetNodes, script }) => {
              const { containers, volumes } = task([{ name: "default", script }]);
              const { name: _, dependsOn: __, essential: ___, ...alone } = containers![0]!;
              return { targetNodes, container: { ...alone, volumes } };
            }),
          },
        }),
      ),
  };
}

function container({ name, script, essential = true, after = [] }: Part, image: string, directory: string) {
  return {
    name,
    image,
    essential,
    command: ["sh", "-c", script],
    dependsOn: after.map(([containerName, condition]) => ({ containerName, condition })),
    environment: [{ name: "LEDGER", value: directory }],
    mountPoints: [{ sourceVolume: "ledger", containerPath: directory }],
    resourceRequirements: [
      { type: "VCPU", value: "1" },
      { type: "MEMORY", value: "64" },
    ],
  } satisfies TaskContainerProperties;
}

async function submitted({ batch }: Bench, jobDefinition: string): Promise<string> {
  const { jobId } = await batch.send(new SubmitJobCommand({ jobName: "test", jobQueue: "default", jobDefinition }));
  return jobId!;
}

async function taskIdOf({ batch }: Bench, jobId: string): Promise<string> {
  const { container, taskProperties } = (await describeJob(batch, jobId)).attempts!.at(-1)!;
  return (container?.taskArn ?? taskProperties![0]!.taskArn!).split("/").at(-1)!;
}

/** Of the job, and of its three nodes. */
function statuses({ batch }: Bench, jobId: string): Promise<(string | undefined)[]> {
  const ids = [jobId, ...[0, 1, 2].map((node) => `${jobId}#${node}`)];
  return Promise.all(ids.map(async (id) => (await describeJob(batch, id)).status));
}
