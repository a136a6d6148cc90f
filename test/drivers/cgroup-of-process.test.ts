import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isBelow } from "../../src/drivers/cgroups/root-groups.ts";
import { until } from "../support/until.ts";

const skip = process.platform !== "linux" && "only Linux has control groups";

test(
  "which group a process is in is not known of one that has ended, also while its parent has not heard of it",
  { skip },
  async () => {
    assert.equal(isBelow(process.pid, ":/"), true);
    assert.equal(isBelow(process.pid, ":/no-such-group/"), false);
    // The shell's child ends; sleep, which the shell has become, never asks for it.
    const shell = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
    const [said] = (await once(shell.stdout, "data")) as [Buffer];
    const pid = Number(said);
    await until("its child has ended", () => / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
    assert.equal(isBelow(pid, ":/"), undefined);
    shell.kill("SIGKILL");
    await once(shell, "exit");
    assert.equal(isBelow(shell.pid!, ":/"), undefined);
  },
);
