import { Worker } from "node:worker_threads";
import type { Clock } from "../ports/clock.ts";
import type { WhatIfFindings, WhatIfProgress, WhatIfSimulator } from "../ports/what-if.ts";
import { WhatIfFailed } from "../ports/what-if.ts";

/** Below what an answer may take to be sent. */
const MOST_MS = 50_000;
const MOST_HEAP_MB = 768;

type Message = { readonly findings: WhatIfFindings } | { readonly progress: WhatIfProgress };

/** A thread for each simulation: the server goes on as though there were none. */
export function simulatesInThreads(clock: Clock): WhatIfSimulator {
  return {
    simulate(task, { signal, onProgress }) {
      signal.throwIfAborted();
      const worker = new Worker(new URL("worker.ts", import.meta.url), {
        workerData: task,
        resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MB },
      });
      const { promise, resolve, reject } = Promise.withResolvers<WhatIfFindings>();
      const abort = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", abort);
      const cancel = clock.after(MOST_MS, () =>
        reject(new WhatIfFailed(`It takes more than ${MOST_MS / 1000} seconds. Take fewer hours.`)),
      );
      worker.on("message", (message: Message) => {
        if ("findings" in message) resolve(message.findings);
        else onProgress(message.progress);
      });
      worker.on("error", (error: Error & { code?: string }) => reject(failureOf(error)));
      worker.on("exit", () => reject(new WhatIfFailed("It ended before it was done.")));
      return promise.finally(() => {
        cancel();
        signal.removeEventListener("abort", abort);
        void worker.terminate();
      });
    },
  };
}

function failureOf(error: Error & { code?: string }): WhatIfFailed {
  const isTooLarge = error.code === "ERR_WORKER_OUT_OF_MEMORY";
  const text = isTooLarge ? "It takes more memory than it may. Take fewer hours." : "The simulation failed.";
  return new WhatIfFailed(text, { cause: error });
}
