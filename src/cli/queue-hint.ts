import type { Connection } from "./connection.ts";
import { EXIT, Failure } from "./failure.ts";

const UNKNOWN_QUEUE = /queue.*(not found|does not exist|not exist)/i;

/** Makes a call that names a job queue; if there is no such queue, the failure says which there are. */
export async function withQueueHint<T>(connection: Connection, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Error) || !UNKNOWN_QUEUE.test(error.message)) throw error;
    const answer = await connection.batch((batch) => batch.describeJobQueues({}));
    const names = (answer.jobQueues ?? []).map((queue) => queue.jobQueueName);
    const hint =
      names.length === 0
        ? "There is no job queue yet: `longshore queues create NAME --environment NAME`."
        : `There is: ${names.join(", ")}.`;
    throw new Failure(error.message, EXIT.server, hint);
  }
}
