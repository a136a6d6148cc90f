import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import TinyQueue from "tinyqueue";
import { Deadlines } from "../../src/core/deadlines.ts";
import { ShareRecord } from "../../src/core/order/share-ledger.ts";
import { UsageCurve } from "../../src/core/order/usage-curve.ts";
import { Lane, WaitingJobs } from "../../src/core/waiting.ts";
import { Fleet } from "../../src/core/instances/fleet.ts";
import { World } from "../../src/core/world.ts";
import { FakeMachine } from "../../src/drivers/fake/machine.ts";
import { Engine } from "../../src/engine/engine.ts";
import { runSeed, STEPS } from "./replay.ts";

/** A bug, put into the production code while one test runs. */
interface Planted {
  readonly bug: string;
  plant(t: TestContext): void;
  /** What the simulation says of it. */
  readonly finding: RegExp;
}

/** A bug of any of these kinds is found among the first few of the seeds that every change has to pass. */
const SEEDS = 40;

const CAPACITY: readonly Planted[] = [
  {
    bug: "an environment's maximum is forgotten",
    plant: (t) => void t.mock.method(World.prototype, "usedVcpuMilli", () => 0),
    finding: /environment-\d holds more than \d+ vCPU/,
  },
  {
    bug: "what a job holds of the machine is given back while it runs",
    plant: (t) => countOnlyHalf(t),
    finding: /invariant violated: attempts hold \d+ milli-vCPU/,
  },
  {
    bug: "there are four more of each consumable resource than there are",
    plant: fourMoreOfEach,
    finding: /jobs hold \d+ of arn:.*consumable/,
  },
  {
    bug: "an array runs more children than it may",
    plant: (t) => void t.mock.method(World.prototype, "crowding", () => undefined),
    finding: /children too many of array/,
  },
];

const HALF_A_GANG: readonly Planted[] = [
  {
    bug: "a gang starts when one of its nodes has no instance yet",
    plant: (t) => {
      const { emptyOfOneType } = Fleet.prototype;
      t.mock.method(
        Fleet.prototype,
        "emptyOfOneType",
        function (this: Fleet, ...args: Parameters<typeof emptyOfOneType>) {
          const [count, need, architecture] = args;
          return emptyOfOneType.call(this, Math.max(1, count - 1), need, architecture);
        },
      );
    },
    finding: /is on \d instances, not on \d|is on instances i-[-\w,]*, not on \d/,
  },
  {
    bug: "a job goes onto an instance, whether it has room or not",
    plant: (t) =>
      void t.mock.method(Fleet.prototype, "firstWithRoom", function (this: Fleet) {
        return [...this.instances()].find(({ status }) => status === "running");
      }),
    finding: /instance \S+ runs \d+ milli-vCPU|its attempts hold|a node shares instance|, one of them alone/,
  },
];

const DOUBLE_START: readonly Planted[] = [
  {
    bug: "a driver starts what it was told to start before",
    plant: (t) => {
      const { claim } = FakeMachine.prototype;
      t.mock.method(FakeMachine.prototype, "claim", function (this: FakeMachine, spec: Parameters<typeof claim>[0]) {
        this.forget(spec.attemptId);
        claim.call(this, spec);
      });
    },
    finding: /attempt \w+ runs twice/,
  },
  {
    bug: "an inventory leaves out what runs: the job is run again beside it",
    plant: (t) =>
      void t.mock.method(FakeMachine.prototype, "showInventory", function (this: FakeMachine) {
        this.report({ kind: "inventory", attemptIds: [] });
      }),
    finding: /of an attempt of \S+ that is over, still runs/,
  },
];

const LOST_WAKE_UP: readonly Planted[] = [
  {
    bug: "the engine sleeps through its deadlines",
    plant: (t) => void t.mock.method(Deadlines.prototype, "next", () => undefined),
    finding: /runs longer than its timeout|waits longer than it may/,
  },
  {
    bug: "a deadline is kept for one second later",
    plant: (t) => {
      const { add } = Deadlines.prototype;
      t.mock.method(Deadlines.prototype, "add", function (this: Deadlines, deadline: Parameters<typeof add>[0]) {
        add.call(this, { ...deadline, at: deadline.at + 1_000 });
      });
    },
    finding: /runs longer than its timeout|waits longer than it may/,
  },
  {
    bug: "nobody wakes the children that wait for their siblings",
    plant: (t) => void t.mock.method(WaitingJobs.prototype, "unpark", () => {}),
    finding: /could start in environment-\d, and waits|waits and nobody knows why/,
  },
];

const WRONG_SHARE_ORDER: readonly Planted[] = [
  {
    bug: "the share that has used most is served next",
    plant: (t) => {
      const { usage } = ShareRecord.prototype;
      t.mock.method(ShareRecord.prototype, "usage", function (this: ShareRecord, ...args: Parameters<typeof usage>) {
        return -usage.apply(this, args);
      });
    },
    finding: /which has used less/,
  },
  {
    bug: "only what runs now counts",
    plant: (t) => void t.mock.method(UsageCurve.prototype, "between", () => 0),
    finding: /which has used less/,
  },
];

const LOST_USE: readonly Planted[] = [
  {
    bug: "of changes of a job in one tick, what its attempts used is told by the last one alone",
    plant: (t) => {
      const { apply } = World.prototype;
      t.mock.method(World.prototype, "apply", function (this: World, event: Parameters<typeof apply>[0]) {
        apply.call(this, event);
        if (event.kind === "job-changed" && this.jobs.get(event.jobId)?.state.status === "RUNNABLE")
          delete (event as { uses?: unknown }).uses;
      });
    },
    finding: /what \d+ attempts of \S+ used is not known/,
  },
];

const FALSE_REASON: readonly Planted[] = [
  {
    bug: "a job is told what was true when it was asked about first",
    plant: (t) => {
      const { explain } = Engine.prototype;
      const told = new Map<string, ReturnType<typeof explain>>();
      t.mock.method(Engine.prototype, "explain", function (this: Engine, jobId: string) {
        if (!told.has(jobId)) told.set(jobId, explain.call(this, jobId));
        return told.get(jobId);
      });
    },
    finding: /it is not true that|is said to be no\. |and is not told/,
  },
];

const STARVED_GANG: readonly Planted[] = [
  {
    bug: "the smallest job of a queue goes first, so that a gang waits for all others",
    plant: smallestFirst,
    finding: /starts before \S+, which is before it in the queue/,
  },
];

function countOnlyHalf(t: TestContext): void {
  const { apply } = World.prototype;
  t.mock.method(World.prototype, "apply", function (this: World, event: Parameters<typeof apply>[0]) {
    const before = this.used.vcpuMilli;
    apply.call(this, event);
    this.used.vcpuMilli = before + Math.floor((this.used.vcpuMilli - before) / 2);
  });
}

function fourMoreOfEach(t: TestContext): void {
  const { apply } = World.prototype;
  t.mock.method(World.prototype, "apply", function (this: World, event: Parameters<typeof apply>[0]) {
    if (event.kind !== "consumables") return apply.call(this, event);
    const consumables = event.consumables.map((one) => ({ ...one, total: one.total + 4 }));
    apply.call(this, { ...event, consumables });
  });
}

function smallestFirst(t: TestContext): void {
  const { heads } = Lane.prototype;
  t.mock.method(Lane.prototype, "heads", function (this: Lane, ...args: Parameters<typeof heads>) {
    const all = heads.apply(this, args);
    return new TinyQueue(all.data, (a, b) => a.demand.requirements.vcpuMilli - b.demand.requirements.vcpuMilli);
  });
}

describe("the simulation finds a bug of each class, planted into the production code", () => {
  const classes = {
    CAPACITY,
    HALF_A_GANG,
    DOUBLE_START,
    LOST_WAKE_UP,
    STARVED_GANG,
    WRONG_SHARE_ORDER,
    FALSE_REASON,
    LOST_USE,
  };
  for (const [name, planted] of Object.entries(classes)) {
    for (const { bug, plant, finding } of planted) {
      test(`${name.toLowerCase().replaceAll("_", " ")}: ${bug}`, async (t) => {
        plant(t);
        const findings: string[] = [];
        for (let seed = 1; seed <= SEEDS && !findings.some((one) => finding.test(one)); seed += 1) {
          findings.push(...(await findingOf(seed)));
        }
        assert.match(findings.at(-1) ?? `nothing in ${SEEDS} seeds`, finding);
        t.diagnostic(findings.at(-1)!);
      });
    }
  }
});

async function findingOf(seed: number): Promise<string[]> {
  try {
    await runSeed(seed, STEPS);
    return [];
  } catch (error) {
    return [String(error)];
  }
}
