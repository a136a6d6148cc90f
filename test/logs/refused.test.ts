import assert from "node:assert/strict";
import { mkdirSync, rmdirSync } from "node:fs";
import { test } from "node:test";
import { attemptId, freshLogs, head, readAll } from "./support.ts";
import { lines } from "./service.ts";

const ID = attemptId(9);

test("lines that the disk refuses are kept and written when it takes them again", async (t) => {
  const { logs } = freshLogs(t);
  const path = logs.path(ID);
  mkdirSync(path);
  logs.append(
    ID,
    lines(3, 5_000, 1, (n) => `m${n}`),
  );
  await assert.rejects(head(logs, ID), { code: "EISDIR" });
  logs.append(
    ID,
    lines(1, 6_000, 1, () => "later"),
  );
  rmdirSync(path);
  assert.deepEqual(await head(logs, ID), ["m0", "m1", "m2", "later"]);
});

test("what is kept is bounded, and the log says how many lines are missing", async (t) => {
  const { logs } = freshLogs(t);
  const path = logs.path(ID);
  mkdirSync(path);
  for (let n = 0; n < 200; n += 1)
    logs.append(
      ID,
      lines(100, 5_000 + n, 0, (m) => `${n}.${m} ${"x".repeat(1_000)}`),
    );
  rmdirSync(path);
  const events = await readAll(logs, ID, "forward", 10_000);
  const lost = Number(/^\[longshore\] (\d+) lines are missing here/.exec(events[0]?.message ?? "")?.[1]);
  assert.equal(lost + events.length - 1, 20_000);
  assert.ok(events.length > 1_000 && events.length < 9_000, `${events.length}`);
  assert.match(events.at(-1)?.message ?? "", /^199\.99 /);
});
