import type { Cluster, ClusterQueue } from "./cluster.ts";
import { queueTags } from "./cluster.ts";
import { JsonObject } from "../../input/json-object.ts";
import type { Sharing } from "./sharing.ts";
import { readSharing } from "./sharing.ts";

/** What is different in one of several simulations. */
export interface Policy {
  readonly name?: string;
  /** Of all queues; null: first in, first out. */
  readonly sharing?: Sharing | null;
  readonly queues: readonly QueueChange[];
}

type QueueChange = Pick<ClusterQueue, "name" | "tags"> & Partial<Pick<ClusterQueue, "priority">>;

/** Reads a policy file (docs/simulate.md): a scheduling policy in the words of CreateSchedulingPolicy, settings of queues, or both. Throws InputError. */
export function readPolicy(text: string, cluster: Cluster): Policy {
  const file = JsonObject.parse(text);
  const name = file.optional("name", (member) => file.string(member));
  const sharing = file.optional("fairsharePolicy", (member) =>
    file.isNull(member) ? null : readSharing(file.object(member)),
  );
  const toOne = (queue: JsonObject): QueueChange => toChange(queue, cluster);
  const queues = file.optional("jobQueues", (member) => file.distinct(member, toOne, (queue) => queue.name)) ?? [];
  file.end();
  return { queues, ...(name !== undefined && { name }), ...(sharing !== undefined && { sharing }) };
}

/** The cluster with these settings. */
export function withPolicy(cluster: Cluster, { sharing: shared, queues: changes }: Policy): Cluster {
  const queues = cluster.queues.map(({ sharing: own, ...queue }): ClusterQueue => {
    const change = changes.find(({ name }) => name === queue.name);
    const sharing = shared === undefined ? own : (shared ?? undefined);
    const tags = { ...queue.tags, ...change?.tags };
    return { ...queue, ...change, tags, ...(sharing !== undefined && { sharing }) };
  });
  return { ...cluster, queues };
}

function toChange(queue: JsonObject, cluster: Cluster): QueueChange {
  const name = queue.string("jobQueueName");
  if (!cluster.queues.some((one) => one.name === name))
    queue.fail("jobQueueName", `is "${name}", which is none of the cluster's jobQueues.`);
  const priority = queue.optional("priority", (member) => queue.number(member, { most: 1_000 }));
  const tags = queueTags(queue);
  queue.end();
  return { name, tags, ...(priority !== undefined && { priority }) };
}
