import type { JobDetail } from "@aws-sdk/client-batch";
import { attemptsOf } from "../attempts.ts";
import { nameOfArn } from "../names.ts";

/** What AWS Batch sets in a container beside its own environment, as far as a job's description tells it. */
export function batchVariables(job: JobDetail): { readonly name: string; readonly value: string }[] {
  const { jobId = "", jobQueue = "", arrayProperties, nodeDetails, nodeProperties } = job;
  const attempt = Math.max(1, attemptsOf(job).length);
  const environment = environmentOf(job);
  const index = arrayProperties?.index;
  return [
    { name: "AWS_BATCH_JOB_ID", value: jobId },
    { name: "AWS_BATCH_JQ_NAME", value: nameOfArn(jobQueue) },
    ...(environment === undefined ? [] : [{ name: "AWS_BATCH_CE_NAME", value: environment }]),
    { name: "AWS_BATCH_JOB_ATTEMPT", value: String(attempt) },
    ...(index === undefined ? [] : [{ name: "AWS_BATCH_JOB_ARRAY_INDEX", value: String(index) }]),
    ...(nodeDetails?.nodeIndex === undefined
      ? []
      : [{ name: "AWS_BATCH_JOB_NODE_INDEX", value: String(nodeDetails.nodeIndex) }]),
    ...(nodeProperties?.mainNode === undefined
      ? []
      : [
          { name: "AWS_BATCH_JOB_MAIN_NODE_INDEX", value: String(nodeProperties.mainNode) },
          { name: "AWS_BATCH_JOB_NUM_NODES", value: String(nodeProperties.numNodes) },
        ]),
  ];
}

/** The cluster of a task has the name of its compute environment in front. */
function environmentOf(job: JobDetail): string | undefined {
  return /:task\/(.+)_Batch_[0-9a-f-]{36}\//.exec(attemptsOf(job).at(-1)?.taskArn ?? "")?.[1];
}
