import type { Command } from "commander";
import type { WhatIfChanges, WhatIfLine, WhatIfReport, WhatIfRequest } from "../../ports/what-if.ts";
import { adminRequest } from "../admin-call.ts";
import { clientCommand, keyValue, withConnection, wholeNumber, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { EXIT, Failure } from "../failure.ts";
import { StatusLine } from "../output.ts";
import { whatIfText } from "../what-if-text.ts";

type Values = Readonly<Record<string, string>>;

interface WhatIfOptions extends ClientOptions {
  readonly hours: number;
  readonly queuePriority?: Values;
  readonly queueEnvironments?: Values;
  readonly maxVcpus?: Values;
  readonly shareWeight?: Values;
  readonly jobPriority?: Values;
}

export function whatIfCommand(): Command {
  return clientCommand("what-if")
    .summary("what would have become of the last hours' jobs with other priorities, weights or sizes")
    .description(
      "Simulates the jobs that ran in the last hours with the server's own scheduler: as it was, and with the changes; and shows both beside what happened. Nothing is changed in fact.",
    )
    .option("--hours <n>", "jobs that were submitted in so many hours", wholeNumber(1, 168), 24)
    .option("--queue-priority <queue=n>", "another priority of a queue (repeatable)", keyValue)
    .option(
      "--queue-environments <queue=a,b>",
      "the environments that a queue would have, in order (repeatable)",
      keyValue,
    )
    .option("--max-vcpus <environment=n>", "another maxvCpus of an environment (repeatable)", keyValue)
    .option("--share-weight <policy/share=n>", "another weight factor of a share (repeatable)", keyValue)
    .option("--job-priority <id=n>", "another scheduling priority of a job (repeatable)", keyValue)
    .action((options: WhatIfOptions) =>
      withConnection(options, async (connection) => {
        const report = await asked(connection, { hours: options.hours, changes: changesOf(options) });
        return { data: report, text: whatIfText(report), brief: "" };
      }),
    );
}

function changesOf(options: WhatIfOptions): WhatIfChanges {
  const { queuePriority = {}, queueEnvironments = {}, maxVcpus = {}, shareWeight = {}, jobPriority = {} } = options;
  const queueNames = [...new Set([...Object.keys(queuePriority), ...Object.keys(queueEnvironments)])];
  return {
    queues: queueNames.map((jobQueueName) => ({
      jobQueueName,
      ...(queuePriority[jobQueueName] !== undefined && { priority: number(queuePriority[jobQueueName]) }),
      ...(queueEnvironments[jobQueueName] !== undefined && {
        computeEnvironments: queueEnvironments[jobQueueName].split(","),
      }),
    })),
    environments: Object.entries(maxVcpus).map(([computeEnvironmentName, value]) => ({
      computeEnvironmentName,
      maxvCpus: number(value),
    })),
    policies: policiesOf(shareWeight),
    jobs: Object.entries(jobPriority).map(([jobId, value]) => ({ jobId, schedulingPriority: number(value) })),
  };
}

function policiesOf(weights: Values): NonNullable<WhatIfChanges["policies"]> {
  const byPolicy = new Map<string, { shareIdentifier: string; weightFactor: number }[]>();
  for (const [name, value] of Object.entries(weights)) {
    const at = name.indexOf("/");
    if (at < 1)
      throw new Failure(`--share-weight must look like POLICY/SHARE=FACTOR, not ${name}=${value}.`, EXIT.usage);
    const policy = name.slice(0, at);
    const share = { shareIdentifier: name.slice(at + 1), weightFactor: number(value) };
    byPolicy.set(policy, [...(byPolicy.get(policy) ?? []), share]);
  }
  return [...byPolicy].map(([name, shareDistribution]) => ({ name, shareDistribution }));
}

function number(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new Failure(`${text} is no number: a change looks like NAME=NUMBER.`, EXIT.usage);
}

/** Shows how far it is while it waits. */
async function asked(connection: Connection, request: WhatIfRequest): Promise<WhatIfReport> {
  const response = await adminRequest(connection, "POST", "/longshore/what-if", { body: request });
  const status = new StatusLine(process.stderr);
  try {
    let text = "";
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (text + part).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        const told = JSON.parse(line) as WhatIfLine;
        if ("report" in told) return told.report;
        if ("failure" in told) throw new Failure(told.failure, EXIT.server);
        const { step, done, of } = told.progress;
        status.show(of === 0 ? `reading: ${done} jobs` : `simulating ${step}: ${done} of ${of} jobs are over`);
      }
    }
  } finally {
    status.clear();
  }
  throw new Failure("The server's answer ended before the report.", EXIT.server, "Try again.");
}
