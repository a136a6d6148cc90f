import type { ContainerProperties } from "@aws-sdk/client-batch";
import type { Scheduling } from "../core/job.ts";
import { NO_IMAGE } from "../core/driver-name.ts";
import type { JobProperties } from "../core/submission/job-properties.ts";
import { schedulingOf } from "../core/submission/submit.ts";
import type { Launch } from "../ports/store.ts";
import type { ClusterQueue } from "./cluster/cluster.ts";
import { SCOPE } from "./cluster/cluster-facts.ts";
import type { JobKind } from "./workload/workload.ts";

/** What the engine gets of jobs of one kind: made as SubmitJob makes it. */
export interface JobForm {
  readonly scheduling: Scheduling;
  readonly launch: Launch;
}

/** The forms of all kinds of a workload. A trace may have as many kinds as jobs: what they run is made once for all that need the same. */
export class JobForms {
  readonly #queueOf: (kind: JobKind) => ClusterQueue;
  readonly #forms = new Map<JobKind, JobForm>();
  readonly #launches = new Map<string, Launch>();

  constructor(queueOf: (kind: JobKind) => ClusterQueue) {
    this.#queueOf = queueOf;
  }

  of(kind: JobKind): JobForm {
    let form = this.#forms.get(kind);
    if (form === undefined) this.#forms.set(kind, (form = this.#formOf(kind)));
    return form;
  }

  #formOf(kind: JobKind): JobForm {
    const launch = this.#launchOf(kind);
    const { arraySize, timeoutSeconds, expectedSeconds, priority = 0 } = kind;
    const ofJob = schedulingOf({
      ...{ properties: launch.spec, definitionName: "simulated", retryStrategy: undefined, dependsOn: [] },
      ...{ consumables: [], timeoutSeconds, expectedSeconds, arraySize },
    });
    const hasShares = this.#queueOf(kind).sharing !== undefined;
    return { launch, scheduling: hasShares ? { ...ofJob, share: shareOf(kind), priority } : ofJob };
  }

  #launchOf(kind: JobKind): Launch {
    const { vcpus, memoryMiB, gpus, nodes, arraySize } = kind;
    const key = [vcpus, memoryMiB, gpus, nodes, arraySize].join();
    let launch = this.#launches.get(key);
    if (launch === undefined) {
      launch = {
        scope: SCOPE,
        spec: { ...SPEC, ...propertiesOf(kind) },
        ...(arraySize !== undefined && { arraySize }),
      };
      this.#launches.set(key, launch);
    }
    return launch;
  }
}

const SPEC = {
  parameters: {},
  dependsOn: [],
  retryStrategy: {},
  tags: {},
  propagateTags: false,
  platformCapabilities: [],
};

/** In a queue with a scheduling policy each job has a share; those without one of their own have this one together. */
function shareOf({ share = "none" }: JobKind): string {
  return share;
}

function propertiesOf({ vcpus, memoryMiB, gpus, nodes }: JobKind): JobProperties {
  const container: ContainerProperties = {
    image: NO_IMAGE,
    // Nobody reads the output of what does not run.
    logConfiguration: { logDriver: "json-file" },
    resourceRequirements: [
      { type: "VCPU", value: String(vcpus) },
      { type: "MEMORY", value: String(memoryMiB) },
      ...(gpus > 0 ? [{ type: "GPU" as const, value: String(gpus) }] : []),
    ],
  };
  if (nodes === undefined) return { container };
  return {
    nodeProperties: { numNodes: nodes, mainNode: 0, nodeRangeProperties: [{ targetNodes: "0:", container }] },
  };
}
