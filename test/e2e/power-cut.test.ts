import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { batchClient } from "../support/clients.ts";
import { allEnded, ended, submitScript } from "../support/jobs.ts";
import { processesOf } from "../support/leftovers.ts";
import { syncedUnavailable, watchSyncs } from "../support/synced.ts";
import { until } from "../support/until.ts";
import type { Ledger } from "./ledger.ts";
import { note, openLedger } from "./ledger.ts";
import { newDataDir, spawnServer } from "./server.ts";

const skip = whyNoBoots();

test(
  "after a power cut nothing that may have run is run again, although nothing on the disk says that it began",
  { skip },
  async (t) => {
    const [ledger, dataDir] = [openLedger(t), newDataDir()];
    const boot = join(dataDir, "boot-id");
    const server = await spawnServer(t, { boot }, dataDir);
    const job = {
      containerOverrides: { environment: [{ name: "LEDGER", value: ledger.directory }] },
      jobName: "cut-off",
    };
    const batch = () => batchClient(t, server.url);
    const over = await submitScript(batch(), "true", job);
    await ended(batch(), over);
    await server.kill();

    // It dies when the program runs, before it has noted that it does.
    writeFileSync(boot, "first\n");
    await server.start(0, "process.started:1");
    const script = `${note("began")}; [ $AWS_BATCH_JOB_ATTEMPT = 2 ] || sleep 60`;
    const submission = submitScript(batch(), script, { ...job, retryStrategy: { attempts: 2 } });
    submission.catch(() => {}); // It may die before it has answered.
    assert.equal(await server.gone(), "SIGKILL");
    const [line] = await ledger.untilLines("the program runs", (lines) => lines.length === 1);
    cutPower(dataDir);
    await until("nothing runs", () => processesOf(dataDir).length === 0);

    writeFileSync(boot, "second\n");
    await server.start();
    const jobId = line!.split(" ")[1]!;
    const { status, attempts = [] } = await ended(batch(), jobId);
    assert.deepEqual([status, attempts.length], ["SUCCEEDED", 2]);
    assert.match(attempts[0]?.statusReason ?? "", /^Host EC2 \(instance .*\) terminated\.$/);
    assert.match(attempts[0]?.container?.reason ?? "", /^The machine was started anew/);
    assert.deepEqual(ledger.lines(), [`began ${jobId} 1`, `began ${jobId} 2`]);
  },
);

test(
  "what was acknowledged is there after a power cut at any time, and runs",
  { skip: syncedUnavailable() },
  async (t) => {
    const [ledger, dataDir] = [openLedger(t), newDataDir()];
    const synced = watchSyncs(t, dataDir);
    // None of them runs before the power cut: there is no machine large enough.
    const server = await spawnServer(t, { vcpus: 1, variables: synced.variables }, dataDir);
    const batch = batchClient(t, server.url);
    const acknowledged: string[] = [];
    let left = "";
    for (let count = 0; count < 8; count += 1) {
      acknowledged.push(await submitScript(batch, note("ran"), large(ledger)));
      left = synced.afterPowerCut();
      assert.deepEqual(jobsIn(left), acknowledged);
      assert.ok(existsSync(join(left, "secret.key")), "what the database is sealed with");
    }
    await server.kill();
    const next = await spawnServer(t, {}, left);
    for (const job of await allEnded(batchClient(t, next.url), acknowledged)) assert.equal(job.status, "SUCCEEDED");
    assert.deepEqual(ledger.lines().toSorted(), acknowledged.map((jobId) => `ran ${jobId} 1`).toSorted());
  },
);

function large({ directory }: Ledger) {
  const resourceRequirements = [{ type: "VCPU" as const, value: "2" }];
  return { containerOverrides: { environment: [{ name: "LEDGER", value: directory }], resourceRequirements } };
}

/** In a copy, so that what is there stays as it is. */
function jobsIn(directory: string): string[] {
  const copy = `${directory}-read`;
  cpSync(directory, copy, { recursive: true });
  const database = new DatabaseSync(join(copy, "longshore.db"));
  try {
    return database
      .prepare("SELECT id FROM jobs ORDER BY seq")
      .all()
      .map((row) => String(row["id"]));
  } finally {
    database.close();
  }
}

/** Every process is gone, and what was not synced: the drivers' journals and directories are not. */
function cutPower(dataDir: string): void {
  for (const pid of processesOf(dataDir)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
  const attempts = join(dataDir, "attempts");
  for (const name of readdirSync(attempts)) rmSync(join(attempts, name), { recursive: true });
}

/** Why a server cannot be shown another boot than the machine's own. */
function whyNoBoots(): string | false {
  try {
    execFileSync("unshare", ["--mount", "mount", "--bind", "/dev/null", "/proc/sys/kernel/random/boot_id"], {
      stdio: "ignore",
    });
    return false;
  } catch {
    return "only root can put another file in the place of the kernel's boot_id";
  }
}
