import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LogLines } from "../../../src/drivers/kubernetes/output/log-lines.ts";
import type { StampedLine } from "../../../src/drivers/kubernetes/output/log-lines.ts";
import { advanced, sinceTime, Skip } from "../../../src/drivers/kubernetes/output/position.ts";
import type { LogPosition } from "../../../src/drivers/kubernetes/output/position.ts";
import { until } from "../../conformance/driver/events.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { withKubernetes } from "./bench.ts";

const sh = (script: string) => attempt({ image: "busybox", command: ["sh", "-c", script] });
const COUNT = "i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); sleep 0.1; done";
const COUNTED = Array.from({ length: 40 }, (_, index) => `line ${index}`);

describe("output of pods", () => {
  test("is followed while the program runs, through cuts, without gaps or doubles", async () => {
    await withKubernetes(async ({ cluster, open, readLog }) => {
      const session = await open();
      const spec = sh(COUNT);
      await session.driver.start(spec);
      for (const seen of ["line 12", "line 25"]) {
        await until(`${seen} is there while it runs`, () => readLog(spec.attemptId).includes(seen));
        cluster.api.cutLogs();
      }
      assert.equal((await session.exited(spec.attemptId)).exitCode, 0);
      assert.deepEqual(readLog(spec.attemptId), COUNTED);
    });
  });

  for (const [how, more] of [
    ["with notes", {}],
    ["from the log itself", { directory: undefined }],
  ] as const) {
    test(`is gone on with by the next leader (${how})`, async () => {
      await withKubernetes(async ({ open, readLog }) => {
        const session = await open(more);
        const spec = sh(COUNT);
        await session.driver.start(spec);
        await until("it is followed", () => readLog(spec.attemptId).length > 15);
        await session.close();
        const next = await open(more);
        assert.equal((await next.exited(spec.attemptId)).exitCode, 0);
        assert.deepEqual(readLog(spec.attemptId), COUNTED);
      });
    });
  }

  test("is followed in turns where there is more than is followed at a time, and whole for all", async () => {
    await withKubernetes(async ({ open, readLog }) => {
      const session = await open({ follows: 1 });
      const specs = Array.from({ length: 4 }, (_, index) => sh(`echo a ${index}; sleep 1.5; printf 'b ${index}'`));
      for (const spec of specs) await session.driver.start(spec);
      for (const [index, spec] of specs.entries()) {
        await session.exited(spec.attemptId);
        assert.deepEqual(readLog(spec.attemptId), [`a ${index}`, `b ${index}`]);
      }
    });
  });

  test("of a pod that is stopped has its last words", async () => {
    await withKubernetes(async ({ open, readLog }) => {
      const session = await open();
      const spec = sh("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
      await session.driver.start(spec);
      await until("it is ready", () => readLog(spec.attemptId).includes("ready"));
      await session.driver.stop(spec.attemptId, Date.now() + 30_000);
      await session.exited(spec.attemptId);
      assert.equal(readLog(spec.attemptId).at(-1), "bye");
    });
  });

  test("that cannot be read does not keep the end", async () => {
    await withKubernetes(async ({ cluster, open, notices }) => {
      const session = await open();
      cluster.api.deny("get pods/log");
      const spec = sh("echo lost; exit 2");
      await session.driver.start(spec);
      assert.equal((await session.exited(spec.attemptId)).exitCode, 2);
      assert.ok(notices.some((notice) => notice.includes(`The output of attempt ${spec.attemptId} cannot be read`)));
    });
  });
});

describe("lines", () => {
  function read(text: string | Buffer, chunk: number): StampedLine[] {
    const bytes = Buffer.from(text);
    const lines = new LogLines();
    const got: StampedLine[] = [];
    for (let at = 0; at < bytes.length; at += chunk) got.push(...lines.push(bytes.subarray(at, at + chunk)));
    return [...got, ...lines.end()];
  }

  test("have their times, however they are cut into pieces", () => {
    const text =
      "2026-05-01T10:00:00.123456789Z first\n2026-05-01T10:00:01Z \r\n2026-05-01T10:00:02.5+00:00 no end € of line";
    for (const chunk of [1, 2, 7, 1000]) {
      assert.deepEqual(
        read(text, chunk).map(({ timestamp, message }) => [new Date(timestamp).toISOString(), message]),
        [
          ["2026-05-01T10:00:00.123Z", "first"],
          ["2026-05-01T10:00:01.000Z", ""],
          ["2026-05-01T10:00:02.500Z", "no end € of line"],
        ],
        String(chunk),
      );
    }
  });

  test("that are very long are cut, between characters", () => {
    const text = `2026-05-01T10:00:00.5Z ${"é".repeat(300_000)}\n2026-05-01T10:00:01Z next\n`;
    const lines = read(text, 65_536);
    assert.equal(
      lines
        .slice(0, -1)
        .map(({ message }) => message)
        .join(""),
      "é".repeat(300_000),
    );
    assert.ok(lines.every(({ message }) => Buffer.byteLength(message) <= 256 * 1024));
    assert.ok(lines.slice(0, -1).every(({ stamp }) => stamp === "2026-05-01T10:00:00.5Z"));
    assert.equal(lines.at(-1)?.message, "next");
  });

  test("that are no UTF-8 are lines all the same", () => {
    const [line] = read(Buffer.concat([Buffer.from("2026-05-01T10:00:00Z a"), Buffer.from([0xff, 0xfe, 10])]), 100);
    assert.equal(line?.message, "a\ufffd\ufffd");
  });
});

describe("the place to go on from", () => {
  const line = (stamp: string, message = stamp): StampedLine => ({ stamp, timestamp: Date.parse(stamp), message });
  const at = (ms: number): StampedLine => line(new Date(Date.UTC(2026, 4, 1) + ms).toISOString());

  test("wherever it was cut, each line is there once", () => {
    // The two streams of a program are noted a little out of order; several lines may have one time.
    const all = [0, 400, 399, 400, 400, 990, 1010, 1000, 2500, 2500, 2500, 4100, 4099].map(at);
    for (let cut = 0; cut <= all.length; cut += 1) {
      const position = advanced({}, all.slice(0, cut));
      const since = Date.parse(sinceTime(position) ?? "1970-01-01T00:00:00Z");
      const { passed, fresh } = new Skip(position, 0).divide(all.filter(({ timestamp }) => timestamp >= since));
      assert.deepEqual([passed, fresh], [[], all.slice(cut)], `cut after ${cut}`);
    }
  });

  test("lines that are in the log although the position does not say so are passed, and counted", () => {
    const all = [0, 100, 200, 300].map(at);
    const { passed, fresh } = new Skip({}, 3).divide(all);
    assert.deepEqual([passed.length, fresh], [3, all.slice(3)]);
    const position = advanced(advanced({}, passed), fresh);
    assert.deepEqual(new Skip(position, 0).divide(all).fresh, []);
  });

  test("a node that has thrown away the beginning does not have new lines taken for old ones", () => {
    const position: LogPosition = advanced({}, [0, 100, 200].map(at));
    assert.deepEqual(new Skip(position, 0).divide([200, 300].map(at)).fresh, [at(300)]);
  });
});
