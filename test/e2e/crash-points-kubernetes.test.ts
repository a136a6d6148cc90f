import assert from "node:assert/strict";
import { test } from "node:test";
import { TerminateJobCommand } from "@aws-sdk/client-batch";
import type { CrashPoint } from "../../src/ports/crash-points.ts";
import { CRASH_POINTS } from "../../src/ports/crash-points.ts";
import { batchClient } from "../support/clients.ts";
import { until } from "../support/until.ts";
import { clusterBench } from "./cluster-bench.ts";
import type { Round } from "./crash-rounds.ts";
import { CrashRounds } from "./crash-rounds.ts";
import { note, openLedger, registerNoted } from "./ledger.ts";
import { newDataDir, spawnServer } from "./server.ts";

const began = note("began");
const SUCCEEDS = { status: "SUCCEEDED" } as const;
const STOPS: ReadonlySet<CrashPoint> = new Set(["kubernetes.stop", "kubernetes.stopped"]);

test("killed in each call of the Kubernetes driver, nothing is lost and nothing runs twice", async (t) => {
  const points = (Object.keys(CRASH_POINTS) as CrashPoint[]).filter((point) => point.startsWith("kubernetes."));
  const [ledger, dataDir] = [openLedger(t), newDataDir()];
  const { cluster, flags } = await clusterBench(t);
  const server = await spawnServer(t, { driver: "kubernetes", more: flags }, dataDir);
  await registerNoted(batchClient(t, server.url), "noted", "busybox", ledger);
  await server.kill();

  const rounds = new CrashRounds(t, server, ledger);
  for (const point of points)
    await rounds.round(point, 1, (round) =>
      Promise.all([mixed(round), ...(STOPS.has(point) ? [terminated(round)] : [])]),
    );
  await rounds.settle();
  assert.equal(await server.stop(), 0);
  await until("nothing is left in the cluster", () => cluster.pods().length === 0);
});

async function mixed(round: Round): Promise<void> {
  const children = (id: string): string[] => [0, 1].map((index) => `${id}:${index} 1`);
  await Promise.all([
    round.submit(script(began), SUCCEEDS),
    round.submit({ ...script(began), arrayProperties: { size: 2 } }, { ...SUCCEEDS, began: children }),
  ]);
}

async function terminated(round: Round): Promise<void> {
  const wait = `n=0; while [ ! -e "${round.go}" ] && [ $n -lt 600 ]; do n=$((n + 1)); sleep 0.1; done`;
  const jobId = await round.submit(script(`trap 'exit 5' TERM; ${began}; ${wait}`), { status: "either" });
  await round.untilBegan(jobId);
  await round.batch.send(new TerminateJobCommand({ jobId, reason: "no longer wanted" }));
  round.expect(jobId, { status: "FAILED", statusReason: "no longer wanted" });
}

function script(text: string) {
  return { containerOverrides: { command: ["sh", "-c", text] } };
}
