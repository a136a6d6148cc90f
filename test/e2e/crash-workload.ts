import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BatchClient } from "@aws-sdk/client-batch";
import { CancelJobCommand, RegisterJobDefinitionCommand, TerminateJobCommand } from "@aws-sdk/client-batch";
import type { EC2Client } from "@aws-sdk/client-ec2";
import { DescribeInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { createQueue, EC2 } from "../api/server.ts";
import { untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import type { Round } from "./crash-rounds.ts";
import { never, once, openJobs } from "./crash-rounds.ts";
import type { Ledger } from "./ledger.ts";
import { note, registerNoted } from "./ledger.ts";

const began = note("began");
const SUCCEEDS = { status: "SUCCEEDED" } as const;

/** The server's configuration file. */
export function configurationOf(ledger: Ledger): string {
  return JSON.stringify({ secrets: [{ match: "slow", command: ["sh", "-c", slowSecret(ledger)] }] });
}

/** What the jobs of `mixed` need. */
export async function prepareMixed(batch: BatchClient, ledger: Ledger): Promise<void> {
  await registerNoted(batch, "noted", "scratch", ledger);
  await registerSlow(batch, ledger);
  await createQueue(batch, "pool", { ...EC2, minvCpus: 0, maxvCpus: 8, instanceTypes: ["m5.large"] });
}

/** Single jobs, an array, dependencies, a retry, a refusal, a cancel, terminations, an instance, which `ec2` terminates. */
export async function mixed(round: Round, ledger: Ledger, ec2?: EC2Client): Promise<void> {
  await Promise.all([
    round.submit({ ...script(began) }, SUCCEEDS),
    arrayAndDependent(round),
    round.submit(
      { ...script(`${began}; [ $AWS_BATCH_JOB_ATTEMPT = 2 ]`), retryStrategy: { attempts: 2 } },
      {
        ...SUCCEEDS,
        began: (id) => [`${id} 1`, `${id} 2`],
      },
    ),
    round.submit(
      { containerOverrides: { command: ["/there/is/no/such/program"] } },
      { status: "FAILED", began: never },
    ),
    terminatedAndCancelled(round),
    withheld(round, ledger),
    onInstance(round, ec2),
  ]);
}

function script(text: string) {
  return { containerOverrides: { command: ["sh", "-c", text] } };
}

async function arrayAndDependent(round: Round): Promise<void> {
  const children = (id: string): string[] => [0, 1, 2].map((index) => `${id}:${index} 1`);
  const array = await round.submit(
    { ...script(began), arrayProperties: { size: 3 } },
    { ...SUCCEEDS, began: children },
  );
  await round.submit({ ...script(began), dependsOn: [{ jobId: array }] }, SUCCEEDS);
}

async function terminatedAndCancelled(round: Round): Promise<void> {
  const text = `trap 'exit 5' TERM; ${began}; n=0; while [ ! -e "${round.go}" ] && [ $n -lt 600 ]; do n=$((n + 1)); sleep 0.1; done`;
  const running = await round.submit(script(text), { status: "either" });
  const waiting = await round.submit({ ...script(began), dependsOn: [{ jobId: running }] }, { status: "either" });
  await round.batch.send(new CancelJobCommand({ jobId: waiting, reason: "not this one" }));
  round.expect(waiting, { status: "FAILED", statusReason: "not this one", began: never });
  await round.untilBegan(running);
  await round.batch.send(new TerminateJobCommand({ jobId: running, reason: "no longer wanted" }));
  round.expect(running, { status: "FAILED", statusReason: "no longer wanted", began: once });
}

/** Others of earlier rounds may wait for it with one of this round. */
const slowSecret = ({ directory }: Ledger): string =>
  `n=0; while [ ! -e ${secretFile(directory)} ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done; echo value`;
const secretFile = (directory: string): string => join(directory, "secret");

/** It waits for its secret when it is terminated. */
async function withheld(round: Round, { directory }: Ledger): Promise<void> {
  rmSync(secretFile(directory), { force: true });
  const jobId = await round.submit({ jobDefinition: "slow", ...script(began) }, { status: "either" });
  await untilStatus(round.batch, jobId, "STARTING");
  await round.batch.send(new TerminateJobCommand({ jobId, reason: "too slow" }));
  writeFileSync(secretFile(directory), "");
  round.expect(jobId, { status: "FAILED", statusReason: "too slow", began: never });
}

async function onInstance(round: Round, ec2: EC2Client | undefined): Promise<void> {
  const submit = () => round.submit({ ...script(began), jobQueue: "pool" }, SUCCEEDS);
  await submit();
  if (ec2 === undefined) return;
  // Also those of earlier rounds: with their instance they would fail.
  await until("nobody is on an instance", async () => (await openJobs(round.batch, "pool")).length === 0);
  const Filters = [{ Name: "instance-type", Values: ["m5.large"] }];
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }));
  const InstanceIds = Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId!));
  await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
  // Which takes another one.
  await submit();
}

async function registerSlow(batch: BatchClient, { directory }: Ledger): Promise<void> {
  const containerProperties = {
    ...{ image: "scratch", command: ["true"], vcpus: 1, memory: 64 },
    environment: [{ name: "LEDGER", value: directory }],
    secrets: [{ name: "SLOW", valueFrom: "slow" }],
    executionRoleArn: "arn:aws:iam::123456789012:role/execution",
  };
  await batch.send(
    new RegisterJobDefinitionCommand({ jobDefinitionName: "slow", type: "container", containerProperties }),
  );
}
