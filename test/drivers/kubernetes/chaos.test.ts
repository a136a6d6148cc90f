import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { LABEL } from "../../../src/drivers/kubernetes/names.ts";
import { Random } from "../../sim/random.ts";
import type { KubernetesDouble } from "../../support/kubernetes/double.ts";
import type { FaultRates } from "../../support/kubernetes/faults.ts";
import { doubleCluster } from "../../support/kubernetes-cluster.ts";
import { makeKubernetesHarness } from "../../support/kubernetes-harness.ts";
import { until } from "../../support/until.ts";
import { AttemptBook } from "./attempt-book.ts";

/** `LONGSHORE_CHAOS_SEED` replays a run as far as a real clock allows. */
const SEED = process.env["LONGSHORE_CHAOS_SEED"];
const ATTEMPTS = 40;
const ACTS = 25;
const RATES: FaultRates = { status: 0.04, slow: 0.1, reset: 0.03, lostAnswer: 0.05, cut: 0.3, gone: 0.05 };

interface Chaos {
  readonly double: KubernetesDouble;
  readonly book: AttemptBook;
  readonly random: Random;
}

/** `last`: what happens after all acts, when all is well again. */
async function inChaos(
  t: TestContext,
  act: (chaos: Chaos) => Promise<void>,
  check: (book: AttemptBook, double: KubernetesDouble) => Promise<void>,
  last?: (double: KubernetesDouble) => Promise<void>,
): Promise<void> {
  const seed = SEED === undefined ? Math.trunc(Math.random() * 2 ** 31) : Number(SEED);
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  const nodes = ["n1", "n2", "n3"].map((name) => ({ name, cpu: "1" }));
  const cluster = await doubleCluster({ nodes, historyLength: 200, bookmarkEveryMs: 100 });
  const harness = makeKubernetesHarness(cluster);
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-chaos-"));
  const ledger = path.join(directory, "ledger");
  writeFileSync(ledger, "");
  const book = new AttemptBook(harness, ledger);
  const { double } = cluster;
  try {
    await book.open();
    double.api.faults.atRandom(() => random.next(), RATES);
    for (let number = 0; number < ATTEMPTS; number += 1)
      book.start(random.int(0, 8), random.int(0, 3), random.pick([0, 0.05, 0.2]));
    for (let number = 0; number < ACTS; number += 1) {
      await somethingHappens(double, random);
      await act({ double, book, random });
    }
    await last?.(double);
    if (!double.kubelet("n2").isOnline) double.misfortunes.rejoin("n2");
    double.api.faults.clear();
    await book.ended();
    await check(book, double);
    await calm(book, double);
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
  } finally {
    double.api.faults.clear();
    await book.close();
    await harness.dispose();
    await cluster.dispose();
    rmSync(directory, { recursive: true });
  }
}

/** Some changes later; or soon, when nothing changes any more. */
async function somethingHappens({ store }: KubernetesDouble, random: Random): Promise<void> {
  const from = store.revision + random.int(1, 15);
  const latest = Date.now() + 300;
  await until("something happens", () => store.revision >= from || Date.now() >= latest);
}

/** What must hold in any case, once the bad times are over. */
async function calm(book: AttemptBook, double: KubernetesDouble): Promise<void> {
  assert.deepEqual(book.contradictions, []);
  for (const [attemptId, runs] of book.runs()) assert.equal(runs, 1, `${attemptId} ran ${runs} times`);
  for (const entry of book.entries) {
    const lines = await book.lines(entry);
    const expected = Array.from({ length: lines.length }, (_, index) => `line ${index}`);
    assert.deepEqual(lines, expected, `the log of ${entry.spec.attemptId}`);
  }
  await book.forgetAll();
  await until("nothing is left in the cluster", () => double.pods().length === 0).catch((error: unknown) => {
    throw new Error(`Left: ${JSON.stringify(double.pods())}`, { cause: error });
  });
  assert.deepEqual(double.store.list("secrets"), []);
}

async function disturb({ double, book, random }: Chaos): Promise<void> {
  switch (random.int(0, 7)) {
    case 0:
      return double.api.cutWatches();
    case 1:
      return double.api.expireWatches();
    case 2:
      return double.compact();
    case 3:
      return double.api.cutLogs();
    case 4: {
      await double.leave(random.pick(["refused", "reset", "hanging"]));
      const back = Date.now() + random.int(20, 600);
      await until("the time to come back", () => Date.now() >= back);
      return double.comeBack();
    }
    case 5:
    case 6:
      return book.stop(random, Date.now() + random.int(0, 3000));
    default:
      await book.close();
      return book.open();
  }
}

async function befall({ double, random, book }: Chaos): Promise<void> {
  const { misfortunes } = double;
  const running = double
    .pods()
    .filter(({ status, metadata }) => status.phase === "Running" && metadata.deletionTimestamp === undefined);
  if (running.length === 0) return;
  const { name, labels } = random.pick(running).metadata;
  const acts: readonly (() => unknown)[] = [
    () => misfortunes.evict(name),
    () => misfortunes.preempt(name),
    () => misfortunes.deleteByHand(name),
    // The cluster is the only memory: of what is stripped from it before anybody has seen it begin, nobody knows that it did.
    () => (book.hasStarted(labels?.[LABEL.pod] ?? "") ? misfortunes.forceDelete(name) : undefined),
    () => misfortunes.killContainer(name, "default"),
    () => misfortunes.refuseNext("n1"),
    () => (double.kubelet("n2").isOnline ? misfortunes.cutOff("n2") : misfortunes.rejoin("n2")),
    () => {
      if (!double.kubelet("n2").isOnline) misfortunes.evictFromCutOff("n2");
    },
  ];
  await random.pick(acts)();
}

test("an API server that is away, throttles, forgets and loses answers, and leaders that change: each attempt runs once and ends as it did", (t) =>
  inChaos(t, disturb, async (book) => {
    assert.deepEqual(book.lost, []);
    for (const entry of book.entries) {
      const { attemptId } = entry.spec;
      if (book.wasStopped(attemptId)) continue;
      assert.equal(book.runs().get(attemptId), 1, `${attemptId} ran`);
      const { exitCode, startedAt, reason } = book.exits.get(attemptId)!;
      assert.deepEqual([exitCode, reason, startedAt === undefined], [entry.exitCode, undefined, false], attemptId);
      assert.equal((await book.lines(entry)).length, entry.lines, `the log of ${attemptId}`);
    }
  }));

test("pods that are evicted, preempted, deleted and killed, and nodes that are cut off and destroyed: each attempt runs at most once, and ends", (t) =>
  inChaos(
    t,
    async (chaos) => {
      await (chaos.random.chance(0.3) ? disturb(chaos) : befall(chaos));
    },
    async (book, double) => {
      const ended = [...book.exits.values()].filter(
        ({ exitCode, startedAt }) => exitCode !== undefined && startedAt === undefined,
      );
      assert.deepEqual(ended, [], "what never ran has no exit code");
      assert.ok(double.kubelet("n1").isOnline);
    },
    ({ misfortunes }) => misfortunes.destroyNode("n3"),
  ));
