import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RegisterJobDefinitionCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import { batchClient } from "../support/clients.ts";
import { emptyDatabase } from "../support/empty-database.ts";
import { ended, untilStatus } from "../support/jobs.ts";
import { postgresUnavailable } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { clusterBench, createEksQueue, NAMESPACE } from "./cluster-bench.ts";
import { serverGroup } from "./server-group.ts";

const skip = postgresUnavailable() ?? false;

/** More than one leader gets to see the end of. */
const PODS = 12;

test(
  "the next leader adopts the pods of one that was killed: each runs once, and each end is known",
  { skip },
  async (t) => {
    const { cluster, directory, flags } = await clusterBench(t);
    const group = await serverGroup(t, 2, await emptyDatabase(), flags);
    const leader = await group.leader();
    const [other] = group.others(leader);
    const batch = batchClient(t, other!.server.url);
    await createEksQueue(batch, "pods");
    const note = join(directory, "note");
    const script = `echo $AWS_BATCH_JOB_ID >> ${note}; until [ -e ${directory}/go ]; do sleep 0.05; done; exit 4`;
    const resources = { requests: { cpu: "1", memory: "64Mi" }, limits: { memory: "64Mi" } };
    const podProperties = { containers: [{ image: "busybox", command: ["sh", "-c", script], resources }] };
    await batch.send(
      new RegisterJobDefinitionCommand({
        jobDefinitionName: "noted",
        type: "container",
        eksProperties: { podProperties },
      }),
    );
    const submit = async (): Promise<string> =>
      (await batch.send(new SubmitJobCommand({ jobName: "noted", jobQueue: "pods", jobDefinition: "noted" }))).jobId!;
    const first = await submit();
    await untilStatus(batch, first, "RUNNING");
    const jobIds = [first, ...(await Promise.all(Array.from({ length: PODS - 1 }, submit)))];
    // Some of these are being made at this moment.
    await leader.server.kill();
    writeFileSync(join(directory, "go"), "");
    await group.leader(leader);
    for (const jobId of jobIds) {
      const { status, eksAttempts } = await ended(batch, jobId);
      assert.deepEqual([status, eksAttempts!.map(({ containers }) => containers![0]!.exitCode)], ["FAILED", [4]]);
    }
    assert.deepEqual(readFileSync(note, "utf8").trim().split("\n").toSorted(), jobIds.toSorted());
    await until("no pod is left", () => cluster.pods(NAMESPACE).length === 0);
  },
);
