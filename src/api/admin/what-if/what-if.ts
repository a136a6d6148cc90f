import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { Launching } from "../../../core/instances/instance.ts";
import type { EnvironmentSettings } from "../../../ports/store.ts";
import type { WhatIfLine, WhatIfReport, WhatIfRequest, WhatIfSimulator } from "../../../ports/what-if.ts";
import { WhatIfFailed } from "../../../ports/what-if.ts";
import type { Backend } from "../../batch/backend.ts";
import { toJobId } from "../../batch/names.ts";
import { tooManyRequestsException } from "../../wire/errors.ts";
import type { Call } from "../../wire/operations.ts";
import type { PresentCluster } from "./cluster.ts";
import { changedCluster, presentCluster } from "./cluster.ts";
import { pastJobs } from "./past-jobs.ts";
import { readWhatIf } from "./request.ts";

export interface WhatIfBackend {
  readonly simulator: WhatIfSimulator;
  /** What an environment launches on this machine; undefined for those that are shares of it. */
  launchingOf(settings: EnvironmentSettings): Launching | undefined;
}

const HOUR_MS = 3_600_000;
const DEMANDS = [
  ...["ListJobs", "DescribeJobQueues", "DescribeComputeEnvironments", "DescribeSchedulingPolicies"],
] as const;
/** Two would share one processor, and each would be late. */
const MOST_AT_A_TIME = 2;

/**
 * What would have become of the last hours' jobs, had something been otherwise: an answer in lines, whose last one is the report. One at a time for each
 * account.
 */
export function createWhatIf(backend: Backend & WhatIfBackend) {
  const busy = new Set<string>();
  return async (call: Call, body: Buffer | undefined, reply: FastifyReply): Promise<Readable> => {
    for (const action of DEMANDS) {
      const denied = call.denial(`batch:${action}`, "*");
      if (denied !== undefined) throw denied;
    }
    const request = readWhatIf(body);
    const present = await presentCluster(backend, call);
    const after = changedCluster(present, request.changes);
    if (busy.has(call.account)) {
      throw tooManyRequestsException(
        "Too Many Requests: a simulation of this account is running. Wait until it is done.",
      );
    }
    if (busy.size >= MOST_AT_A_TIME) {
      throw tooManyRequestsException("Too Many Requests: others simulate at the moment. Try again in a minute.");
    }
    busy.add(call.account);
    const left = new AbortController();
    const lines = new Lines();
    reply.raw.once("close", () => left.abort());
    void reported(backend, { request, present, after }, left.signal, lines)
      .then((report) => lines.push({ report }))
      .catch((error: unknown) => {
        const text = error instanceof WhatIfFailed ? error.message : "The simulation failed.";
        if (!left.signal.aborted) lines.push({ failure: text });
      })
      .finally(() => {
        busy.delete(call.account);
        lines.end();
      });
    reply.type("application/x-ndjson");
    return lines.readable;
  };
}

interface Asked {
  readonly request: WhatIfRequest;
  readonly present: PresentCluster;
  readonly after: PresentCluster["cluster"];
}

async function reported(
  backend: Backend & WhatIfBackend,
  { request, present, after }: Asked,
  signal: AbortSignal,
  lines: Lines,
): Promise<WhatIfReport> {
  const now = backend.clock.now();
  const priorities = new Map(
    (request.changes.jobs ?? []).map(({ jobId, schedulingPriority }) => [toJobId(jobId), schedulingPriority]),
  );
  const { jobs, from, notes } = await pastJobs(backend.store.jobs, {
    ...{ queues: present.queues, from: now - request.hours * HOUR_MS, now, signal, changedPriorities: priorities },
    onProgress: (done) => lines.progress({ step: "reading", done, of: 0 }),
  });
  const found = await backend.simulator.simulate(
    { lengthMs: now - from, jobs, before: present.cluster, after },
    { signal, onProgress: (progress) => lines.progress(progress) },
  );
  return { from, to: now, notes: [...present.notes, ...notes], ...found };
}

/** One for so many steps of the work. */
const EACH = 500;

class Lines {
  readonly readable = new Readable({ read() {} });
  #told = 0;

  push(line: WhatIfLine): void {
    if (!this.readable.destroyed) this.readable.push(`${JSON.stringify(line)}\n`);
  }

  progress(progress: Extract<WhatIfLine, { progress: unknown }>["progress"]): void {
    this.#told += 1;
    if (progress.step !== "reading" || this.#told % EACH === 1) this.push({ progress });
  }

  end(): void {
    if (!this.readable.destroyed) this.readable.push(null);
  }
}
