import assert from "node:assert/strict";
import type { EnvironmentPoint, QueuePoint } from "../../src/core/chronicle/point.ts";
import { NO_QUEUE_POINT } from "../../src/core/chronicle/point.ts";
import { onEachEngine } from "./harness.ts";

const QUEUE = "arn:aws:batch:us-east-1:123456789012:job-queue/q";
const FOREIGN = "arn:aws:batch:us-east-1:999999999999:job-queue/q";
const ENVIRONMENT = "arn:aws:batch:us-east-1:123456789012:compute-environment/e";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SCOPE = "123456789012/us-east-1";

const queue = (point: Partial<QueuePoint>): QueuePoint => ({ ...NO_QUEUE_POINT, ...point });
const environment = (vcpuMilli: number): EnvironmentPoint => ({ vcpuMilli, memoryMiB: 100, maxVcpuMilli: 8_000 });

onEachEngine(
  "minutes add up to longer entries, of what there was; gaps stay gaps, and what is old goes",
  async (t, open) => {
    const { chronicle } = (await open(t)).store;
    const minute = (at: number, point: Partial<QueuePoint>, vcpuMilli = 0): Promise<void> =>
      chronicle.addMinute({
        at,
        queues: new Map([
          [QUEUE, queue(point)],
          [FOREIGN, queue({ submitted: 1 })],
        ]),
        environments: new Map([[ENVIRONMENT, environment(vcpuMilli)]]),
      });
    // Two minutes of the first ten; the third was begun by one leader, and ended by another.
    await minute(0, { submitted: 4, started: 2, waits: { 3: 2 }, maxWaitMs: 9, waiting: 10 }, 1_000);
    await minute(MINUTE, { submitted: 1, waits: { 3: 1, 8: 1 }, maxWaitMs: 20, started: 2, waiting: 20 }, 3_000);
    await minute(2 * MINUTE, { succeeded: 1, waiting: 7, running: 1 }, 2_000);
    await minute(2 * MINUTE, { succeeded: 2, waiting: 3 }, 2_000);
    const read = (step: 60 | 600 | 3600, from = 0, to = HOUR, arns?: readonly string[]) =>
      chronicle.read({ ...{ step, from, to, scope: SCOPE }, ...(arns !== undefined && { arns }) });
    const minutes = await read(60);
    assert.deepEqual(
      minutes.map(({ at }) => at),
      [0, MINUTE, 2 * MINUTE],
    );
    assert.deepEqual([...minutes[0]!.queues.keys(), ...minutes[0]!.environments.keys()], [QUEUE, ENVIRONMENT]);
    assert.deepEqual(minutes[2]!.queues.get(QUEUE), queue({ succeeded: 3, waiting: 3 }));
    assert.equal((await read(60, 0, HOUR, [ENVIRONMENT]))[0]!.queues.size, 0);
    assert.deepEqual(
      await chronicle
        .read({ step: 60, from: 0, to: HOUR, scope: "123456789012/eu-west-1" })
        .then((all) => all.map(({ queues }) => queues.size)),
      [0, 0, 0],
    );

    assert.equal(await chronicle.roll(9 * MINUTE), false, "the ten minutes are not over");
    while (await chronicle.roll(10 * MINUTE));
    const [ten, ...others] = await read(600);
    assert.equal(others.length, 0);
    assert.deepEqual(
      ten!.queues.get(QUEUE),
      queue({ submitted: 5, started: 4, succeeded: 3, waits: { 3: 3, 8: 1 }, maxWaitMs: 20, waiting: 11 }),
    );
    assert.deepEqual(ten!.environments.get(ENVIRONMENT), environment(2_000));

    // Nobody led for a while.
    await minute(45 * MINUTE, { failed: 1 });
    while (await chronicle.roll(2 * HOUR));
    assert.deepEqual(
      (await read(600)).map(({ at }) => at),
      [0, 40 * MINUTE],
    );
    const [hour] = await read(3600);
    assert.deepEqual([hour!.queues.get(QUEUE)!.submitted, hour!.queues.get(QUEUE)!.failed], [5, 1]);

    while (await chronicle.roll(30 * HOUR));
    assert.deepEqual(
      (await Promise.all([read(60), read(600), read(3600)])).map((entries) => entries.length),
      [0, 2, 1],
    );
    while (await chronicle.roll(100 * 24 * HOUR));
    assert.deepEqual(
      (await Promise.all([read(600), read(3600)])).map((entries) => entries.length),
      [0, 0],
    );
  },
);
