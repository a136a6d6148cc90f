import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DescribeJobsCommand } from "@aws-sdk/client-batch";
import type { HistoryReport } from "../../src/ports/history-report.ts";
import type { SummaryReport } from "../../src/ports/summary-report.ts";
import { batchClient } from "../support/clients.ts";
import { listen } from "../support/event-listener.ts";
import { ended, submitScript, untilStatus } from "../support/jobs.ts";
import { until } from "../support/until.ts";
import { spawnServer } from "./server.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** What one line of the text form says. */
type Sample = readonly [name: string, labels: string, value: number];

async function scrape(
  url: string,
): Promise<{ readonly names: readonly string[]; readonly samples: readonly Sample[] }> {
  const answer = await fetch(`${url}/metrics`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const lines = (await answer.text()).split("\n");
  const samples = lines.flatMap((line): Sample[] => {
    const [, name = "", labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    return value === undefined ? [] : [[name, labels, Number(value)]];
  });
  return { names: lines.flatMap((line) => /^# TYPE (\w+) /.exec(line)?.[1] ?? []), samples };
}

function valueOf(samples: readonly Sample[], name: string, ...labels: readonly string[]): number {
  const found = samples.filter((sample) => sample[0] === name && labels.every((label) => sample[1].includes(label)));
  return found.reduce((sum, [, , value]) => sum + value, 0);
}

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

test("what is scraped agrees with the API, is documented and drawn, and history survives a restart", async (t) => {
  const server = await spawnServer(t);
  const client = batchClient(t, server.url);
  const ids = await Promise.all([
    submitScript(client, "head -c 5000 /dev/zero; exit 0"),
    submitScript(client, "exit 0"),
    submitScript(client, "exit 3"),
  ]);
  for (const id of ids) await ended(client, id);
  const running = await submitScript(client, "sleep 600");
  await untilStatus(client, running, "RUNNING");
  await client.send(new DescribeJobsCommand({ jobs: [] })).catch(() => {});

  const streams = async () => valueOf((await scrape(server.url)).samples, "longshore_event_streams");
  assert.equal(await streams(), 0);
  const stream = listen(t, `${server.url}/events?after=0`);
  await until("the stream is open", () => stream.heard.length > 0);
  assert.equal(await streams(), 1);
  stream.close();
  await until("it is counted no more", async () => (await streams()) === 0);

  const { names, samples } = await scrape(server.url);
  const summary = (await (await fetch(`${server.url}/longshore/summary`)).json()) as SummaryReport;
  const queue = 'queue="default"';
  assert.equal(valueOf(samples, "longshore_jobs", queue, 'status="RUNNING"'), summary.jobs.running);
  assert.equal(valueOf(samples, "longshore_jobs_submitted_total", queue), summary.jobs.submittedLastDay);
  assert.equal(valueOf(samples, "longshore_jobs_ended_total", queue, 'status="SUCCEEDED"'), 2);
  assert.equal(valueOf(samples, "longshore_jobs_ended_total", queue, 'status="FAILED"'), summary.jobs.failedLastDay);
  assert.equal(valueOf(samples, "longshore_job_wait_seconds_count", queue), 4);
  assert.equal(
    valueOf(samples, "longshore_job_start_seconds_count"),
    valueOf(samples, "longshore_job_start_seconds_bucket", 'le="+Inf"'),
  );
  assert.equal(valueOf(samples, "longshore_attempts_started_total", 'driver="process"'), 4);
  assert.equal(valueOf(samples, "longshore_attempts_ended_total", 'result="succeeded"'), 2);
  assert.equal(valueOf(samples, "longshore_attempts_ended_total", 'result="failed"'), 1);
  assert.equal(valueOf(samples, "longshore_environment_vcpus_in_use"), 1);
  assert.equal(
    valueOf(samples, "longshore_api_request_duration_seconds_count", 'operation="SubmitJob"', 'status="2xx"'),
    4,
  );
  assert.equal(valueOf(samples, "longshore_log_bytes_total"), 5000);
  assert.equal(valueOf(samples, "longshore_leader"), 1);
  assert.ok(valueOf(samples, "longshore_commit_duration_seconds_count") > 0);
  assert.ok(valueOf(samples, "process_resident_memory_bytes") > 1e6);

  const page = readFileSync(join(ROOT, "docs", "metrics.md"), "utf8");
  const documented = [...page.matchAll(/^\| `(longshore_\w+)`/gm)].map(([, name]) => name!);
  const own = names.filter((name) => name.startsWith("longshore_"));
  assert.deepEqual([...own].sort(), [...documented].sort());

  const dashboard = JSON.parse(readFileSync(join(ROOT, "deploy", "grafana", "longshore.json"), "utf8")) as {
    readonly schemaVersion: number;
    readonly templating: { readonly list: readonly { readonly type: string; readonly name: string }[] };
    readonly panels: readonly Panel[];
  };
  assert.ok(dashboard.schemaVersion >= 39);
  assert.equal(dashboard.templating.list[0]!.type, "datasource");
  const drawn = new Set<string>();
  for (const { type, title, fieldConfig, targets = [] } of dashboard.panels) {
    if (type === "row") continue;
    assert.ok(fieldConfig?.defaults.unit, title);
    assert.ok(targets.length > 0, title);
    for (const { expr, datasource } of targets) {
      assert.equal(datasource.uid, "${datasource}");
      assert.equal([...expr].filter((one) => one === "(").length, [...expr].filter((one) => one === ")").length, expr);
      const used = [...expr.replaceAll(/\{[^}]*\}/g, "").matchAll(/\b((?:longshore|process|nodejs)_\w+)/g)].map(
        ([, name]) => name!,
      );
      assert.ok(used.length > 0, expr);
      for (const name of used) {
        const family = names.includes(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
        assert.ok(names.includes(family), `${title}: ${name} is not served`);
        drawn.add(family);
      }
    }
  }
  const notDrawn = own.filter((name) => !drawn.has(name));
  assert.deepEqual(notDrawn, ["longshore_trace_spans_total"]);

  await server.stop();
  await server.start();
  const history = (await (await fetch(`${server.url}/longshore/history`)).json()) as HistoryReport;
  const sum = (values: readonly (number | null)[]): number => values.reduce<number>((all, one) => all + (one ?? 0), 0);
  assert.equal(sum(history.series.total.submitted), 4);
  assert.equal(sum(history.series.total.succeeded), 2);
  assert.equal(history.series.total.running.at(-1), 1);
});
