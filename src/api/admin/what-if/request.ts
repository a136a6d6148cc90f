import { InputError } from "../../../input/input-error.ts";
import { JsonObject } from "../../../input/json-object.ts";
import type { WhatIfChanges, WhatIfRequest } from "../../../ports/what-if.ts";
import { clientException } from "../../wire/errors.ts";

const MOST_HOURS = 168;
const MOST_CHANGES = 1_000;

/** @throws ClientException that names the member and what would be right. */
export function readWhatIf(body: Buffer | undefined): WhatIfRequest {
  try {
    const request = JsonObject.parse(body?.toString("utf8") ?? "");
    const hours =
      request.optional("hours", (name) => request.number(name, { least: 1, most: MOST_HOURS, isWhole: false })) ?? 24;
    const changes = request.optional("changes", (name) => readChanges(request.object(name))) ?? {};
    request.end();
    return { hours, changes };
  } catch (error) {
    if (error instanceof InputError) throw clientException(error.message.replace(/^The file/, "The request"));
    throw error;
  }
}

function readChanges(changes: JsonObject): WhatIfChanges {
  const list = <T>(name: string, read: (one: JsonObject) => T, nameOf: (one: T) => string): T[] | undefined =>
    changes.optional(name, (member) => {
      const all = changes.distinct(member, read, nameOf);
      if (all.length > MOST_CHANGES) changes.fail(member, `has more than ${MOST_CHANGES} entries.`);
      return all;
    });
  const queues = list("queues", readQueue, ({ jobQueueName }) => jobQueueName);
  const environments = list("environments", readEnvironment, (one) => one.computeEnvironmentName);
  const policies = list("policies", readPolicy, ({ name }) => name);
  const jobs = list("jobs", readJob, ({ jobId }) => jobId);
  changes.end();
  return {
    ...(queues !== undefined && { queues }),
    ...(environments !== undefined && { environments }),
    ...(policies !== undefined && { policies }),
    ...(jobs !== undefined && { jobs }),
  };
}

function readQueue(queue: JsonObject) {
  const jobQueueName = queue.string("jobQueueName");
  const priority = queue.optional("priority", (name) => queue.number(name, { most: 1_000 }));
  const computeEnvironments = queue.optional("computeEnvironments", (name) => queue.strings(name));
  if (computeEnvironments?.length === 0) queue.fail("computeEnvironments", "must have one at least.");
  queue.end();
  return {
    jobQueueName,
    ...(priority !== undefined && { priority }),
    ...(computeEnvironments !== undefined && { computeEnvironments }),
  };
}

function readEnvironment(environment: JsonObject) {
  const computeEnvironmentName = environment.string("computeEnvironmentName");
  const maxvCpus = environment.number("maxvCpus", { least: 1, most: 1e6 });
  environment.end();
  return { computeEnvironmentName, maxvCpus };
}

function readPolicy(policy: JsonObject) {
  const name = policy.string("name");
  const toShare = (share: JsonObject) => {
    const shareIdentifier = share.string("shareIdentifier");
    const weightFactor = share.number("weightFactor", { least: 0.0001, most: 999.9999, isWhole: false });
    share.end();
    return { shareIdentifier, weightFactor };
  };
  const shareDistribution = policy.distinct("shareDistribution", toShare, (share) => share.shareIdentifier);
  policy.end();
  return { name, shareDistribution };
}

function readJob(job: JsonObject) {
  const jobId = job.string("jobId");
  const schedulingPriority = job.number("schedulingPriority", { most: 9_999 });
  job.end();
  return { jobId, schedulingPriority };
}
