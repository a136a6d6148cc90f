import type { InstanceChange } from "../changes.ts";
import type { Instance } from "../instances/instance.ts";
import type { ToldInstance } from "../instances/instances.ts";
import { scalingText } from "../scaling/scaling-reason.ts";
import type { ScalingAction, ScalingEvent } from "./event.ts";

/** What is told of a change of an instance; undefined: nothing. */
export function scalingEvent({ change, instance, vcpuMilli }: ToldInstance): ScalingEvent | undefined {
  const said = sayingOf(change, instance);
  if (said === undefined) return undefined;
  const [action, reason] = said;
  return {
    kind: "scaling",
    resource: instance.environmentArn,
    facts: {
      ...{ action, instanceId: instance.id, instanceType: instance.type.name, reason },
      desiredvCpus: Math.ceil(vcpuMilli / 1000),
    },
  };
}

function sayingOf(change: InstanceChange, instance: Instance): [ScalingAction, string] | undefined {
  const because = "because" in change && change.because !== undefined ? scalingText(change.because) : "";
  switch (change.kind) {
    case "instance-launched":
      return ["launch", because];
    case "instance-running":
      return instance.status === "launching" ? ["running", "It runs, and takes jobs."] : undefined;
    case "instance-terminating":
      if (change.isLost !== true) return instance.status === "terminating" ? undefined : ["terminate", because];
      return instance.isLost === true ? undefined : ["lost", because === "" ? lossOf(instance) : because];
    case "instance-gone":
      if (change.launchFailure !== undefined) return ["launch-failed", change.launchFailure];
      if (instance.isLost === true) return undefined;
      return instance.status === "terminating"
        ? ["terminated", "It is gone, as it was told to be."]
        : ["lost", lossOf(instance)];
    case "instance-silent":
    case "instance-idle":
      return undefined;
  }
}

function lossOf({ isSpot, host }: Instance): string {
  if (host !== undefined) return "The host does not answer.";
  return isSpot === true ? "The Spot instance was interrupted." : "The instance is gone, and nobody had told it to be.";
}
