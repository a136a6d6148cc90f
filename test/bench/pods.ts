import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { Client } from "../../src/drivers/kubernetes/api/client.ts";
import { createPod, deletePod, podPath } from "../../src/drivers/kubernetes/pod-requests.ts";
import { systemClock } from "../support/clock.ts";
import { MEMORY_MIB, submission } from "./batch-calls.ts";
import type { BatchCalls } from "./batch-calls.ts";
import type { Bench } from "./bench.ts";
import { startChild } from "./child.ts";
import type { Figure, Measure } from "./figure.ts";
import { freePort, liveHeapMiB } from "./heap.ts";
import { processorMs } from "./processor-time.ts";
import { withServer } from "./server.ts";

const DOUBLE = new URL("double-cluster.ts", import.meta.url);
const DEFINITION = "scripted";
const RUN_MS = 50;
/** How many pods there are at a time, of the server and of the bare loop. */
const AT_A_TIME = 256;
const POLL_MS = 50;

interface ClusterAnswer {
  readonly kubeconfig: string;
  readonly requests: Readonly<Record<string, number>>;
  readonly pods: number;
}

/** Figure 16: children of an array as short pods, end to end, on a cluster that plays them. */
export const pods: Figure = {
  number: 16,
  title: "short pods on a cluster, end to end",
  measure: (bench) =>
    bench.withDirectory(async (directory) => {
      const cluster = await startChild(DOUBLE, [String(RUN_MS)]);
      try {
        return await measureOn(bench, directory, () => answerOf(cluster.url));
      } finally {
        await cluster.stop();
      }
    }),
};

async function answerOf(url: string): Promise<ClusterAnswer> {
  return (await (await fetch(url)).json()) as ClusterAnswer;
}

async function measureOn(bench: Bench, directory: string, ask: () => Promise<ClusterAnswer>): Promise<Measure[]> {
  const { kubeconfig } = await ask();
  writeFileSync(join(directory, "kubeconfig"), kubeconfig);
  const config = join(directory, "config.json");
  const clusters = { played: { kubeconfig: "kubeconfig", namespaces: ["default"], pendingPods: AT_A_TIME } };
  writeFileSync(config, JSON.stringify({ kubernetes: { clusters } }));
  const inspector = await freePort();
  const { warmUpPods, pods: count } = bench.sizes;
  return withServer(
    bench,
    join(directory, "data"),
    async ({ calls, pid }) => {
      await calls.register(DEFINITION, "scripted");
      await calls.allow(AT_A_TIME);
      bench.progress(`the first ${warmUpPods}`);
      await podsPerSecond(calls, warmUpPods);
      const few = await liveHeapMiB(inspector);
      bench.progress("the bare loop");
      const limit = await barePodsPerSecond(kubeconfig, warmUpPods);
      const before = total(await ask());
      const processorBefore = processorMs(pid);
      bench.progress(`${count} pods`);
      const rate = await podsPerSecond(calls, count);
      const ofOnePodMs = (processorMs(pid) - processorBefore) / count;
      const after = await ask();
      const many = await liveHeapMiB(inspector);
      return [
        {
          ...{ what: "jobs succeeded", unit: "1/s", value: rate, ratio: rate / limit, target: { atLeast: 0.3 } },
          limit: { what: "bare create and delete of pods", value: limit },
        },
        // 300 a second on one processor.
        { what: "processor time of the server for one", unit: "ms", value: ofOnePodMs, target: { atMost: 3.3 } },
        {
          what: "requests to the API server a pod",
          unit: "",
          value: (total(after) - before) / count,
          target: { atMost: 6 },
        },
        {
          ...{ what: "live heap", unit: "MiB", value: many, ratio: many / few, target: { atMost: 1.2 } },
          limit: { what: `after the first ${warmUpPods}`, value: few },
        },
      ] satisfies Measure[];
    },
    {
      driver: "kubernetes",
      vcpus: AT_A_TIME,
      memoryMiB: 2 * AT_A_TIME * MEMORY_MIB,
      more: ["--config", config],
      nodeOptions: [`--inspect=127.0.0.1:${inspector}`],
    },
  );
}

/** As the API server counts them. */
function total({ requests }: ClusterAnswer): number {
  return Object.values(requests).reduce((sum, one) => sum + one, 0);
}

async function podsPerSecond(calls: BatchCalls, size: number): Promise<number> {
  const startedAt = performance.now();
  const body = submission(["true"], { arrayProperties: { size }, jobDefinition: DEFINITION });
  await calls.until(await calls.submit(body), ({ status }) => status === "SUCCEEDED", POLL_MS);
  return size / ((performance.now() - startedAt) / 1000);
}

/** The driver's own client makes pods and deletes them, so many at a time; they are held by a gate, and do not run. */
async function barePodsPerSecond(kubeconfig: string, count: number): Promise<number> {
  const access = new KubeConfig();
  access.loadFromString(kubeconfig);
  const closing = new AbortController();
  const client = new Client({ clock: systemClock, access, closing: closing.signal, onAnswer: () => {} });
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      const name = `bare-${next}`;
      const spec = {
        schedulingGates: [{ name: "longshore.dev/bench" }],
        containers: [{ name: "default", image: "scripted", args: ["true"] }],
      };
      await client.call(createPod({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "default" }, spec }));
      await client.call(deletePod(podPath("default", name), 0, undefined));
    }
  };
  try {
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
    return count / ((performance.now() - startedAt) / 1000);
  } finally {
    client.close();
  }
}
