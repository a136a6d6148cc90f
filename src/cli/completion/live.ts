import type { JobSearchAnswer } from "../../ports/job-search.ts";
import { adminCall } from "../admin-call.ts";
import { connect, type Connection, endpointOf, type ConnectionOptions } from "../connection.ts";
import type { Candidate, LiveKind } from "./candidates.ts";

/** Whoever presses a key waits for no server longer. */
const PATIENCE_MS = 1_500;
const JOBS_MAX = 50;
/** Nothing that a shell would take apart, or obey. */
const PLAIN = /^[\w.:#/@-]+$/;

/** Names that the server knows now; none when it does not answer in time. */
export async function liveCandidates(
  options: ConnectionOptions,
  kind: LiveKind,
  current: string,
): Promise<Candidate[]> {
  let connection: Connection | undefined;
  const asked = (async () => {
    connection = await connect(endpointOf(options), 1);
    return ask(connection, kind);
  })();
  const tooLong = new Promise<Candidate[]>((resolve) => setTimeout(resolve, PATIENCE_MS, []).unref());
  try {
    const found = await Promise.race([asked, tooLong]);
    return found.filter(({ value }) => PLAIN.test(value) && value.startsWith(current));
  } catch {
    return [];
  } finally {
    connection?.close();
  }
}

async function ask(connection: Connection, kind: LiveKind): Promise<Candidate[]> {
  switch (kind) {
    case "queue": {
      const { jobQueues = [] } = await connection.batch((batch) => batch.describeJobQueues({}));
      return jobQueues.map(({ jobQueueName = "", state = "" }) => ({ value: jobQueueName, about: state }));
    }
    case "environment": {
      const { computeEnvironments = [] } = await connection.batch((batch) => batch.describeComputeEnvironments({}));
      return computeEnvironments.map((one) => ({ value: one.computeEnvironmentName ?? "", about: one.state ?? "" }));
    }
    case "definition": {
      const { jobDefinitions = [] } = await connection.batch((batch) =>
        batch.describeJobDefinitions({ status: "ACTIVE" }),
      );
      const names = new Set(jobDefinitions.map(({ jobDefinitionName = "" }) => jobDefinitionName));
      return [...names].map((value) => ({ value, about: "" }));
    }
    case "job": {
      const { jobs } = await adminCall<JobSearchAnswer>(connection, "POST", "/longshore/job-search", {
        limit: JOBS_MAX,
      });
      return jobs.map(({ jobId, jobName, status }) => ({ value: jobId, about: `${jobName} ${status}` }));
    }
  }
}
