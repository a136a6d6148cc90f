import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { dockerUnavailable } from "../support/docker.ts";
import { ensureTestImage } from "../support/docker-image.ts";
import { BatchCalls, submission } from "./batch-calls.ts";
import type { Figure } from "./figure.ts";
import { compared, inTurns } from "./figure.ts";
import { VCPUS, withServer } from "./server.ts";

const DEFINITION = "container";
const POLL_MS = 25;
const run = promisify(execFile);

/** Figure 11: the same as figure 2 with containers, beside the engine's own client. */
export const containerJobs: Figure = {
  number: 11,
  title: "no-op jobs in containers, end to end",
  unavailable: async () => (await dockerUnavailable()) ?? (await clientUnavailable()),
  async measure(bench) {
    const image = await ensureTestImage();
    const count = bench.sizes.containerJobs;
    return bench.withDirectory((directory) =>
      withServer(
        bench,
        join(directory, "data"),
        async ({ calls, url }) => {
          await calls.register(DEFINITION, image);
          await jobsPerSecond(url, 3 * VCPUS);
          const rounds = await inTurns(
            Math.min(bench.sizes.rounds, 3),
            { limit: () => containersPerSecond(image, count), value: () => jobsPerSecond(url, count) },
            (round) => bench.progress(`round ${round}`),
          );
          const beside = `xargs -P ${VCPUS} docker run --rm`;
          return [compared("jobs succeeded", "1/s", rounds, beside, { atLeast: 1.5 })];
        },
        { driver: "docker" },
      ),
    );
  },
};

async function clientUnavailable(): Promise<string | undefined> {
  try {
    await run("docker", ["version"]);
    return undefined;
  } catch {
    return "there is no docker command that reaches the container engine";
  }
}

/** Over a connection of its own: between two of them the server may close one that is idle. */
async function jobsPerSecond(url: string, size: number): Promise<number> {
  const calls = await BatchCalls.open(url);
  try {
    const startedAt = performance.now();
    const body = submission(["true"], { arrayProperties: { size }, jobDefinition: DEFINITION });
    await calls.until(await calls.submit(body), ({ status }) => status === "SUCCEEDED", POLL_MS);
    return size / ((performance.now() - startedAt) / 1000);
  } finally {
    calls.close();
  }
}

async function containersPerSecond(image: string, count: number): Promise<number> {
  const startedAt = performance.now();
  await run("sh", ["-c", `seq ${count} | xargs -P ${VCPUS} -I{} docker run --rm ${image} true`]);
  return count / ((performance.now() - startedAt) / 1000);
}
