import type { Cluster } from "../../src/sim/cluster/cluster.ts";
import { readCluster } from "../../src/sim/cluster/cluster.ts";
import type { Report } from "../../src/sim/report/report.ts";
import { reportOf } from "../../src/sim/report/report.ts";
import { simulate } from "../../src/sim/simulation.ts";
import type { JobKind, Workload, WorkloadJob } from "../../src/sim/workload/workload.ts";
import { workloadOf } from "../../src/sim/workload/workload.ts";

/** A cluster of one queue over one pool. */
export function pool(maxvCpus: number, bootSeconds = 0): Cluster {
  return readCluster(
    JSON.stringify({
      computeEnvironments: [
        { computeEnvironmentName: "pool", computeResources: { type: "FARGATE", maxvCpus }, bootSeconds },
      ],
      jobQueues: [
        { jobQueueName: "main", priority: 1, computeEnvironmentOrder: [{ order: 1, computeEnvironment: "pool" }] },
      ],
    }),
  );
}

export interface ExampleJob extends Partial<JobKind> {
  readonly at: number;
  readonly runs: number;
  readonly exitCode?: number;
}

/** Times in seconds. */
export function jobs(...examples: ExampleJob[]): Workload {
  return workloadOf(
    examples.map(({ at, runs, exitCode = 0, ...kind }, index): WorkloadJob => ({
      ...{ submitMs: at * 1000, runMs: runs * 1000, exitCode, name: `job-${index + 1}` },
      kind: { vcpus: 1, memoryMiB: 0, gpus: 0, ...kind },
    })),
    [],
  );
}

export async function reportFor(workload: Workload, cluster: Cluster): Promise<Report> {
  return reportOf("example", await simulate({ workload, cluster }), cluster);
}
