import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type {
  V1ConfigMap,
  V1Container,
  V1NetworkPolicy,
  V1PersistentVolumeClaim,
  V1PodDisruptionBudget,
  V1Service,
  V1ServiceAccount,
} from "@kubernetes/client-node";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { readConfiguration } from "../../src/compose/config/configuration.ts";
import { upCommand } from "../../src/cli/commands/up.ts";
import { KubernetesDouble } from "../support/kubernetes/double.ts";
import type { Manifest } from "./manifests.ts";
import { asTyped, deploymentIn, kustomize, kustomizeUnavailable, manifestsOf, parseYaml } from "./manifests.ts";

/** deploy/kubernetes, as far as that can be said without a cluster. */

const skip = kustomizeUnavailable() ?? false;
const FOLDERS = ["base", "overlays/example", "overlays/single-node"];
/** No kind of the cluster's own. */
const OF_OTHERS = new Set(["PodMonitor"]);

interface Kinds {
  readonly ConfigMap: V1ConfigMap;
  readonly NetworkPolicy: V1NetworkPolicy;
  readonly PersistentVolumeClaim: V1PersistentVolumeClaim;
  readonly PodDisruptionBudget: V1PodDisruptionBudget;
  readonly Service: V1Service;
  readonly ServiceAccount: V1ServiceAccount;
}

/** The only one of that kind whose name begins so. */
function find<Kind extends keyof Kinds>(manifests: readonly Manifest[], kind: Kind, name: string): Kinds[Kind] {
  const found = manifests.filter((one) => one.kind === kind && one.metadata.name.startsWith(name));
  assert.equal(found.length, 1, `${kind} ${name}`);
  return found[0] as unknown as Kinds[Kind];
}

for (const folder of FOLDERS) {
  test(`${folder}: has what Kubernetes' own types have, and nothing else`, { skip }, () => {
    const kinds: string[] = [];
    for (const text of kustomize(folder)) {
      const written = parseYaml(text) as Manifest;
      kinds.push(written.kind);
      if (!OF_OTHERS.has(written.kind)) assert.deepEqual(asTyped(text), written);
    }
    assert.ok(kinds.length >= 15, kinds.join(" "));
  });

  test(`${folder}: everything that one names is there`, { skip }, () => {
    const manifests = manifestsOf(folder);
    const namespaces = manifests.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name);
    assert.deepEqual(namespaces.toSorted(), ["batch-jobs", "longshore"]);
    const inNone = new Set(["Namespace", "ClusterRole", "ClusterRoleBinding"]);
    for (const { kind, metadata } of manifests) {
      if (inNone.has(kind)) assert.equal(metadata.namespace, undefined, metadata.name);
      else assert.ok(namespaces.includes(metadata.namespace!), `${kind} ${metadata.name}`);
    }
    const { spec, metadata } = deploymentIn(manifests);
    const pod = spec!.template.spec!;
    find(manifests, "ServiceAccount", pod.serviceAccountName!);
    find(
      manifests,
      "PersistentVolumeClaim",
      pod.volumes!.find(({ name }) => name === "data")!.persistentVolumeClaim!.claimName,
    );
    const configuration = pod.volumes!.find(({ name }) => name === "configuration")!.projected!;
    const configMap = find(manifests, "ConfigMap", "longshore-configuration");
    assert.equal(configuration.sources![0]!.configMap!.name, configMap.metadata!.name);
    const labels = spec!.template.metadata!.labels!;
    for (const selector of [
      spec!.selector.matchLabels,
      find(manifests, "Service", "longshore").spec!.selector,
      find(manifests, "PodDisruptionBudget", "longshore").spec!.selector!.matchLabels,
      find(manifests, "NetworkPolicy", "longshore").spec!.podSelector!.matchLabels,
      pod.topologySpreadConstraints![0]!.labelSelector!.matchLabels,
    ]) {
      assert.deepEqual(selector, labels);
    }
    assert.equal(metadata!.namespace, "longshore");
  });
}

test("every server's container is watched, limited, and may do nothing on its node", { skip }, () => {
  for (const folder of FOLDERS) {
    const { spec } = deploymentIn(manifestsOf(folder));
    const pod = spec!.template.spec!;
    assert.ok(spec!.replicas! >= 2);
    assert.deepEqual(pod.securityContext, {
      ...{ runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532, fsGroup: 65_532 },
      ...{ fsGroupChangePolicy: "OnRootMismatch", seccompProfile: { type: "RuntimeDefault" } },
    });
    for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) check(container);
    const graceSeconds = pod.terminationGracePeriodSeconds!;
    const [, waitSeconds] = pod.containers[0]!.lifecycle!.preStop!.exec!.command!;
    assert.ok(Number(waitSeconds) + 10 <= graceSeconds);
  }
});

function check({
  livenessProbe,
  readinessProbe,
  startupProbe,
  resources,
  securityContext,
  image,
  ports,
}: V1Container): void {
  assert.deepEqual(
    [livenessProbe, readinessProbe, startupProbe].map((probe) => probe?.httpGet?.path),
    ["/healthz", "/readyz", "/healthz"],
  );
  assert.ok(resources?.limits?.["memory"] && resources.requests?.["memory"] && resources.requests["cpu"]);
  assert.deepEqual(securityContext, {
    ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  });
  assert.doesNotMatch(image!, /:latest$/);
  assert.deepEqual(ports, [{ name: "http", containerPort: 4590 }]);
}

test("the servers take these options, and this configuration", { skip }, (t) => {
  const manifests = manifestsOf("base");
  const container = deploymentIn(manifests).spec!.template.spec!.containers[0]!;
  const [command, ...args] = container.args!;
  assert.equal(command, "up");
  const up = upCommand().exitOverride();
  const { unknown } = up.parseOptions(args);
  assert.deepEqual(unknown, []);
  const { allowedHost, driver, host } = up.opts<{ allowedHost: string[]; driver: string; host: string }>();
  assert.deepEqual([driver, host], ["kubernetes", "0.0.0.0"]);

  const directory = mkdtempSync(join(tmpdir(), "longshore-configuration-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const text = find(manifests, "ConfigMap", "longshore-configuration").data!["config.json"]!;
  writeFileSync(join(directory, "config.json"), text.replace('"metrics/token"', '"token"'));
  writeFileSync(join(directory, "token"), "0123456789abcdef");
  const { clusters } = readConfiguration(directory, undefined);
  const [cluster] = clusters;
  assert.equal(clusters.length, 1);
  assert.deepEqual(cluster!.namespaces, ["batch-jobs"]);
  // Jobs are let in under the name that they are told.
  const { hostname, port } = new URL(cluster!.endpoint!);
  assert.ok(allowedHost.includes(hostname));
  const service = find(manifests, "Service", "longshore");
  assert.equal(hostname, `${service.metadata!.name}.${service.metadata!.namespace}.svc`);
  assert.equal(Number(port), service.spec!.ports![0]!.port);
});

test("an API server takes the servers' pod", { skip }, async (t) => {
  const cluster = await KubernetesDouble.start({ namespaces: ["longshore"] });
  t.after(() => cluster.dispose());
  const access = new KubeConfig();
  access.loadFromString(cluster.kubeconfig());
  const { template } = deploymentIn(manifestsOf("overlays/example")).spec!;
  const body = { metadata: { name: "longshore-0", ...template.metadata }, spec: template.spec! };
  const core = access.makeApiClient(CoreV1Api);
  const made = await core.createNamespacedPod({ namespace: "longshore", body });
  assert.equal(made.status?.phase, "Pending");
  const [container] = template.spec!.containers;
  const broken = {
    ...template.spec!,
    containers: [{ ...container!, volumeMounts: [{ name: "none", mountPath: "/x" }] }],
  };
  await assert.rejects(core.createNamespacedPod({ namespace: "longshore", body: { ...body, spec: broken } }), {
    code: 422,
  });
});
