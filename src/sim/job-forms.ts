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

/** In a queue with a scheduling policy each job has a share; those without one of their own have this one together. */
function shareOf({ share = "none" }: JobKind): string {
  return share;
}

export function jobForm(kind: JobKind, queue: ClusterQueue): JobForm {
  const properties = propertiesOf(kind);
  const { arraySize, timeoutSeconds, expectedSeconds, priority = 0 } = kind;
  const ofJob = schedulingOf({
    ...{ properties, definitionName: "simulated", retryStrategy: undefined, dependsOn: [], consumables: [] },
    ...{ timeoutSeconds, expectedSeconds, arraySize },
  });
  const scheduling = queue.sharing === undefined ? ofJob : { ...ofJob, share: shareOf(kind), priority };
  const spec = {
    parameters: {},
    dependsOn: [],
    retryStrategy: {},
    tags: {},
    propagateTags: false,
    platformCapabilities: [],
  };
  const launch = { scope: SCOPE, spec: { ...spec, ...properties }, ...(arraySize !== undefined && { arraySize }) };
  return { scheduling, launch };
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
