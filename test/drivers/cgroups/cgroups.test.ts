import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { mountedHierarchies } from "../../../src/drivers/cgroups/hierarchies.ts";
import { cpuMsIn, peakMemoryMiBIn } from "../../../src/drivers/cgroups/used.ts";

const hierarchies = mountedHierarchies();
const treeOf = (controller: string) => hierarchies.find(({ controllers }) => controllers.includes(controller));
const memory = treeOf("memory");
const cpu = treeOf("cpuacct") ?? treeOf("cpu");
const isWritable = process.getuid?.() === 0 && memory?.root === "/" && cpu?.root === "/";
const skip = isWritable ? false : "it takes root, and the root of the machine's cgroups";

test("what a process used that is gone: its processor time and its most memory", { skip }, (t) => {
  const name = `longshore-test-${process.pid}`;
  const directories = [...new Set([cpu!, memory!])].map(({ mount }) => join(mount, name));
  for (const directory of directories) mkdirSync(directory);
  t.after(() => directories.forEach((directory) => rmdirSync(directory)));
  const enter = directories.map((directory) => `echo $$ > ${directory}/cgroup.procs`).join("; ");
  const work = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; head -c 40000000 /dev/zero | tail > /dev/null";
  assert.equal(spawnSync("sh", ["-c", `${enter}; ${work}`]).status, 0);
  const cpuMs = cpuMsIn(join(cpu!.mount, name))!;
  const peakMemoryMiB = peakMemoryMiBIn(join(memory!.mount, name));
  assert.ok(cpuMs > 50 && cpuMs < 5_000, `${cpuMs} ms`);
  if (memory!.version === 1) assert.ok(peakMemoryMiB! >= 38 && peakMemoryMiB! < 100, `${peakMemoryMiB} MiB`);
});

test("the files of version 2", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "longshore-cgroup-"));
  t.after(() => rmSync(directory, { recursive: true }));
  assert.deepEqual([cpuMsIn(directory), peakMemoryMiBIn(directory)], [undefined, undefined]);
  writeFileSync(join(directory, "cpu.stat"), "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n");
  writeFileSync(join(directory, "memory.peak"), "10485761\n");
  assert.deepEqual([cpuMsIn(directory), peakMemoryMiBIn(directory)], [1235, 11]);
});
