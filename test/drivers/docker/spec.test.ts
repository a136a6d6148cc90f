import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { Provided } from "../../../src/drivers/docker/container/provided.ts";
import { NOTHING_PROVIDED } from "../../../src/drivers/docker/container/provided.ts";
import type { ContainerSettings } from "../../../src/drivers/docker/container/spec.ts";
import { cannotRun, UNKNOWN_TRAITS } from "../../../src/drivers/docker/engine/engine-traits.ts";
import { imageOf, platformOf } from "../../../src/drivers/docker/images/image.ts";
import { containerOptions as optionsOf } from "../../../src/drivers/docker/container/spec.ts";
import { NO_IMAGE } from "../../../src/ports/driver.ts";
import type { AttemptSpec } from "../../../src/ports/driver.ts";

const ENGINE = { outputKeeper: "local", system: "linux", architectures: undefined } as const;
const SETTINGS = { clusterId: "c1", defaultImage: "busybox:stable", engine: ENGINE, limitsStorage: true };
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

function containerOptions(attempt: AttemptSpec, settings: ContainerSettings, provided: Provided = NOTHING_PROVIDED) {
  return optionsOf(attempt, settings, provided);
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

test("an image is for the engine's own platform, unless the job names one", () => {
  const platform = (runtimePlatform: ContainerProperties["runtimePlatform"]) => platformOf(spec({ runtimePlatform }));
  assert.equal(platform(undefined), undefined);
  assert.equal(platform({ operatingSystemFamily: "LINUX" }), undefined);
  assert.equal(platform({ cpuArchitecture: "ARM64" }), "linux/arm64");
  assert.equal(platform({ cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" }), "linux/amd64");
  assert.equal(platform({ operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" }), "windows/amd64");
  assert.equal(
    containerOptions(spec({ runtimePlatform: { cpuArchitecture: "ARM64" } }), SETTINGS).platform,
    "linux/arm64",
  );
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

test("on Fargate vCPUs are a ceiling, too", () => {
  const { HostConfig } = containerOptions(spec({}, { vcpuMilli: 250, vcpuCeilingMilli: 250 }), SETTINGS);
  assert.deepEqual([HostConfig?.CpuShares, HostConfig?.CpuQuota, HostConfig?.CpuPeriod], [256, 25_000, 100_000]);
  assert.equal(containerOptions(spec({}), SETTINGS).HostConfig?.CpuQuota, undefined);
});

test("GPUs: those that the attempt holds; where none are named, as many as it asks for", () => {
  const container: ContainerProperties = { resourceRequirements: [{ type: "GPU", value: "2" }] };
  const requests = (more: Partial<AttemptSpec>) =>
    containerOptions(spec(container, more), SETTINGS).HostConfig?.DeviceRequests;
  assert.deepEqual(requests({ gpuIds: ["1", "3"] }), [{ DeviceIDs: ["1", "3"], Capabilities: [["gpu"]] }]);
  assert.deepEqual(requests({}), [{ Count: 2, Capabilities: [["gpu"]] }]);
  assert.deepEqual(requests({ gpuIds: [] }), [{ Count: 2, Capabilities: [["gpu"]] }]);
});

test("ephemeral storage is asked for until the engine has said that it cannot limit it", () => {
  const attempt = spec({ ephemeralStorage: { sizeInGiB: 30 } });
  assert.deepEqual(containerOptions(attempt, SETTINGS).HostConfig?.StorageOpt, { size: "30G" });
  const unlimited = containerOptions(attempt, { ...SETTINGS, limitsStorage: false });
  assert.equal(unlimited.HostConfig?.StorageOpt, undefined);
});

test("the machine's network for who asks for it, but not for nodes, which have one of their own", () => {
  const mode = (more: Partial<AttemptSpec>) => containerOptions(spec({}, more), SETTINGS).HostConfig?.NetworkMode;
  const id = "f".repeat(32);
  assert.equal(mode({}), undefined);
  assert.equal(mode({ networkMode: "host" }), "host");
  assert.equal(mode({ networkMode: "host", task: { id } }), "host");
  const node = { id, index: 0, count: 2 };
  assert.equal(mode({ networkMode: "host", node }), `longshore-nodes-${id}`);
});

test("a platform that the engine cannot run is told from one that it may", () => {
  const here = { ...ENGINE, architectures: ["amd64"] };
  for (const platform of [undefined, "linux/amd64"]) assert.equal(cannotRun(platform, here), undefined);
  assert.match(
    cannotRun("linux/arm64", here) ?? "",
    /^exec format error: the job is for arm64, and this machine runs amd64/,
  );
  assert.equal(cannotRun("linux/arm64", { ...here, architectures: ["amd64", "arm64"] }), undefined);
  assert.equal(cannotRun("linux/arm64", ENGINE), undefined, "an engine elsewhere may have an emulator");
  assert.equal(
    cannotRun("windows/amd64", ENGINE),
    "the job is for windows, and the container engine runs containers of linux only",
  );
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

test("volumes: host directories, anonymous ones, and directories that stand for file systems", () => {
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
        { sourceVolume: "shared", containerPath: "/shared", readOnly: true },
        { sourceVolume: "unknown", containerPath: "/unknown" },
      ],
    }),
    SETTINGS,
    { ...NOTHING_PROVIDED, directories: new Map([["shared", "/srv/fs-1"]]) },
  );
  assert.deepEqual(HostConfig?.Binds, ["/srv/data:/data:ro", "/srv/data:/out"]);
  assert.deepEqual(HostConfig?.Mounts, [
    { Type: "volume", Source: "", Target: "/scratch", ReadOnly: false },
    { Type: "bind", Source: "/srv/fs-1", Target: "/shared", ReadOnly: true },
  ]);
});

test("the engine keeps all output, in a way that can be read back", () => {
  const local = containerOptions(spec({}), SETTINGS).HostConfig?.LogConfig;
  assert.deepEqual(local, { Type: "local", Config: { "max-size": "1000g", "max-file": "1", compress: "false" } });
  const json = containerOptions(spec({}), { ...SETTINGS, engine: UNKNOWN_TRAITS }).HostConfig?.LogConfig;
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
