import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:http";
import { test } from "node:test";
import { DescribeJobsCommand, SubmitJobCommand } from "@aws-sdk/client-batch";
import { batchClient } from "../support/clients.ts";
import { ended, submitScript } from "../support/jobs.ts";
import type { Owner } from "./server.ts";
import { spawnServer } from "./server.ts";
import { until } from "../support/until.ts";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly intValue?: number } }[];
  readonly links?: readonly { readonly traceId: string }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
    };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

/** Takes traces as a collector does, OTLP over HTTP, and keeps them. */
async function collector(owner: Owner) {
  const spans: Span[] = [];
  const services = new Set<string>();
  const headers: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      assert.equal(request.url, "/v1/traces");
      headers.push(request.headers["x-team"] as string | undefined);
      for (const { resource, scopeSpans } of (JSON.parse(Buffer.concat(chunks).toString()) as Export).resourceSpans) {
        for (const { key, value } of resource.attributes) if (key === "service.name") services.add(value.stringValue!);
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  owner.after(() => server.close());
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, services, headers, stop };
}

const PARENT = "00-11111111111111111111111111111111-2222222222222222-01";

test("a job's way is one trace, which its submitter and its own spans join; jobs do not need the collector", async (t) => {
  const taking = await collector(t);
  const server = await spawnServer(t, {
    variables: {
      OTEL_EXPORTER_OTLP_ENDPOINT: taking.url,
      OTEL_SERVICE_NAME: "our-batch",
      OTEL_EXPORTER_OTLP_HEADERS: "x-team=blue",
    },
  });
  const client = batchClient(t, server.url);
  const spansIn = (traceId: string, count: number): Promise<Span[]> =>
    until(`${count} spans of ${traceId}`, () => {
      const found = taking.spans.filter((span) => span.traceId === traceId);
      return found.length >= count && found;
    });
  const named = (spans: readonly Span[], name: string): Span => spans.find((span) => span.name === name)!;

  // As the server says it: exit 7 unless the attempt is told of its span.
  const failing = await submitScript(
    client,
    'echo "$TRACEPARENT"; case "$TRACEPARENT" in 00-*-01) exit 7;; esac; exit 1',
  );
  const job = await ended(client, failing);
  const spans = await spansIn(failing.replaceAll("-", ""), 5);
  const root = spans.find(({ name }) => name.startsWith("job "))!;
  const attempt = named(spans, "attempt 1");
  assert.equal(root.parentSpanId || undefined, undefined);
  assert.deepEqual([named(spans, "waiting").parentSpanId, attempt.parentSpanId], [root.spanId, root.spanId]);
  assert.deepEqual(
    [named(spans, "starting").parentSpanId, named(spans, "running").parentSpanId],
    [attempt.spanId, attempt.spanId],
  );
  assert.equal(attempt.attributes.find(({ key }) => key === "process.exit.code")?.value.intValue, 7);
  assert.equal(root.startTimeUnixNano, `${job.createdAt}000000`);
  assert.equal(root.endTimeUnixNano, `${job.stoppedAt}000000`);
  assert.deepEqual([[...taking.services], taking.headers[0]], [["our-batch"], "blue"]);

  // In the trace of who submitted it.
  const withHeader = batchClient(t, server.url);
  withHeader.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers["traceparent"] = PARENT;
      return next(args);
    },
    { step: "build", name: "traceparent" },
  );
  const array = await withHeader.send(
    new SubmitJobCommand({
      ...{ jobName: "sweep", jobQueue: "default", jobDefinition: "default", arrayProperties: { size: 2 } },
      containerOverrides: { command: ["true"] },
    }),
  );
  await ended(client, array.jobId!);
  const theirs = await spansIn("1".repeat(32), 9);
  const roots = theirs.filter(({ name }) => name === "job sweep");
  assert.deepEqual(new Set(roots.map(({ parentSpanId }) => parentSpanId)), new Set(["2".repeat(16)]));
  assert.equal(roots.filter(({ links = [] }) => links.length === 1).length, 2, "children are linked to their array");

  // The collector is gone: jobs do not notice.
  await taking.stop();
  const last = await ended(client, await submitScript(client, "exit 0"));
  assert.equal(last.status, "SUCCEEDED");
  await until("that is counted", async () =>
    /longshore_trace_spans_total\{result="failed"\} [1-9]/.test(await (await fetch(`${server.url}/metrics`)).text()),
  );
  assert.equal((await client.send(new DescribeJobsCommand({ jobs: [failing] }))).jobs?.[0]?.status, "FAILED");
  assert.equal(await server.stop(), 0);
});
