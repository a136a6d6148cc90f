import { createReadStream, readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import { createInterface } from "node:readline";
import type { Cluster } from "../sim/cluster/cluster.ts";
import { readCluster } from "../sim/cluster/cluster.ts";
import { readPolicy, withPolicy } from "../sim/cluster/policy.ts";
import { InputError } from "../input/input-error.ts";
import { readCsv } from "../sim/workload/csv.ts";
import { historyWorkload } from "../sim/workload/history.ts";
import { readSwf } from "../sim/workload/swf.ts";
import { syntheticWorkload } from "../sim/workload/synthetic.ts";
import type { Workload } from "../sim/workload/workload.ts";
import { spedUp } from "../sim/workload/workload.ts";
import type { ConnectionOptions } from "./connection.ts";
import { connect, endpointOf } from "./connection.ts";
import { EXIT, Failure, toFailure } from "./failure.ts";
import { jobHistory } from "./job-history.ts";

export interface SimulationInput {
  readonly workload: Workload;
  /** Each is simulated by itself. */
  readonly runs: readonly { readonly name: string; readonly cluster: Cluster }[];
}

export interface InputOptions extends ConnectionOptions {
  readonly workload: string;
  readonly cluster: string;
  readonly policy: readonly string[];
  readonly speedup: number;
  readonly seed: number;
  /** Epoch ms. */
  readonly since: number;
}

/** Reads all files. What is wrong with one is a Failure that names it. */
export async function readInput(options: InputOptions): Promise<SimulationInput> {
  const cluster = await about(options.cluster, () => readCluster(readFileSync(options.cluster, "utf8")));
  const runs = [];
  for (const file of options.policy) {
    const policy = await about(file, () => readPolicy(readFileSync(file, "utf8"), cluster));
    runs.push({ name: policy.name ?? basename(file, ".json"), cluster: withPolicy(cluster, policy) });
  }
  const workload = await about(options.workload, () => readWorkload(options, cluster));
  // One policy is compared with the cluster as it is.
  const asItIs = { name: basename(options.cluster, ".json"), cluster };
  return { workload: spedUp(workload, options.speedup), runs: runs.length > 1 ? runs : [asItIs, ...runs] };
}

function readWorkload(options: InputOptions, { environments }: Cluster): Promise<Workload> | Workload {
  const { workload, seed } = options;
  if (workload === "history") return readHistory(options);
  const synthetic = /^synthetic:(\d{1,8})$/.exec(workload);
  if (synthetic !== null) {
    const vcpus = environments.reduce((sum, { maxVcpus }) => sum + maxVcpus, 0);
    return syntheticWorkload({ jobs: Number(synthetic[1]), seed, vcpus });
  }
  switch (extname(workload)) {
    case ".swf":
      return readSwf(createInterface({ input: createReadStream(workload), crlfDelay: Infinity }));
    case ".csv":
      return readCsv(createReadStream(workload));
    default:
      throw new InputError("a workload is a file.swf, a file.csv, history, or synthetic:JOBS.");
  }
}

/** What the server that answers has run. */
async function readHistory(options: InputOptions): Promise<Workload> {
  const endpoint = endpointOf(options);
  const connection = await connect(endpoint);
  try {
    return historyWorkload(await jobHistory(connection, options.since));
  } catch (error) {
    throw toFailure(error, endpoint.url) ?? error;
  } finally {
    connection.close();
  }
}

/** What is wrong with a file is a Failure that names it. */
export async function about<T>(file: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const isTheirs = error instanceof InputError || (error instanceof Error && "syscall" in error);
    if (!isTheirs) throw error;
    throw new Failure(`${file}: ${error.message}`, EXIT.usage);
  }
}
