import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ContainerProperties } from "@aws-sdk/client-batch";
import { createKubernetesDriver } from "../../src/drivers/kubernetes/driver.ts";
import type { KubernetesDriverOptions } from "../../src/drivers/kubernetes/driver.ts";
import type { Driver } from "../../src/ports/driver.ts";
import { NO_SECRETS } from "../../src/ports/secrets.ts";
import { systemClock } from "./clock.ts";
import { removePods } from "./kubernetes-cluster.ts";
import type { TestCluster } from "./kubernetes-cluster.ts";
import { createLogFiles } from "./log-files.ts";

/** Drivers of one Longshore cluster in a Kubernetes cluster. It leaves no pods behind. */
export interface KubernetesHarness {
  createDriver(options?: Partial<KubernetesDriverOptions>): Driver;
  readLog(attemptId: string): Promise<string>;
  command(argv: readonly string[]): ContainerProperties;
  dispose(): Promise<void>;
}

/** The Kubernetes cluster is not disposed of with it. */
export function makeKubernetesHarness({ access, namespace, image }: TestCluster): KubernetesHarness {
  const clusterId = `test-${randomBytes(8).toString("hex")}`;
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-kubernetes-"));
  const logs = createLogFiles(path.join(directory, "logs"));
  return {
    createDriver: (options = {}) =>
      createKubernetesDriver({
        name: "kubernetes@test",
        clock: systemClock,
        secrets: NO_SECRETS,
        namespaces: [namespace],
        defaultImage: image,
        directory: path.join(directory, "notes"),
        ...{ access, clusterId, logs },
        ...options,
      }),
    readLog: async (attemptId) => logs.read(attemptId).toString("utf8"),
    command: (argv) => ({ image, command: [...argv] }),
    async dispose() {
      await removePods(access, namespace, `longshore.dev/cluster=${clusterId}`);
      rmSync(directory, { recursive: true });
    },
  };
}
