import assert from "node:assert/strict";
import { test } from "node:test";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { HeapWatch } from "../../src/compose/machine/heap-watch.ts";
import { until } from "../support/until.ts";

test("what is in use is what the last full collection has left, and not the garbage since", async (t) => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const watch = new HeapWatch();
  t.after(() => watch.close());
  collect();
  const used = await until("the first collection", () => watch.used > 0 && watch.used);
  const kept = Array.from({ length: 500_000 }, (_, number) => ({ number }));
  collect();
  const more = await until("it sees what is kept", () => watch.used > used && watch.used);
  const partKept = (kept.length * 16) / getHeapStatistics().heap_size_limit;
  assert.ok(more - used > partKept / 2, `${used}, then ${more}`);
  kept.length = 0;
  collect();
  await until("it sees that it is gone", () => watch.used < more - partKept / 2);
});
