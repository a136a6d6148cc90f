import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { CrashPoint } from "../../src/ports/crash-points.ts";
import { CRASH_POINTS } from "../../src/ports/crash-points.ts";
import { batchClient, ec2Client } from "../support/clients.ts";
import { CrashRounds } from "./crash-rounds.ts";
import { configurationOf, mixed, prepareMixed } from "./crash-workload.ts";
import { openLedger } from "./ledger.ts";
import { newDataDir, spawnServer } from "./server.ts";

/** How often it is passed before the server dies there: the tick and the store are busy already when it starts. */
const NTH: Partial<Record<CrashPoint, number>> = {
  "tick.read": 5,
  "tick.observe": 6,
  "tick.reconcile": 7,
  "tick.schedule": 8,
  "tick.commit": 5,
  "tick.dispatch": 6,
  "tick.sleep": 7,
  "store.begin": 12,
  "store.commit": 14,
  "store.committed": 16,
  "submit.committed": 3,
  "submit.answered": 4,
  "dispatch.instances": 4,
};

const roomOf = (point: CrashPoint): string => point.split(".")[0]!;
const points = Object.keys(CRASH_POINTS) as CrashPoint[];

const ROOMS: readonly (readonly [where: string, rooms: readonly string[]])[] = [
  ["at each step of a tick and around each commit", ["lease", "tick", "store"]],
  ["before each answer, and each word to a driver", ["submit", "stop", "dispatch"]],
  ["in each call of the process driver and the provisioner", ["process", "instance"]],
];
/** In other files. */
const ELSEWHERE = ["docker", "kubernetes", "postgres"];

for (const [where, rooms] of ROOMS) {
  const places = points.filter((point) => rooms.includes(roomOf(point)));
  test(`killed ${where}, nothing is lost and nothing runs twice`, (t) => killedAt(t, places));
}

test("no place is left out", () => {
  const tried = [...ROOMS.flatMap(([, rooms]) => rooms), ...ELSEWHERE];
  assert.deepEqual(new Set(points.map(roomOf)), new Set(tried));
});

async function killedAt(t: TestContext, places: readonly CrashPoint[]): Promise<void> {
  const ledger = openLedger(t);
  const dataDir = newDataDir();
  writeFileSync(join(dataDir, "config.json"), configurationOf(ledger));
  const server = await spawnServer(t, { vcpus: 64, memoryMiB: 262_144 }, dataDir);
  await prepareMixed(batchClient(t, server.url), ledger);
  await server.kill();

  const rounds = new CrashRounds(t, server, ledger);
  for (const point of places) {
    const isOfInstances = roomOf(point) === "instance";
    await rounds.round(point, NTH[point] ?? 1, (round) =>
      mixed(round, ledger, isOfInstances ? ec2Client(t, round.url) : undefined),
    );
  }
  await rounds.settle();
  assert.equal(await server.stop(), 0);
  await rounds.nothingIsLeft();
}
