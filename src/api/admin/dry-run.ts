import type { Preview } from "../../core/explain/preview.ts";
import type { Scheduling } from "../../core/job.ts";
import type { DryRun, PredictedStart } from "../../ports/dry-run.ts";
import type { Backend } from "../batch/backend.ts";
import { BATCH_DEMANDS } from "../batch/demands.ts";
import { checkedSubmission } from "../batch/jobs/submit-job.ts";
import { authorized } from "../access/authorized.ts";
import { serverException } from "../wire/errors.ts";
import type { BatchInput, Call } from "../wire/operations.ts";
import type { RestRequest } from "../wire/rest-json.ts";
import { decoderOf } from "../wire/rest-json.ts";
import { costOf } from "./cost/cost.ts";

/** Answers a SubmitJob request as SubmitJob would, error for error, with what would become of the job; nothing is written. */
export function createDryRun(backend: Backend): (request: RestRequest, call: Call) => Promise<DryRun> {
  const decode = decoderOf("SubmitJob");
  const { SubmitJob } = authorized(
    "batch",
    { SubmitJob: BATCH_DEMANDS.SubmitJob },
    { SubmitJob: (input: BatchInput<"SubmitJob">, call: Call) => dryRun(backend, input, call) },
  );
  return async (request, call) => SubmitJob(decode(request), call);
}

async function dryRun(backend: Backend, input: BatchInput<"SubmitJob">, call: Call): Promise<DryRun> {
  const { job, queue } = await checkedSubmission(backend, input, call);
  const { scheduling } = job;
  const preview = await backend.scheduler.preview(job);
  if (preview === undefined) throw serverException("The scheduler is just starting. Try again in a second.");
  return {
    ...{ jobName: job.name, jobQueue: queue.arn, jobDefinition: job.definitionArn },
    resources: resourcesOf(scheduling),
    ...(scheduling.arraySize !== undefined && { arraySize: scheduling.arraySize }),
    ...preview,
    predictedStart: predictedStart(preview, backend.clock.now()),
    cost: await costOf(
      { environments: backend.store.environments, prices: backend.prices },
      queue,
      job,
      preview.environmentArn,
    ),
  };
}

function resourcesOf({ requirements: { vcpuMilli, memoryMiB, gpus } }: Scheduling): DryRun["resources"] {
  return { vcpus: vcpuMilli / 1000, memoryMiB, gpus };
}

function predictedStart({ outcome, estimate }: Preview, now: number): PredictedStart {
  if (outcome === "fails") return { unknown: "It would never start." };
  if (outcome === "waits" && (estimate === undefined || "unknown" in estimate)) {
    return { unknown: estimate?.unknown ?? "It waits." };
  }
  const at = estimate !== undefined && "at" in estimate ? estimate.at : now;
  return { at: new Date(at).toISOString(), inSeconds: Math.ceil((at - now) / 1000) };
}
