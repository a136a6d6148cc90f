import { BACKFILL_TAG } from "../../core/submission/own-tags.ts";
import { FARGATE_PRICES } from "../../catalog/fargate-prices.ts";
import { InputError } from "../input-error.ts";
import { JsonObject } from "./json-object.ts";
import type { Sharing } from "./sharing.ts";
import { readSharing } from "./sharing.ts";

/** What is simulated beside the jobs. */
export interface Cluster {
  readonly environments: readonly ClusterEnvironment[];
  readonly queues: readonly ClusterQueue[];
}

/** A compute environment: a pool of vCPUs of which jobs of any size take what they need. */
export interface ClusterEnvironment {
  readonly name: string;
  readonly type: "FARGATE" | "FARGATE_SPOT";
  readonly maxVcpus: number;
  /** From the moment at which a job is placed until it runs. */
  readonly bootSeconds: number;
  /** US dollars for what jobs hold; without it nobody knows. */
  readonly prices?: Prices;
}

export interface Prices {
  readonly perVcpuHour: number;
  readonly perGibHour: number;
}

export interface ClusterQueue {
  readonly name: string;
  readonly priority: number;
  /** Names, in the order in which they are tried. */
  readonly environments: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Without it: first in, first out. */
  readonly sharing?: Sharing;
}

/** Reads a cluster file (docs/simulate.md). Throws InputError, which names the member. */
export function readCluster(text: string): Cluster {
  const file = JsonObject.parse(text);
  const environments = file.objects("computeEnvironments").map(toEnvironment);
  const policies = new Map((file.optional("schedulingPolicies", (name) => file.objects(name)) ?? []).map(toPolicy));
  const queues = file.objects("jobQueues").map((queue) => toQueue(queue, environments, policies));
  file.end();
  if (queues.length === 0) throw new InputError("jobQueues must have a queue at least.");
  refuseDoubles("computeEnvironments", environments);
  refuseDoubles("jobQueues", queues);
  return { environments, queues };
}

function toEnvironment(environment: JsonObject): ClusterEnvironment {
  const name = environment.string("computeEnvironmentName");
  environment.optional("type", (type) => environment.choice(type, ["MANAGED"]));
  const resources = environment.object("computeResources");
  const type = resources.choice("type", ["FARGATE", "FARGATE_SPOT"]);
  const maxVcpus = resources.number("maxvCpus", { least: 1 });
  resources.end();
  const bootSeconds = environment.optional("bootSeconds", (boot) => environment.number(boot, { isWhole: false })) ?? 0;
  const prices =
    environment.optional("prices", (member) => toPrices(environment.object(member))) ?? publishedPrices(type);
  environment.end();
  return { name, type, maxVcpus, bootSeconds, ...(prices !== undefined && { prices }) };
}

function toPrices(prices: JsonObject): Prices {
  const perVcpuHour = prices.number("perVcpuHour", { isWhole: false });
  const perGibHour = prices.optional("perGibHour", (member) => prices.number(member, { isWhole: false })) ?? 0;
  prices.end();
  return { perVcpuHour, perGibHour };
}

function publishedPrices(type: ClusterEnvironment["type"]): Prices | undefined {
  return type === "FARGATE" ? FARGATE_PRICES.X86_64 : undefined;
}

function toPolicy(policy: JsonObject): [name: string, sharing: Sharing] {
  const name = policy.string("name");
  const sharing = readSharing(policy.object("fairsharePolicy"));
  policy.end();
  return [name, sharing];
}

function toQueue(
  queue: JsonObject,
  environments: readonly ClusterEnvironment[],
  policies: ReadonlyMap<string, Sharing>,
): ClusterQueue {
  const name = queue.string("jobQueueName");
  const priority = queue.number("priority", { most: 1_000 });
  const order = queue.objects("computeEnvironmentOrder").map((entry) => {
    const environment = entry.string("computeEnvironment");
    const at = entry.number("order");
    if (!environments.some((one) => one.name === environment))
      entry.fail("computeEnvironment", `is "${environment}", which is none of the computeEnvironments.`);
    entry.end();
    return { environment, at };
  });
  if (order.length === 0) queue.fail("computeEnvironmentOrder", "must have a compute environment at least.");
  const tags = queueTags(queue);
  const policy = queue.optional("schedulingPolicy", (member) => queue.string(member));
  const sharing = policy === undefined ? undefined : policies.get(policy);
  if (policy !== undefined && sharing === undefined)
    queue.fail("schedulingPolicy", `is "${policy}", which is none of the schedulingPolicies.`);
  queue.end();
  return {
    ...{ name, priority, tags },
    environments: order.toSorted((a, b) => a.at - b.at).map(({ environment }) => environment),
    ...(sharing !== undefined && { sharing }),
  };
}

/** Tags that say how a queue is served (docs/beyond-aws.md); others are for whoever reads the file. */
export function queueTags(queue: JsonObject): ClusterQueue["tags"] {
  const tags = queue.optional("tags", (member) => queue.texts(member)) ?? {};
  const backfills = tags[BACKFILL_TAG];
  if (backfills !== undefined && backfills !== "true" && backfills !== "false")
    queue.fail("tags", `has ${BACKFILL_TAG} "${backfills}", which is true or false.`);
  return tags;
}

function refuseDoubles(member: string, named: readonly { readonly name: string }[]): void {
  const names = named.map(({ name }) => name);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw new InputError(`${member} has "${double}" twice.`);
}
