import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "../../src/core/explain/explain.ts";
import type { Queue } from "../../src/core/resources.ts";
import { ENVIRONMENT, QUEUE, WorldBench } from "../support/world.ts";

/** What gets free of the machine goes to the account that holds least of it, whatever the others' priorities and numbers. */

const ACCOUNTS = ["111111111111", "222222222222"] as const;
const arn = (type: string, account: string): string => `arn:aws:batch:us-east-1:${account}:${type}/default`;
const queueOf = (account: string, priority: number): Queue => ({
  ...{ ...QUEUE, arn: arn("job-queue", account), priority },
  environmentArns: [arn("compute-environment", account)],
});

/** The first account has the higher priority, and the first name. */
function shared(vcpus: number): WorldBench {
  return new WorldBench({
    capacity: { vcpuMilli: vcpus * 1000, memoryMiB: vcpus * 1024 },
    environments: ACCOUNTS.map((account) => ({ ...ENVIRONMENT, arn: arn("compute-environment", account) })),
    queues: [queueOf(ACCOUNTS[0], 1000), queueOf(ACCOUNTS[1], 1)],
  });
}

const placed = (bench: WorldBench): string[] => bench.tick().changes.map(({ jobId }) => jobId);

function submit(bench: WorldBench, account: number, count: number, vcpus = 1, memoryMiB = 512): void {
  for (let index = 0; index < count; index += 1) {
    const requirements = { vcpuMilli: vcpus * 1000, memoryMiB, gpus: 0 };
    bench.submit(`${account}-${index}`, { requirements }, arn("job-queue", ACCOUNTS[account]!));
  }
}

test("whoever came first has what is free; what gets free goes to the other one until both hold alike", () => {
  const bench = shared(4);
  submit(bench, 0, 1000);
  assert.deepEqual(placed(bench), ["0-0", "0-1", "0-2", "0-3"]);
  submit(bench, 1, 1000);
  assert.deepEqual(placed(bench), []);
  const order = ["0-0", "0-1", "0-2", "1-0"].flatMap((id) => {
    bench.end(id);
    return placed(bench);
  });
  assert.deepEqual(order, ["1-0", "1-1", "0-4", "1-2"]);
  bench.end("1-1");
  assert.deepEqual(placed(bench), ["1-3"]);
});

test("what an account holds is the largest of its parts: of vCPUs or of memory", () => {
  const bench = shared(8);
  submit(bench, 0, 1, 1, 7 * 1024);
  submit(bench, 1, 2, 3, 128);
  assert.deepEqual(placed(bench), ["0-0", "1-0", "1-1"]);
  bench.submit("a", { requirements: { vcpuMilli: 1000, memoryMiB: 128, gpus: 0 } }, arn("job-queue", ACCOUNTS[0]));
  bench.submit("b", { requirements: { vcpuMilli: 1000, memoryMiB: 128, gpus: 0 } }, arn("job-queue", ACCOUNTS[1]));
  // Six of eight vCPUs are less than seven of eight GiB.
  assert.deepEqual(placed(bench), ["b"]);
});

test("a waiting job is told that another account is served first, and nothing of that account's", () => {
  const bench = shared(2);
  submit(bench, 0, 3);
  bench.tick();
  submit(bench, 1, 1, 2);
  const plan = bench.tick();
  const text = JSON.stringify(explain(bench.world, plan, "0-2", bench.now));
  assert.match(text, /A job queue of another account is served first, which holds less of the machine/);
  assert.ok(!text.includes(ACCOUNTS[1]) && !text.includes("1-0"), text);
});
