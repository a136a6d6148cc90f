import { accountOf } from "../account.ts";
import type { Queue } from "../resources.ts";
import type { World } from "../world.ts";

/**
 * The order in which queues are served: of the account first that holds least of the machine (the largest of its parts of the vCPUs, the memory and the GPUs
 * counts), within an account by priority (reference 7.1). Accounts of AWS share nothing; here they share a machine, and what gets free of it must not go
 * for ever to who has named the highest priority, or has most jobs.
 */
export function queuesInTurn(world: World): Queue[] {
  const queues = [...world.queues.values()];
  const parts = new Map(queues.map(({ arn }) => [accountOf(arn), 0]));
  if (parts.size <= 1) return queues.sort(byPriority);
  for (const account of parts.keys()) parts.set(account, partHeldBy(world, account));
  return queues.sort((a, b) => {
    const [one, other] = [accountOf(a.arn), accountOf(b.arn)];
    if (one === other) return byPriority(a, b);
    return parts.get(one)! - parts.get(other)! || (one < other ? -1 : 1);
  });
}

/** Of what of the machine it holds most, from 0 to 1. */
function partHeldBy(world: World, account: string): number {
  const { vcpuMilli, memoryMiB, gpus } = world.heldBy(account);
  const { capacity } = world;
  const ofGpus = capacity.gpus === undefined || capacity.gpus === 0 ? 0 : gpus / capacity.gpus;
  return Math.max(vcpuMilli / capacity.vcpuMilli, memoryMiB / capacity.memoryMiB, ofGpus);
}

/** Higher first (reference 7.1); ties by name, so that the order never depends on the Map's. */
function byPriority(a: Queue, b: Queue): number {
  return b.priority - a.priority || (a.arn < b.arn ? -1 : 1);
}
