import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { createKubernetesDriver } from "../../../src/drivers/kubernetes/driver.ts";
import type { KubernetesDriverOptions } from "../../../src/drivers/kubernetes/driver.ts";
import type { Driver } from "../../../src/ports/driver.ts";
import { NO_SECRETS } from "../../../src/ports/secrets.ts";
import { openSession } from "../../conformance/driver/events.ts";
import type { Session } from "../../conformance/driver/events.ts";
import { systemClock } from "../../support/clock.ts";
import { createLogFiles } from "../../support/log-files.ts";
import { KubernetesDouble } from "../../support/kubernetes/double.ts";
import type { KubernetesDoubleOptions } from "../../support/kubernetes/double.ts";

/** A cluster of the double, and drivers on it. */
export interface KubernetesBench {
  readonly cluster: KubernetesDouble;
  readonly notices: string[];
  createDriver(more?: Partial<KubernetesDriverOptions>): Driver;
  /** One that has shown its inventory. Closed with the bench. */
  open(more?: Partial<KubernetesDriverOptions>): Promise<Session>;
  readLog(attemptId: string): string[];
}

export async function withKubernetes(
  use: (bench: KubernetesBench) => Promise<void>,
  options: KubernetesDoubleOptions = {},
): Promise<void> {
  const cluster = await KubernetesDouble.start(options);
  const directory = mkdtempSync(path.join(tmpdir(), "longshore-kubernetes-"));
  const logs = createLogFiles(path.join(directory, "logs"));
  const sessions: Session[] = [];
  const notices: string[] = [];
  const access = new KubeConfig();
  access.loadFromString(cluster.kubeconfig());
  const createDriver = (more: Partial<KubernetesDriverOptions> = {}) =>
    createKubernetesDriver({
      ...{ name: "kubernetes@double", access, namespaces: ["default"], clusterId: "test", clock: systemClock, logs },
      ...{ secrets: NO_SECRETS, directory: path.join(directory, "notes") },
      onNotice: (message) => void notices.push(message),
      ...more,
    });
  try {
    await use({
      ...{ cluster, notices, createDriver },
      async open(more) {
        const session = await openSession(createDriver(more));
        sessions.push(session);
        await session.inventory();
        return session;
      },
      readLog: (attemptId) => logs.read(attemptId).toString("utf8").split("\n").slice(0, -1),
    });
  } finally {
    for (const session of sessions) await session.close();
    await cluster.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
}
