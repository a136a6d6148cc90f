import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { containerOptions, imageOf } from "../../../src/drivers/docker/spec.ts";
import { NO_IMAGE } from "../../../src/ports/driver.ts";
import type { AttemptSpec } from "../../../src/ports/driver.ts";

const SETTINGS = { clusterId: "c1", defaultImage: "busybox:stable", outputKeeper: "local" } as const;
const MIB = 1024 * 1024;

function spec(container: ContainerProperties, more: Partial<AttemptSpec> = {}): AttemptSpec {
  return {
    attemptId: "0123456789abcdef0123456789abcdef",
    jobId: "job-1",
    container,
    environment: { A: "1", B: "x=y" },
    vcpuMilli: 1500,
    memoryMiB: 512,
    ...more,
  };
}

test("a container is named and labelled after its attempt", () => {
  const options = containerOptions(spec({ image: "ubuntu:24.04", command: ["true"] }), SETTINGS);
  assert.equal(options.name, "longshore-0123456789abcdef0123456789abcdef");
  assert.equal(options.Image, "ubuntu:24.04");
  assert.deepEqual(options.Labels, {
    "longshore.cluster": "c1",
    "longshore.attempt": "0123456789abcdef0123456789abcdef",
    "longshore.job": "job-1",
  });
  assert.deepEqual(options.Env, ["A=1", "B=x=y"]);
});

test("no image of its own means the server's", () => {
  assert.equal(imageOf(spec({ image: NO_IMAGE }), SETTINGS), "busybox:stable");
  assert.equal(imageOf(spec({}), SETTINGS), "busybox:stable");
  assert.equal(imageOf(spec({ image: "a/b@sha256:00" }), SETTINGS), "a/b@sha256:00");
});

test("the command replaces the image's command and never its entrypoint; an empty one leaves both", () => {
  const given = containerOptions(spec({ command: ["echo", "a b"] }), SETTINGS);
  assert.deepEqual([given.Cmd, given.Entrypoint], [["echo", "a b"], undefined]);
  assert.equal("Cmd" in containerOptions(spec({ command: [] }), SETTINGS), false);
  assert.equal("WorkingDir" in given, false);
});

test("an entrypoint of the attempt's own replaces the image's", () => {
  const given = containerOptions(spec({ command: ["b"] }, { entrypoint: ["sh", "-c"] }), SETTINGS);
  assert.deepEqual([given.Entrypoint, given.Cmd], [["sh", "-c"], ["b"]]);
});

test("vCPUs are a weight, memory is a limit without swap", () => {
  const { HostConfig } = containerOptions(spec({}), SETTINGS);
  assert.equal(HostConfig?.CpuShares, 1536);
  assert.equal(HostConfig?.Memory, 512 * MIB);
  assert.equal(HostConfig?.MemorySwap, 512 * MIB);
  assert.equal(HostConfig !== undefined && "MemorySwappiness" in HostConfig, false);
});

test("the smallest sizes that Batch allows are ones that the engine takes", () => {
  const { HostConfig } = containerOptions(spec({}, { vcpuMilli: 1, memoryMiB: 4 }), SETTINGS);
  assert.deepEqual([HostConfig?.CpuShares, HostConfig?.Memory], [2, 6 * MIB]);
});

test("swap comes with maxSwap, and swappiness only with it", () => {
  const withSwap = containerOptions(spec({ linuxParameters: { maxSwap: 256, swappiness: 10 } }), SETTINGS);
  assert.deepEqual([withSwap.HostConfig?.MemorySwap, withSwap.HostConfig?.MemorySwappiness], [768 * MIB, 10]);
  const without = containerOptions(spec({ linuxParameters: { swappiness: 10 } }), SETTINGS);
  assert.deepEqual([without.HostConfig?.MemorySwap, without.HostConfig?.MemorySwappiness], [512 * MIB, undefined]);
});

test("Linux parameters", () => {
  const { HostConfig } = containerOptions(
    spec({
      ulimits: [{ name: "nofile", softLimit: 100, hardLimit: 200 }],
      linuxParameters: {
        initProcessEnabled: true,
        sharedMemorySize: 32,
        tmpfs: [{ containerPath: "/run", size: 64, mountOptions: ["noexec", "mode=700"] }],
        devices: [
          { hostPath: "/dev/fuse" },
          { hostPath: "/dev/null", containerPath: "/dev/void", permissions: ["READ", "WRITE"] },
        ],
      },
    }),
    SETTINGS,
  );
  assert.equal(HostConfig?.Init, true);
  assert.equal(HostConfig?.ShmSize, 32 * MIB);
  assert.deepEqual(HostConfig?.Tmpfs, { "/run": "size=64m,noexec,mode=700" });
  assert.deepEqual(HostConfig?.Ulimits, [{ Name: "nofile", Soft: 100, Hard: 200 }]);
  assert.deepEqual(HostConfig?.Devices, [
    { PathOnHost: "/dev/fuse", PathInContainer: "/dev/fuse", CgroupPermissions: "rwm" },
    { PathOnHost: "/dev/null", PathInContainer: "/dev/void", CgroupPermissions: "rw" },
  ]);
});

test("volumes: host directories, anonymous ones, and those that this driver does not have", () => {
  const { HostConfig } = containerOptions(
    spec({
      volumes: [
        { name: "data", host: { sourcePath: "/srv/data" } },
        { name: "scratch", host: {} },
        { name: "shared", efsVolumeConfiguration: { fileSystemId: "fs-1" } },
      ],
      mountPoints: [
        { sourceVolume: "data", containerPath: "/data", readOnly: true },
        { sourceVolume: "data", containerPath: "/out" },
        { sourceVolume: "scratch", containerPath: "/scratch" },
        { sourceVolume: "shared", containerPath: "/shared" },
        { sourceVolume: "unknown", containerPath: "/unknown" },
      ],
    }),
    SETTINGS,
  );
  assert.deepEqual(HostConfig?.Binds, ["/srv/data:/data:ro", "/srv/data:/out"]);
  assert.deepEqual(HostConfig?.Mounts, [{ Type: "volume", Source: "", Target: "/scratch", ReadOnly: false }]);
});

test("the engine keeps all output, in a way that can be read back", () => {
  const local = containerOptions(spec({}), SETTINGS).HostConfig?.LogConfig;
  assert.deepEqual(local, { Type: "local", Config: { "max-size": "1000g", "max-file": "1", compress: "false" } });
  const json = containerOptions(spec({}), { ...SETTINGS, outputKeeper: "json-file" }).HostConfig?.LogConfig;
  assert.deepEqual(json, { Type: "json-file", Config: {} });
});

test("user, privileges, read-only root, GPUs, and the way to the host", () => {
  const options = containerOptions(
    spec({
      user: "1000:1000",
      privileged: true,
      readonlyRootFilesystem: true,
      resourceRequirements: [
        { type: "VCPU", value: "1" },
        { type: "GPU", value: "2" },
      ],
    }),
    SETTINGS,
  );
  assert.equal(options.User, "1000:1000");
  assert.equal(options.HostConfig?.Privileged, true);
  assert.equal(options.HostConfig?.ReadonlyRootfs, true);
  assert.deepEqual(options.HostConfig?.DeviceRequests, [{ Count: 2, Capabilities: [["gpu"]] }]);
  assert.deepEqual(options.HostConfig?.ExtraHosts, ["host.docker.internal:host-gateway"]);
  const plain = containerOptions(spec({}), SETTINGS);
  assert.deepEqual(
    [plain.User, plain.HostConfig?.Privileged, plain.HostConfig?.ReadonlyRootfs],
    [undefined, false, false],
  );
});

test("of a task: the holder's network, with its names of hosts; volumes without a place are the task's; sharing more only where asked", () => {
  const container = {
    volumes: [{ name: "a b/c", host: {} }],
    mountPoints: [{ sourceVolume: "a b/c", containerPath: "/x", readOnly: true }],
  };
  const task = { id: "f".repeat(32) };
  const plain = containerOptions(spec(container, { task }), SETTINGS);
  assert.equal(plain.Labels?.["longshore.task"], task.id);
  assert.equal(plain.HostConfig?.NetworkMode, `container:longshore-task-${task.id}`);
  assert.equal("ExtraHosts" in plain.HostConfig, false, "the engine refuses them beside a shared network");
  assert.deepEqual([plain.HostConfig?.PidMode, plain.HostConfig?.IpcMode], [undefined, undefined]);
  const [mount] = plain.HostConfig.Mounts!;
  assert.match(mount!.Source, new RegExp(`^longshore-task-${task.id}-[0-9a-f]{16}$`));
  assert.deepEqual([mount!.Type, mount!.Target, mount!.ReadOnly], ["volume", "/x", true]);
  assert.deepEqual(mount!.VolumeOptions?.Labels, { "longshore.cluster": "c1", "longshore.task": task.id });

  const holder = `container:longshore-task-${task.id}`;
  const modes = (more: Partial<AttemptSpec>) => {
    const { PidMode, IpcMode } = containerOptions(spec({}, more), SETTINGS).HostConfig!;
    return [PidMode, IpcMode];
  };
  assert.deepEqual(modes({ task, pidMode: "task", ipcMode: "task" }), [holder, holder]);
  assert.deepEqual(modes({ task, pidMode: "host", ipcMode: "host" }), ["host", "host"]);
  assert.deepEqual(
    modes({ pidMode: "task", ipcMode: "task" }),
    [undefined, undefined],
    "alone, its own are the task's",
  );
  assert.deepEqual(modes({ ipcMode: "none" }), [undefined, "none"]);
});
