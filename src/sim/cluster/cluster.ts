import { InputError } from "../input-error.ts";
import { JsonObject } from "./json-object.ts";

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
}

export interface ClusterQueue {
  readonly name: string;
  readonly priority: number;
  /** Names, in the order in which they are tried. */
  readonly environments: readonly string[];
}

/** Reads a cluster file (docs/simulate.md). Throws InputError, which names the member. */
export function readCluster(text: string): Cluster {
  const file = JsonObject.parse(text);
  const environments = file.objects("computeEnvironments").map(toEnvironment);
  const queues = file.objects("jobQueues").map((queue) => toQueue(queue, environments));
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
  environment.end();
  return { name, type, maxVcpus, bootSeconds };
}

function toQueue(queue: JsonObject, environments: readonly ClusterEnvironment[]): ClusterQueue {
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
  queue.end();
  return { name, priority, environments: order.toSorted((a, b) => a.at - b.at).map(({ environment }) => environment) };
}

function refuseDoubles(member: string, named: readonly { readonly name: string }[]): void {
  const names = named.map(({ name }) => name);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw new InputError(`${member} has "${double}" twice.`);
}
