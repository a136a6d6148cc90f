import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { DEFAULT_SESSION_TIMES } from "../../src/api/access/sessions.ts";
import { NO_OWN_PRICES } from "../../src/catalog/price-book.ts";
import { NO_OWN_LIMITS } from "../../src/compose/config/limits.ts";
import { readConfiguration } from "../../src/compose/config/configuration.ts";
import { formatSubnet } from "../../src/drivers/docker/networks/subnets.ts";
import { StartError } from "../../src/compose/start-error.ts";

const EKS = "arn:aws:eks:us-east-1:123456789012:cluster/prod";
const S3_FILES = "arn:aws:s3files:us-east-1:123456789012:file-system/fs-0123456789abcdef0";

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "longshore-config-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("without a file there is nothing configured, unless the user named one", (t) => {
  const directory = directoryOf(t);
  assert.deepEqual(readConfiguration(directory), {
    secrets: [],
    fileSystems: new Map(),
    clusters: [],
    roles: [],
    prices: NO_OWN_PRICES,
    nodeSubnets: undefined,
    targets: [],
    metrics: {},
    limits: NO_OWN_LIMITS,
    sessionTimes: DEFAULT_SESSION_TIMES,
  });
  const named = join(directory, "other.json");
  assert.throws(() => readConfiguration(directory, named), isRefusal(`${named}: It cannot be read (ENOENT`));
});

test("all that it may say; paths are meant from the file's own directory", (t) => {
  const directory = directoryOf(t);
  const text = JSON.stringify({
    secrets: [
      { match: "arn:aws:secretsmanager:*:secret:db-*", file: "secrets/db" },
      { match: "/prod/*", directory: "/run/secrets" },
      { match: "token", variable: "TOKEN" },
      { match: "*", command: ["pass", "show", "all"] },
    ],
    fileSystems: { "fs-01234567": "shared", "fsap-0123456789abcdef0": "/srv/point", [S3_FILES]: "/srv/s3" },
    roles: [
      { match: "reader", profile: "dev" },
      { match: "arn:aws:iam::123456789012:role/writer", file: "writer.json" },
      { match: "*", command: ["vend"] },
    ],
    prices: {
      ...{ perVcpuHour: 0.02, perGpuHour: 1, spotPercent: 35.5, instanceTypes: { "m5.large": 0.05 } },
      environments: { reserved: { percent: 60 }, lab: { perGibHour: 0.004 } },
    },
    nodeSubnets: "10.99.0.0/16",
    limits: { requests: 100, heldMiB: 32, requestSeconds: 5, jobs: 7 },
  });
  writeFileSync(join(directory, "config.json"), text);
  const read = readConfiguration(directory);
  assert.deepEqual(
    read.secrets.map(({ from }) => from),
    [
      { kind: "file", path: join(directory, "secrets/db") },
      { kind: "directory", path: "/run/secrets" },
      { kind: "variable", name: "TOKEN" },
      { kind: "command", command: ["pass", "show", "all"] },
    ],
  );
  assert.deepEqual(
    [...read.fileSystems],
    [
      ["fs-01234567", join(directory, "shared")],
      ["fsap-0123456789abcdef0", "/srv/point"],
      [S3_FILES, "/srv/s3"],
    ],
  );
  assert.deepEqual(
    read.roles.map(({ match, from }) => [match, from]),
    [
      ["reader", { kind: "profile", name: "dev" }],
      ["arn:aws:iam::123456789012:role/writer", { kind: "file", path: join(directory, "writer.json") }],
      ["*", { kind: "command", command: ["vend"] }],
    ],
  );
  assert.equal(formatSubnet(read.nodeSubnets!), "10.99.0.0/16");
  assert.deepEqual(read.limits, {
    load: { requests: 100, heldBytes: 33_554_432, requestTimeoutMs: 5_000 },
    jobs: 7,
    eventDays: 7,
    events: 1_000_000,
  });
  assert.deepEqual(read.prices, {
    rates: { perVcpuHour: 0.02, perGibHour: 0, perGpuHour: 1 },
    spotPercent: 35.5,
    instanceTypes: new Map([["m5.large", 0.05]]),
    environments: new Map<string, unknown>([
      ["reserved", { percent: 60 }],
      ["lab", { perVcpuHour: 0, perGibHour: 0.004, perGpuHour: 0 }],
    ]),
  });
});

test("clusters by their names, the default one first", (t) => {
  const directory = directoryOf(t);
  const clusters = {
    prod: { kubeconfig: "prod.yaml", context: "admin", eksClusterArn: EKS, namespaces: ["jobs", "more"] },
    lab: {
      inCluster: true,
      namespaces: ["lab"],
      endpoint: "http://longshore.lab.svc:8080/",
      pendingPods: 7,
      keepFailedPodsMinutes: 120,
    },
  };
  writeFileSync(join(directory, "config.json"), JSON.stringify({ kubernetes: { clusters } }));
  const { keepFailedPodsMinutes: _, ...lab } = clusters.lab;
  assert.deepEqual(readConfiguration(directory).clusters, [
    { ...clusters.prod, name: "prod", pendingPods: 100, keepFailedMs: 0, kubeconfig: join(directory, "prod.yaml") },
    { ...lab, name: "lab", endpoint: "http://longshore.lab.svc:8080", keepFailedMs: 7_200_000 },
  ]);
});

test("the example in the documentation is one", (t) => {
  const directory = directoryOf(t);
  const page = readFileSync(join(import.meta.dirname, "../../docs/configuration.md"), "utf8");
  const [, example = ""] = /```json\n(.*?)```/s.exec(page) ?? [];
  writeFileSync(join(directory, "config.json"), example);
  const { secrets, fileSystems, roles } = readConfiguration(directory);
  assert.deepEqual([secrets.length, fileSystems.size, roles.length], [3, 2, 2]);
});

test("what is wrong is named, and what would be right is said", (t) => {
  const directory = directoryOf(t);
  const file = join(directory, "config.json");
  const wrong: readonly (readonly [string, string])[] = [
    ["{", "It is no JSON"],
    ["[]", "The file must be an object."],
    [
      '{"secret": []}',
      "secret is no member that is known here: secrets, fileSystems, kubernetes, roles, nodeSubnets, targets, prices, limits, metrics, console",
    ],
    ['{"limits": {"requests": 0}}', "limits.requests must be a whole number from 1 to 100000"],
    ['{"limits": {"request": 1}}', "limits.request is no member that is known here: heldMiB"],
    ['{"secrets": {}}', "secrets must be a list."],
    ['{"secrets": [{"file": "a"}]}', "secrets[0].match is missing."],
    ['{"secrets": [{"match": "a"}]}', "secrets[0] must have exactly one of file, directory, variable, command."],
    ['{"secrets": [{"match": "a", "file": "b", "variable": "C"}]}', "secrets[0] must have exactly one of"],
    ['{"secrets": [{"match": "a", "command": "pass"}]}', "secrets[0].command must be a list."],
    ['{"secrets": [{"match": "a", "command": []}]}', "secrets[0].command must have at least one text."],
    ['{"secrets": [{"match": "a", "value": "b"}]}', "secrets[0] must have exactly one of"],
    ['{"secrets": [{"match": "a", "file": "b", "key": "c"}]}', "secrets[0].key is no member that is known here"],
    ['{"fileSystems": {"efs-1": "/srv"}}', "fileSystems.efs-1 must be called as an EFS file system (fs-01234567)"],
    ['{"fileSystems": {"fs-01234567": ""}}', "fileSystems.fs-01234567 must be a text that is not empty."],
    ['{"prices": {"perVcpuHour": "1"}}', "prices.perVcpuHour must be a number from 0 to 1000000."],
    ['{"prices": {"spotPercent": -1}}', "prices.spotPercent must be a number from 0 to 1000."],
    ['{"prices": {"instanceTypes": {"m5.large": null}}}', "prices.instanceTypes.m5.large must be a number"],
    ['{"prices": {"environments": {"lab": {}}}}', "prices.environments.lab must have either percent, or some of per"],
    ['{"prices": {"environments": {"lab": {"percent": 1, "perGibHour": 1}}}}', "prices.environments.lab must have"],
    ['{"prices": {"perVcpuSecond": 1}}', "prices.perVcpuSecond is no member that is known here: perVcpuHour"],
    ['{"nodeSubnets": "10.0.0.0"}', "nodeSubnets must be IPv4 addresses such as 10.213.0.0/16"],
    [
      '{"nodeSubnets": "10.0.0.0/27"}',
      "nodeSubnets must be IPv4 addresses such as 10.213.0.0/16, and no fewer than a /26",
    ],
    ['{"kubernetes": {}}', "kubernetes.clusters is missing."],
    ['{"kubernetes": {"clusters": {}}}', "kubernetes.clusters must have 1 to 20 clusters by their names."],
    ['{"kubernetes": {"clusters": {"A b": {}}}}', "kubernetes.clusters.A b must be a name of at most 63"],
    ['{"kubernetes": {"clusters": {"a": {}}}}', "kubernetes.clusters.a.namespaces is missing."],
    ['{"kubernetes": {"clusters": {"a": {"namespaces": []}}}}', "kubernetes.clusters.a.namespaces must have at least"],
    ['{"kubernetes": {"clusters": {"a": {"namespaces": ["A"]}}}}', "kubernetes.clusters.a.namespaces must be names of"],
    [
      '{"kubernetes": {"clusters": {"a": {"namespaces": ["a"], "endpoint": "ftp://a"}}}}',
      "kubernetes.clusters.a.endpoint must be a URL of http or https without credentials.",
    ],
    [
      '{"kubernetes": {"clusters": {"a": {"namespaces": ["a"], "inCluster": true, "context": "b"}}}}',
      "kubernetes.clusters.a.inCluster cannot be true beside kubeconfig or context.",
    ],
    [
      '{"kubernetes": {"clusters": {"a": {"namespaces": ["a"], "eksClusterArn": "prod"}}}}',
      "kubernetes.clusters.a.eksClusterArn must be the ARN of an EKS cluster.",
    ],
    [
      '{"kubernetes": {"clusters": {"a": {"namespaces": ["a"], "pendingPods": 0}}}}',
      "kubernetes.clusters.a.pendingPods must be a whole number from 1 to 100000.",
    ],
    ['{"roles": [{"match": "a", "profile": 1}]}', "roles[0].profile must be a text that is not empty."],
  ];
  for (const [text, problem] of wrong) {
    writeFileSync(file, text);
    assert.throws(() => readConfiguration(directory), isRefusal(`${file}: ${problem}`));
  }
});

function isRefusal(beginning: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StartError);
    assert.equal(error.code, "BAD_CONFIGURATION");
    assert.ok(error.message.startsWith(beginning), error.message);
    return true;
  };
}
