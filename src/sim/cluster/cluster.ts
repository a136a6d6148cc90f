import { BACKFILL_TAG, MAX_RUNNING_JOBS_TAG } from "../../core/submission/own-tags.ts";
import { FARGATE_PRICES } from "../../catalog/fargate-prices.ts";
import type { Launching } from "../../core/instances/instance.ts";
import type { Capacity } from "../../core/resources.ts";
import { InputError } from "../../input/input-error.ts";
import { JsonObject } from "../../input/json-object.ts";
import { readLaunching } from "./launching.ts";
import type { Sharing } from "./sharing.ts";
import { readSharing } from "./sharing.ts";

/** What is simulated beside the jobs. */
export interface Cluster {
  readonly environments: readonly ClusterEnvironment[];
  readonly queues: readonly ClusterQueue[];
  /** What pools have together, beside the bound of each; without it they have only those. */
  readonly machine?: Capacity;
}

export interface ClusterEnvironment {
  readonly name: string;
  readonly type: EnvironmentType;
  readonly maxVcpus: number;
  /** From the launch of an instance until it runs; of a pool, from when a job is placed until it runs. */
  readonly bootSeconds: number;
  /** Absent of a pool, of whose vCPUs jobs of any size take what they need. */
  readonly launching?: Launching;
  /** Of a pool: US dollars for what jobs hold; without it nobody knows. */
  readonly prices?: Prices;
  /** Of instances: what they cost of their price on demand; without it nobody knows. */
  readonly pricePercent?: number;
}

type EnvironmentType = (typeof TYPES)[number];

const TYPES = ["EC2", "SPOT", "FARGATE", "FARGATE_SPOT"] as const;

/** Of instances, where the file does not say it. */
const BOOT_SECONDS = 60;

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
  const environments = file.distinct("computeEnvironments", toEnvironment, ({ name }) => name);
  const policies = new Map(
    file.optional("schedulingPolicies", (member) => file.distinct(member, toPolicy, ([name]) => name)),
  );
  const queues = file.distinct(
    "jobQueues",
    (queue) => toQueue(queue, environments, policies),
    ({ name }) => name,
  );
  file.end();
  if (queues.length === 0) throw new InputError("jobQueues must have a queue at least.");
  return { environments, queues };
}

function toEnvironment(environment: JsonObject): ClusterEnvironment {
  const name = environment.string("computeEnvironmentName");
  environment.optional("type", (member) => environment.choice(member, ["MANAGED"]));
  const resources = environment.object("computeResources");
  const type = resources.choice("type", TYPES);
  const maxVcpus = resources.number("maxvCpus", { least: 1 });
  const ofType =
    type === "EC2" || type === "SPOT"
      ? ofInstances(environment, readLaunching(type, maxVcpus, resources))
      : ofPool(type, environment);
  resources.end();
  environment.end();
  return { name, type, maxVcpus, ...ofType };
}

function ofInstances(environment: JsonObject, launching: Launching) {
  const range = { least: 0, most: 100, isWhole: false };
  const percent = environment.optional("pricePercent", (member) => environment.number(member, range));
  const pricePercent = percent ?? (launching.isSpot ? undefined : 100);
  return {
    ...{ launching, bootSeconds: bootSeconds(environment) ?? BOOT_SECONDS },
    ...(pricePercent !== undefined && { pricePercent }),
  };
}

function ofPool(type: "FARGATE" | "FARGATE_SPOT", environment: JsonObject) {
  const own = environment.optional("prices", (member) => toPrices(environment.object(member)));
  const prices = own ?? (type === "FARGATE" ? FARGATE_PRICES.X86_64 : undefined);
  return { bootSeconds: bootSeconds(environment) ?? 0, ...(prices !== undefined && { prices }) };
}

function bootSeconds(environment: JsonObject): number | undefined {
  return environment.optional("bootSeconds", (member) => environment.number(member, { isWhole: false }));
}

function toPrices(prices: JsonObject): Prices {
  const perVcpuHour = prices.number("perVcpuHour", { isWhole: false });
  const perGibHour = prices.optional("perGibHour", (member) => prices.number(member, { isWhole: false })) ?? 0;
  prices.end();
  return { perVcpuHour, perGibHour };
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
  const toEntry = (entry: JsonObject): { environment: string; at: number } => {
    const environment = entry.string("computeEnvironment");
    const at = entry.number("order");
    if (!environments.some((one) => one.name === environment))
      entry.fail("computeEnvironment", `is "${environment}", which is none of the computeEnvironments.`);
    entry.end();
    return { environment, at };
  };
  const order = queue.distinct("computeEnvironmentOrder", toEntry, ({ environment }) => environment);
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
  const maxRunningJobs = tags[MAX_RUNNING_JOBS_TAG];
  if (backfills !== undefined && backfills !== "true" && backfills !== "false")
    queue.fail("tags", `has ${BACKFILL_TAG} "${backfills}", which is true or false.`);
  if (maxRunningJobs !== undefined && !/^[1-9]\d{0,5}$/.test(maxRunningJobs))
    queue.fail("tags", `has ${MAX_RUNNING_JOBS_TAG} "${maxRunningJobs}", which is a whole number from 1 to 999999.`);
  return tags;
}
