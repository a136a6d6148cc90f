import assert from "node:assert/strict";
import { test } from "node:test";
import type { Need } from "../../../src/core/scaling/need.ts";
import type { Cluster } from "./cluster.ts";
import { jobs, launches, planFor } from "./cluster.ts";

const IDLE = [
  { id: "a", type: "m5.large", dueAt: 100 },
  { id: "b", type: "m5.large", dueAt: 300 },
  { id: "c", type: "m5.large", dueAt: 200 },
] as const;

const EXAMPLES: readonly {
  what: string;
  cluster?: Partial<Cluster>;
  needs?: readonly Need[];
  now: number;
  gone: readonly string[];
  wakeAt?: number;
}[] = [
  { what: "nobody's time has come: the plan says when the next one's does", now: 0, gone: [], wakeAt: 100 },
  { what: "one after the other", now: 100, gone: ["a"], wakeAt: 200 },
  { what: "several at once", now: 250, gone: ["a", "c"], wakeAt: 300 },
  { what: "all", now: 300, gone: ["c", "b", "a"] },
  { what: "the minimum stays, the oldest in it", cluster: { minVcpus: 4 }, now: 300, gone: ["c"] },
  { what: "of what the minimum keeps none is waited for", cluster: { minVcpus: 6 }, now: 0, gone: [] },
  {
    what: "what runs counts for the minimum",
    cluster: { minVcpus: 4, busyVcpus: 4 },
    now: 300,
    gone: ["c", "b", "a"],
  },
  {
    what: "not those that waiting jobs would have at once: the oldest are theirs",
    needs: [jobs(3, 1, 1024)],
    now: 300,
    gone: ["c"],
  },
  {
    what: "jobs behind one that can never start keep none",
    needs: [jobs(1, 64, 1024), jobs(3, 1, 1024)],
    now: 300,
    gone: ["c", "b", "a"],
  },
];

for (const { what, cluster, needs = [], now, gone, wakeAt } of EXAMPLES) {
  test(what, () => {
    const plan = planFor({ types: ["m5.large"], maxVcpus: 100, idle: IDLE, ...cluster }, needs, now);
    const order = plan.terminations.map(({ instanceId }) => instanceId);
    assert.deepEqual(order.toSorted(), [...gone].toSorted());
    if (gone.length === 3) assert.deepEqual(order, ["c", "b", "a"]);
    assert.equal(plan.wakeAt, wakeAt);
    assert.deepEqual(launches(plan), []);
  });
}
