import type { Registry } from "prom-client";
import { Gauge } from "prom-client";
import { SERVICE_JOB_STATUSES } from "../../core/job.ts";
import type { EnvironmentFacts, PresentFacts } from "../../ports/present.ts";
import type { ResourceNames } from "./resource-labels.ts";

const OF_ENVIRONMENTS = [
  ["longshore_environment_jobs", "Jobs that are STARTING or RUNNING.", ({ jobs }) => jobs],
  ["longshore_environment_vcpus_in_use", "vCPUs that these jobs asked for.", ({ vcpuMilli }) => vcpuMilli / 1000],
  ["longshore_environment_memory_in_use_bytes", "Memory that they asked for.", ({ memoryMiB }) => memoryMiB * 2 ** 20],
  ["longshore_environment_max_vcpus", "maxvCpus.", ({ maxVcpuMilli }) => thousandth(maxVcpuMilli)],
  [
    "longshore_environment_desired_vcpus",
    "desiredvCpus, where instances are launched.",
    ({ desiredVcpuMilli }) => thousandth(desiredVcpuMilli),
  ],
  ["longshore_environment_instances", "Instances, those that are launching too.", ({ instances }) => instances],
] as const satisfies readonly [string, string, (facts: EnvironmentFacts) => number | undefined][];

function thousandth(milli: number | undefined): number | undefined {
  return milli === undefined ? undefined : milli / 1000;
}

/** Gauges of the present, set when they are read: `set` before each reading. A server that does not lead has none. */
export class StateMetrics {
  readonly #names: { readonly queues: ResourceNames; readonly environments: ResourceNames };
  readonly #jobs;
  readonly #environments;

  constructor(registry: Registry, names: { readonly queues: ResourceNames; readonly environments: ResourceNames }) {
    this.#names = names;
    const registers = [registry];
    this.#jobs = new Gauge({
      name: "longshore_jobs",
      help: "Jobs that are not over, by status; children of arrays one by one.",
      ...{ labelNames: ["account", "region", "queue", "status"], registers },
    });
    const labelNames = ["account", "region", "environment"] as const;
    this.#environments = OF_ENVIRONMENTS.map(([name, help, valueOf]) => ({
      gauge: new Gauge({ name, help, labelNames, registers }),
      valueOf,
    }));
  }

  set(facts: PresentFacts | undefined): void {
    this.#jobs.reset();
    for (const { gauge } of this.#environments) gauge.reset();
    if (facts === undefined) return;
    for (const [arn, counts] of facts.queues) {
      const { account, region, name } = this.#names.queues.of(arn);
      for (const status of SERVICE_JOB_STATUSES)
        if (!OVER.has(status)) this.#jobs.inc({ account, region, queue: name, status }, counts.get(status) ?? 0);
    }
    for (const [arn, one] of facts.environments) {
      const { account, region, name } = this.#names.environments.of(arn);
      for (const { gauge, valueOf } of this.#environments) {
        const value = valueOf(one);
        if (value !== undefined) gauge.inc({ account, region, environment: name }, value);
      }
    }
  }
}

const OVER: ReadonlySet<string> = new Set(["SUCCEEDED", "FAILED"]);
