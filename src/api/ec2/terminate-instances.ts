import type { MachineBackend } from "../ecs/backend.ts";
import type { QueryHandler } from "../wire/aws-query.ts";
import { ApiError } from "../wire/errors.ts";
import type { Call } from "../wire/operations.ts";
import { instanceState } from "./ec2-instance.ts";
import type { FoundInstance } from "./instance-lookup.ts";
import { allInstances, chosenInstances, readInstanceIds } from "./instance-lookup.ts";
import { EC2_TEXTS } from "./texts.ts";

/** As a user does who takes an instance away by hand: what runs on it ends with it, and the environment launches another one if it wants one. */
export function terminateInstances(backend: MachineBackend): QueryHandler {
  return async (parameters, call) => {
    const ids = readInstanceIds(parameters);
    if (ids.length === 0) throw new ApiError("MissingParameter", 400, EC2_TEXTS.missing("InstanceId"));
    const ended = await terminate(backend, call, ids, parameters.get("DryRun") === "true");
    return {
      instancesSet: ended.map(({ instance }) => ({
        instanceId: instance.id,
        currentState: instanceState(instance.state === "terminated" ? "terminated" : "shutting-down"),
        previousState: instanceState(instance.state),
      })),
    };
  };
}

/**
 * @returns the instances as they were.
 * @throws InvalidInstanceID.NotFound and UnsupportedOperation, and nothing is done; DryRunOperation when nothing is to be done.
 */
export async function terminate(
  backend: MachineBackend,
  call: Call,
  ids: readonly string[],
  isDryRun = false,
): Promise<readonly FoundInstance[]> {
  const found = chosenInstances(await allInstances(backend, call, "terminated too"), ids);
  const share = found.find(({ instance }) => instance.isShare === true);
  if (share !== undefined) {
    const message = EC2_TEXTS.shareOfMachine(share.instance.id, share.environment.name);
    throw new ApiError("UnsupportedOperation", 400, message);
  }
  const host = found.find(({ instance }) => instance.hostName !== undefined && instance.state !== "terminated");
  if (host !== undefined) {
    const { id, hostName, isOfCluster } = host.instance;
    const text = isOfCluster === true ? EC2_TEXTS.machineOfCluster : EC2_TEXTS.registeredHost;
    const message = text(id, hostName!, host.environment.name);
    throw new ApiError("UnsupportedOperation", 400, message);
  }
  if (isDryRun) throw new ApiError("DryRunOperation", 412, EC2_TEXTS.dryRun);
  for (const id of ids) await backend.scheduler.terminateInstance(id);
  return found;
}
