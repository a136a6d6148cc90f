import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { toLaunch } from "../../src/drivers/process/spec.ts";
import type { Host, Launch } from "../../src/drivers/process/spec.ts";
import { ulimitCommand } from "../../src/drivers/process/ulimits.ts";
import { findUser } from "../../src/drivers/process/users.ts";
import type { AttemptSpec } from "../../src/ports/driver.ts";
import { attempt } from "../conformance/driver/suite.ts";

const FILES = {
  passwd: "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000:Ann,,,:/home/ann:/bin/sh\nbob:x:1001:100::/home/bob:\n",
  group: "root:x:0:\nusers:x:100:ann,bob\nann:x:1000:\nstaff:x:50:bob,ann\n",
};
const HOST: Host = {
  environment: { PATH: "/bin", HOME: "/root" },
  ...{ userName: "root", userId: 0, groupId: 0, whyNobodyElse: undefined, userFiles: () => FILES },
  ...{ architecture: "x64", setpriv: "/usr/bin/setpriv", limitsSwap: true, hasGpus: false },
  limits: { stringBytes: 131_072, totalBytes: 2 ** 21 },
};

function mapped(container: ContainerProperties, host: Partial<Host> = {}, more: Partial<AttemptSpec> = {}) {
  const spec = attempt({ command: ["true"], ...container }, more);
  return toLaunch(spec, { ...HOST, ...host }, { secrets: {}, variables: {} });
}

function launched(...[container, host, more]: Parameters<typeof mapped>): Launch {
  const found = mapped(container, host, more);
  assert.ok(found.kind === "launch", JSON.stringify(found));
  return found;
}

function reasonOf(...[container, host, more]: Parameters<typeof mapped>): string {
  const found = mapped(container, host, more);
  assert.ok(found.kind === "refusal", JSON.stringify(found));
  assert.ok(found.reason.length <= 255, "clients see as much");
  return found.reason;
}

const data = (sourcePath: string | undefined) => [
  { name: "data", host: sourcePath === undefined ? {} : { sourcePath } },
];
const point = { sourceVolume: "data", containerPath: "/data" };

/** What only a container can have, with the member that the reason must name. */
const NEEDS_CONTAINER: readonly (readonly [RegExp, ContainerProperties, Partial<Host>?])[] = [
  [/: privileged needs /, { privileged: true }],
  [/: readonlyRootFilesystem needs /, { readonlyRootFilesystem: true }],
  [/: linuxParameters.devices needs /, { linuxParameters: { devices: [{ hostPath: "/dev/fuse" }] } }],
  [/: linuxParameters.tmpfs needs /, { linuxParameters: { tmpfs: [{ containerPath: "/t", size: 1 }] } }],
  [/: linuxParameters.sharedMemorySize needs /, { linuxParameters: { sharedMemorySize: 64 } }],
  [/: linuxParameters.maxSwap needs /, { linuxParameters: { maxSwap: 64 } }, { limitsSwap: false }],
  [/: linuxParameters.swappiness needs /, { linuxParameters: { maxSwap: 64, swappiness: 10 } }],
  [/: the mount point \/data needs /, { volumes: data("/elsewhere"), mountPoints: [point] }],
  [/: the mount point \/data needs /, { volumes: data(undefined), mountPoints: [point] }],
  [/: the mount point \/data .* writing/, { volumes: data("/data"), mountPoints: [{ ...point, readOnly: true }] }],
  [
    /: the mount point \/data needs /,
    { volumes: [{ name: "data", efsVolumeConfiguration: { fileSystemId: "fs-1" } }], mountPoints: [point] },
  ],
  [/: logDriver splunk needs /, { logConfiguration: { logDriver: "splunk" } }],
  [/: cpuArchitecture ARM64 needs .* is x64/, { runtimePlatform: { cpuArchitecture: "ARM64" } }],
  [/: cpuArchitecture X86_64 needs /, { runtimePlatform: { cpuArchitecture: "X86_64" } }, { architecture: "arm64" }],
  [/: operatingSystemFamily WINDOWS/, { runtimePlatform: { operatingSystemFamily: "WINDOWS_SERVER_2022_CORE" } }],
];

test("what only a container can have is refused, with its name, and what to do", () => {
  for (const [expected, container, host] of NEEDS_CONTAINER) {
    const reason = reasonOf(container, host);
    assert.match(reason, expected);
    assert.match(
      reason,
      /^ResourceInitializationError: .*\. Leave it out, or use a compute environment with containers$/,
    );
  }
  assert.match(reasonOf({}, {}, { ipcMode: "none" }), /: ipcMode none needs /);
  const held = { noNewPrivileges: true } as const;
  assert.match(reasonOf({}, { setpriv: undefined }, held), /: allowPrivilegeEscalation needs .* setpriv/);
  assert.ok(launched({}, {}, held).noNewPrivileges);
});

test("what changes nothing of what a program does, or is so already, is no reason to refuse", () => {
  const container: ContainerProperties = {
    ...{ image: "private/image", privileged: false, readonlyRootFilesystem: false, enableExecuteCommand: true },
    ...{ jobRoleArn: "arn:aws:iam::123456789012:role/r", executionRoleArn: "arn:aws:iam::123456789012:role/e" },
    linuxParameters: { initProcessEnabled: true, devices: [], tmpfs: [], maxSwap: 0, swappiness: 60 },
    ...{ volumes: data("/data/"), mountPoints: [point] },
    logConfiguration: { logDriver: "awslogs", options: { "awslogs-group": "g" } },
    networkConfiguration: { assignPublicIp: "ENABLED" },
    ...{ ephemeralStorage: { sizeInGiB: 30 }, fargatePlatformConfiguration: { platformVersion: "LATEST" } },
    runtimePlatform: { cpuArchitecture: "X86_64", operatingSystemFamily: "LINUX" },
    repositoryCredentials: { credentialsParameter: "arn:aws:secretsmanager:us-east-1:123456789012:secret:s" },
  };
  assert.deepEqual(launched(container, {}, { pidMode: "task", ipcMode: "host" }).directories, ["/data/"]);
});

test("GPUs: those that are held, and no others where the machine has some", () => {
  const gpusOf = (launch: Launch): unknown[] =>
    ["CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"].map((name) => launch.variables[name]);
  assert.deepEqual(gpusOf(launched({}, { hasGpus: true }, { gpuIds: ["2", "3"] })), ["2,3", "2,3"]);
  const greedy = { environment: { CUDA_VISIBLE_DEVICES: "0" } };
  assert.deepEqual(gpusOf(launched({}, { hasGpus: true }, greedy)), ["", "void"]);
  assert.deepEqual(gpusOf(launched({})), [undefined, undefined]);
});

test("users: by name or number, with their groups and their home; the server's own needs nothing", () => {
  const ann = launched({ user: "ann" }).runAs;
  assert.deepEqual(ann, { uid: 1000, gid: 1000, groups: [100, 50], name: "ann", home: "/home/ann" });
  assert.deepEqual(launched({ user: "1000" }).runAs, ann);
  assert.deepEqual(launched({ user: "bob:staff" }).runAs, {
    ...(findUser("bob", FILES) as object),
    gid: 50,
    groups: [],
  });
  assert.deepEqual(launched({ user: "4000:5000" }).runAs, { uid: 4000, gid: 5000, groups: [], home: "/" });
  assert.deepEqual(launched({ user: "4000" }).runAs, { uid: 4000, gid: 4000, groups: [], home: "/" });
  assert.equal(launched({ user: "root:staff" }).runAs?.gid, 50);
  for (const user of [undefined, "", "root", "0", "root:root", "0:0"]) {
    assert.equal(launched(user === undefined ? {} : { user }).runAs, undefined);
  }
  const { variables } = launched({ user: "ann" }, {}, { environment: { HOME: "/mine" } });
  assert.deepEqual([variables["HOME"], variables["USER"], variables["LOGNAME"]], ["/mine", "ann", "ann"]);
});

test("users that are none, and users whom this server cannot become", () => {
  assert.match(reasonOf({ user: "eve" }), /: unable to find user eve: no matching entries in passwd file$/);
  assert.match(reasonOf({ user: "ann:eves" }), /: unable to find group eves: no matching entries in group file$/);
  const own = { userName: "ann", userId: 1000, groupId: 1000, whyNobodyElse: "the server does not run as root" };
  assert.match(
    reasonOf({ user: "bob" }, own),
    /^ResourceInitializationError: cannot run as user "bob": .* root, .*user, ann/,
  );
  assert.match(reasonOf({ user: "ann:staff" }, own), /cannot run as user "ann:staff"/);
  assert.equal(launched({ user: "ann:1000" }, own).runAs, undefined);
});

test("ulimits in the units of the shell", () => {
  const commands = [
    { name: "nofile", softLimit: 100, hardLimit: 200 },
    { name: "stack", softLimit: 2_097_152, hardLimit: -1 },
  ].map(ulimitCommand);
  assert.deepEqual(commands, ["ulimit -n 200 && ulimit -S -n 100", "ulimit -s unlimited && ulimit -S -s 2048"]);
});
