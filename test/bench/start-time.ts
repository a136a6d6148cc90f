import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { compared } from "./figure.ts";
import { startServerProcess } from "./server.ts";

/** Figure 6: from the spawn of the server to the line that says it is ready. */
export const startTime: Figure = {
  number: 6,
  title: "start of the server",
  measure: (bench) =>
    bench.withDirectory(async (directory) => {
      const limits: number[] = [];
      const cold: number[] = [];
      const warm: number[] = [];
      for (let count = 1; count <= bench.sizes.starts; count += 1) {
        bench.progress(`start ${count} of ${bench.sizes.starts}`);
        const home = join(directory, String(count));
        limits.push(await emptyNodeMs());
        cold.push(await startMs(bench, home));
        warm.push(await startMs(bench, home));
      }
      return [
        compared("cold: nothing compiled, no data", "ms", { values: cold, limits }, "node -e 0"),
        compared("warm", "ms", { values: warm, limits }, "node -e 0"),
      ];
    }),
};

/** With Node's compile cache in `home`, as the launcher has one beside the packages. */
async function startMs(bench: Bench, home: string): Promise<number> {
  const environment = { NODE_COMPILE_CACHE: join(home, "compiled") };
  const server = await startServerProcess(bench, join(home, "data"), environment);
  await server.stop();
  return server.readyMs;
}

async function emptyNodeMs(): Promise<number> {
  const startedAt = performance.now();
  await promisify(execFile)(process.execPath, ["-e", "0"]);
  return performance.now() - startedAt;
}
