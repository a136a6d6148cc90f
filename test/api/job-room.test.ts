import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { BatchClient } from "@aws-sdk/client-batch";
import { DescribeJobsCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import { JobRoom } from "../../src/api/batch/jobs/job-room.ts";
import { VirtualClock } from "../../src/sim/virtual-clock.ts";
import { clientWithKey } from "../support/clients.ts";
import { submit } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { apiServer } from "./server.ts";

const MAX_JOBS = 12;
const { url } = await apiServer({ after }, { configuration: { limits: { jobs: MAX_JOBS } } });

/** Of an account, which an open server takes from the key. */
const clientOf = (account: string): BatchClient =>
  clientWithKey({ after }, url, { accessKeyId: account, secretAccessKey: "any" });
/** A job that waits: it asks for more than the machine has. Resolves when the scheduler counts it. */
async function submitWaiting(account: string): Promise<string> {
  const resourceRequirements = [{ type: "VCPU" as const, value: "1000" }];
  const client = clientOf(account);
  const jobId = await submit(client, ["true"], { containerOverrides: { resourceRequirements } });
  await until("the scheduler has it, and says why it waits", async () => {
    const { jobs } = await client.send(new DescribeJobsCommand({ jobs: [jobId] }));
    return jobs?.[0]?.statusReason !== undefined;
  });
  return jobId;
}

test("there are as many unfinished jobs as may be; one account leaves room for another; what ends makes room", async () => {
  const accepted: string[] = [];
  const full =
    /^This account has 10 jobs that are not over, as many as one may have of the 12 that this server takes\./;
  await assert.rejects(
    async () => {
      for (let count = 0; count <= MAX_JOBS; count += 1) accepted.push(await submitWaiting("111111111111"));
    },
    { name: "ClientException", message: full },
  );
  assert.equal(accepted.length, 10);
  for (let count = 0; count < 2; count += 1) await submitWaiting("222222222222");
  await assert.rejects(submitWaiting("333333333333"), {
    name: "ClientException",
    message: /^There are 12 jobs that are not over, as many as this server takes\. .*limits\.jobs/,
  });
  await clientOf("111111111111").send(new TerminateJobCommand({ jobId: accepted[0]!, reason: "room" }));
  await until("room for one more", () => submitWaiting("333333333333").catch(() => undefined));
});

test("with little memory left no job is taken; a server that does not lead asks the store how many there are, now and then", async () => {
  const clock = new VirtualClock();
  let heapUsed = 0.8;
  let inStore = MAX_JOBS;
  let asked = 0;
  const room = new JobRoom({
    ...{ clock, maxJobs: MAX_JOBS, heapUsed: () => heapUsed, scheduler: { unfinished: () => undefined } },
    store: { jobs: { countUnfinished: async () => ((asked += 1), inStore) } },
  });
  const check = () => room.check({ account: "111111111111" });
  await assert.rejects(check(), { code: "ClientException", message: /memory is nearly full: it takes no more jobs/ });
  heapUsed = 0.79;
  for (let count = 0; count < 3; count += 1) await assert.rejects(check(), { message: /^There are 12 jobs/ });
  inStore = MAX_JOBS - 1;
  clock.advance(5_000);
  await check();
  assert.equal(asked, 2);
});
