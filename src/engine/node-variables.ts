import { nodeId } from "../core/ids.ts";
import type { Job } from "../core/job.ts";
import { activeAttempt } from "../core/job.ts";

/** The variables that a container of a multi-node parallel job gets beside those of every job (reference 3.3, 4.5). None for other jobs. */
export function nodeVariables(job: Job, unit: number): Record<string, string> {
  const { units, nodes } = job.scheduling;
  const node = units![unit]!.node;
  if (nodes === undefined || node === undefined) return {};
  const address = node === nodes.main ? undefined : mainNodeAddress(job);
  return {
    AWS_BATCH_JOB_ID: nodeId(job.id, node),
    AWS_BATCH_JOB_NODE_INDEX: String(node),
    AWS_BATCH_JOB_NUM_NODES: String(nodes.count),
    AWS_BATCH_JOB_MAIN_NODE_INDEX: String(nodes.main),
    ...(address !== undefined && { AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS: address }),
  };
}

function mainNodeAddress({ state, scheduling: { units, nodes } }: Job): string | undefined {
  const states = activeAttempt(state)!.units!;
  return states.find(({ address }, index) => address !== undefined && units![index]!.node === nodes!.main)?.address;
}
