import assert from "node:assert/strict";
import { test } from "node:test";
import type { SubmitJobCommandInput } from "@aws-sdk/client-batch";
import { CancelJobCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import type { ArrayChildren } from "../../src/ports/array-children.ts";
import type { JobGraph } from "../../src/ports/job-graph.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import { ended, untilStatus } from "../support/jobs.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import type { ApiServer } from "./server.ts";
import { apiServer } from "./server.ts";

/** The routes that tell how jobs belong together: the children of an array, and who depends on whom. */

type Body = { readonly status: number; readonly json: unknown };

async function ask({ url }: ApiServer, path: string): Promise<Body> {
  const answer = await fetch(`${url}/longshore/jobs/${path}`);
  return { status: answer.status, json: await answer.json() };
}

async function submit({ batch }: ApiServer, jobName: string, more: Partial<SubmitJobCommandInput> = {}) {
  const { jobId } = await batch.send(
    new SubmitJobCommand({ jobName, jobQueue: "default", jobDefinition: "default", ...more }),
  );
  return jobId!;
}

const script = (text: string) => ({ containerOverrides: { command: ["sh", "-c", text] } });
const WAITS = { containerOverrides: { command: ["sleep", "600"] } };

for (const engine of ["SQLite", "PostgreSQL"] as const) {
  const skip = engine === "PostgreSQL" ? (postgresUnavailable() ?? false) : false;
  const serverOf = async (t: Parameters<typeof apiServer>[0], vcpus = 64): Promise<ApiServer> =>
    apiServer(t, { vcpus, ...(engine === "PostgreSQL" && { databaseUrl: await emptyDatabase() }) });

  test(`the children of an array are told of as ranges of indexes (${engine})`, { skip }, async (t) => {
    const server = await serverOf(t);
    const children = async (id: string, query = ""): Promise<ArrayChildren> => {
      const { status, json } = await ask(server, `${id}/children${query}`);
      assert.equal(status, 200, JSON.stringify(json));
      return json as ArrayChildren;
    };
    const exits = `case $AWS_BATCH_JOB_ARRAY_INDEX in 3) exit 3;; 7|8) exit 7;; esac`;
    const mixed = await submit(server, "mixed", { arrayProperties: { size: 12 }, ...script(exits) });
    await ended(server.batch, mixed);
    assert.deepEqual(await children(mixed), {
      arrayJobId: mixed,
      ...{ size: 12, from: 0, to: 12 },
      indexes: { SUCCEEDED: "0-2,4-6,9-11", FAILED: "3,7-8" },
      failures: [
        { exitCode: 7, reason: "Essential container in task exited", count: 2, indexes: "7-8" },
        { exitCode: 3, reason: "Essential container in task exited", count: 1, indexes: "3" },
      ],
      otherFailures: 0,
    });
    const part = await children(mixed, "?from=7&limit=3");
    assert.deepEqual([part.from, part.to, part.indexes], [7, 10, { FAILED: "7-8", SUCCEEDED: "9" }]);

    const failing = await submit(server, "failing", script("exit 1"));
    const never = await submit(server, "never", { arrayProperties: { size: 10_000 }, dependsOn: [{ jobId: failing }] });
    await ended(server.batch, never);
    const { indexes, failures } = await children(never);
    assert.deepEqual(indexes, { FAILED: "0-9999" });
    assert.equal(failures.length, 1);
    assert.equal(failures[0]!.count, 10_000);
    assert.match(failures[0]!.reason!, /^Dependent Job failed/);
    assert.ok(!("exitCode" in failures[0]!));
  });

  test(`a graph has all that a job depends on and all that depends on it (${engine})`, { skip }, async (t) => {
    const server = await serverOf(t);
    const graph = async (id: string, query = ""): Promise<JobGraph> => {
      const { status, json } = await ask(server, `${id}/graph${query}`);
      assert.equal(status, 200, JSON.stringify(json));
      return json as JobGraph;
    };
    const first = await submit(server, "first", WAITS);
    const array = await submit(server, "array", { arrayProperties: { size: 3 }, dependsOn: [{ jobId: first }] });
    const like = await submit(server, "like", {
      arrayProperties: { size: 3 },
      dependsOn: [{ jobId: array, type: "N_TO_N" }, { type: "SEQUENTIAL" }],
    });
    const ofChild = await submit(server, "of-child", { dependsOn: [{ jobId: `${array}:1` }, { jobId: like }] });
    await submit(server, "other", { dependsOn: [{ jobId: first }] });
    const { nodes, edges, isPartial, jobId } = await graph(`${array}:2`);
    assert.deepEqual([jobId, isPartial], [array, false]);
    assert.deepEqual(
      nodes.slice(0, 2).map((node) => [node.jobId, node.step, node.job?.name]),
      [
        [array, 0, "array"],
        [first, -1, "first"],
      ],
    );
    assert.deepEqual(new Set(nodes.map((node) => node.jobId)), new Set([array, first, like, ofChild]));
    assert.deepEqual(nodes[0]!.job!.array!.size, 3);
    const expected = [
      { from: first, to: array },
      { from: array, to: like, type: "N_TO_N" },
      { from: like, to: like, type: "SEQUENTIAL" },
      { from: array, to: ofChild, index: 1 },
      { from: like, to: ofChild },
    ];
    const inOrder = (items: readonly object[]): string[] => items.map((item) => JSON.stringify(item)).sort();
    assert.deepEqual(inOrder(edges), inOrder(expected));
    // What ends stays in the graph.
    await server.batch.send(new CancelJobCommand({ jobId: like, reason: "enough" }));
    await untilStatus(server.batch, like, "FAILED");
    assert.equal((await graph(array)).nodes.find((node) => node.jobId === like)!.job!.status, "FAILED");
  });

  test(`a graph is bounded, and says of which jobs there is more (${engine})`, { skip }, async (t) => {
    const server = await serverOf(t);
    const root = await submit(server, "root", WAITS);
    const fan = await Promise.all(
      Array.from({ length: 30 }, (_, index) => submit(server, `fan-${index}`, { dependsOn: [{ jobId: root }] })),
    );
    const last = await submit(server, "last", { dependsOn: fan.slice(0, 20).map((jobId) => ({ jobId })) });
    const ask200 = async (id: string, query: string) => (await ask(server, `${id}/graph${query}`)).json as JobGraph;
    const whole = await ask200(root, "");
    assert.deepEqual([whole.nodes.length, whole.edges.length, whole.isPartial], [32, 50, false]);
    const few = await ask200(root, "?limit=10");
    assert.deepEqual([few.nodes.length, few.isPartial], [10, true]);
    assert.equal(few.nodes[0]!.hasMore, true);
    const near = await ask200(last, "?depth=1");
    assert.deepEqual([near.nodes.length, near.isPartial], [21, true]);
    assert.equal(near.nodes.filter(({ hasMore }) => hasMore).length, 20);
    const exact = await ask200(root, "?limit=32");
    assert.equal(exact.isPartial, false);
  });
}

test("what is asked wrongly is refused with what would be right", async (t) => {
  const server = await apiServer(t);
  const single = await submit(server, "single", WAITS);
  const array = await submit(server, "array", { arrayProperties: { size: 2 }, ...WAITS });
  const refusals: readonly [path: string, status: number, message: RegExp][] = [
    [`${single}/children`, 400, /is no array: it has no children/],
    [`${array}:1/children`, 400, /is no array but a child of/],
    [`${array}/children?from=2`, 400, /from must be below 2/],
    [`${array}/children?limit=0`, 400, /limit must be a whole number from 1 to 10000/],
    [`${array}/children?depth=1`, 400, /depth is no parameter of this request: it takes from, limit/],
    [`${array}/children?from=1&from=1`, 400, /from is given more than once/],
    [`${single}/graph?limit=-1`, 400, /limit must be a whole number from 1 to 2000/],
    ["00000000-0000-4000-8000-000000000000/graph", 404, /not found/],
    ["00000000-0000-4000-8000-000000000000/children", 404, /not found/],
    ["%00/graph", 404, /not found/],
  ];
  for (const [path, status, message] of refusals) {
    const answer = await ask(server, path);
    assert.equal(answer.status, status, path);
    assert.match((answer.json as { message: string }).message, message, path);
  }
});
