import assert from "node:assert/strict";
import { hostname } from "node:os";
import { describe, test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { AttemptSpec } from "../../../src/ports/driver.ts";
import { attempt } from "../../conformance/driver/suite.ts";
import { dockerUnavailable } from "../../support/docker.ts";
import { withBench } from "../../support/docker-bench.ts";

const skip = (await dockerUnavailable()) ?? false;

/** Looks at what the kernel has made of it, in either version of control groups. One line for each question. */
const LOOK = `
ps -o args | sed -n 2p | cut -d' ' -f1
df -m /dev/shm | awk 'NR==2 {print "shm", $2}'
awk '$2=="/scratch" {print $3, $4}' /proc/mounts | tr , '\\n' | grep -E 'tmpfs|noexec|size|mode' | tr '\\n' ' '; echo
ls -l /dev/void 2>/dev/null | cut -c1
(exec 3< /dev/void) 2>/dev/null && echo readable
(exec 3> /dev/void) 2>/dev/null && echo writable
awk '/Max open files|Max core/ {print $(NF-2), $(NF-1)}' /proc/self/limits
id -u; id -g
touch /root-is-mine 2>&1
grep -E '^(CapEff|NoNewPrivs)' /proc/self/status | tr -d '\\t' | tr '\\n' ' '; echo
cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null | cut -d' ' -f1
cat /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpu.weight 2>/dev/null
cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null
hostname
`;

describe("docker driver: members of a container", { skip }, () => {
  test("have the effect that the kernel shows, and none where they are absent", async () => {
    await withBench(async ({ open, run, sh }) => {
      const session = await open();
      const look = async (container: ContainerProperties, more: Partial<AttemptSpec> = {}) => {
        const { exited, log } = await run(session, attempt({ ...sh(LOOK), ...container }, more));
        assert.equal(exited.reason, undefined);
        return log;
      };
      const full = await look(
        {
          user: "1234:77",
          readonlyRootFilesystem: true,
          ulimits: [
            { name: "nofile", softLimit: 123, hardLimit: 456 },
            { name: "core", softLimit: 0, hardLimit: 0 },
          ],
          linuxParameters: {
            initProcessEnabled: true,
            sharedMemorySize: 8,
            tmpfs: [{ containerPath: "/scratch", size: 3, mountOptions: ["noexec", "mode=700"] }],
          },
        },
        { vcpuCeilingMilli: 250, vcpuMilli: 250, memoryMiB: 64, noNewPrivileges: true },
      );
      assert.deepEqual(full.slice(0, 2), ["/sbin/docker-init", "shm 8"]);
      assert.match(full[2]!, /^tmpfs .*noexec .*size=3072k mode=700 $/);
      assert.deepEqual(full.slice(3, 8), [
        "0 0",
        "123 456",
        "1234",
        "77",
        "touch: /root-is-mine: Read-only file system",
      ]);
      assert.equal(full[8], "CapEff:0000000000000000 NoNewPrivs:1 ");
      assert.equal(full[9], "25000");
      assert.equal(full[11], String(64 * 1024 * 1024));

      // A device that no container has by default. Its mode lets root read and write; the permission lets it only be read.
      const devices = [{ hostPath: "/dev/loop-control", containerPath: "/dev/void", permissions: ["READ" as const] }];
      const plain = await look({ linuxParameters: { devices } }, { vcpuMilli: 1000, memoryMiB: 64 });
      assert.deepEqual(plain.slice(0, 5), ["sh", "shm 64", "", "c", "readable"]);
      assert.ok(!plain.includes("writable"));
      assert.deepEqual(plain.filter((line) => line === "0").length, 2, "root's user and group");
      assert.match(plain.join(), /CapEff:00000000a80425fb NoNewPrivs:0 /);
      assert.ok(plain.includes("-1") || plain.includes("max"), "no ceiling");
      assert.ok(!plain.includes(hostname()));

      const outside = await look({}, { networkMode: "host" });
      assert.equal(outside.at(-1), hostname());

      const { exited, log } = await run(session, attempt({ ...sh("grep CapEff /proc/self/status"), privileged: true }));
      // Where the engine itself has fewer capabilities than the kernel knows, it says that it cannot give them all.
      if (exited.exitCode === undefined) assert.match(exited.reason ?? "", /unable to apply caps/);
      else assert.match(log.join(), /CapEff:\t0000(01|00|03)ffffffffff/);
    });
  });

  test("what the engine cannot do it says: a limit of storage once, and the job runs; a processor and GPUs, and it does not", async () => {
    await withBench(async ({ open, run, sh }) => {
      const notices: string[] = [];
      const session = await open({ onNotice: (notice) => notices.push(notice) });
      for (const text of ["a", "b"]) {
        const { log } = await run(session, attempt({ ...sh(`echo ${text}`), ephemeralStorage: { sizeInGiB: 21 } }));
        assert.deepEqual(log, [text]);
      }
      // Where the storage driver can, there is nothing to say.
      assert.ok(notices.length <= 1, notices.join());
      for (const notice of notices)
        assert.match(notice, /^Ephemeral storage of containers is not limited: --storage-opt/);

      const gpus = await run(session, attempt(sh("true"), { gpuIds: ["0"] }));
      if (gpus.exited.exitCode !== 0) assert.match(gpus.exited.reason ?? "", /^CannotStartContainerError: .*gpu/);
      const windows = { operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" };
      const { exited } = await run(session, attempt({ ...sh("true"), runtimePlatform: windows }));
      assert.match(exited.reason ?? "", /^CannotCreateContainerError: the job is for windows/);
    });
  });
});
