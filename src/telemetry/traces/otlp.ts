import type { SpanExporter } from "@opentelemetry/sdk-trace";
import type { TraceContext } from "../../core/trace-context.ts";
import type { EndedSpan } from "./job-spans.ts";

/** Spans that wait to be sent: those beyond are dropped. */
const MAX_QUEUED = 8_192;
const SEND_EVERY_MS = 1_000;

/** Where traces go. */
export interface SpanSender {
  readonly send: (span: EndedSpan) => void;
  /** Sends what waits. Its time is bounded by OTEL_EXPORTER_OTLP_TIMEOUT. */
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the standard variables of OpenTelemetry name somebody who takes traces. */
export function wantsTraces(environment: Environment): boolean {
  const isOff =
    environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true" || environment["OTEL_TRACES_EXPORTER"] === "none";
  const endpoint = environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || environment["OTEL_EXPORTER_OTLP_ENDPOINT"];
  return !isOff && Boolean(endpoint);
}

/** Loads OpenTelemetry, which nobody else has to pay for. The exporter reads the standard variables itself: endpoint, headers, timeout, compression. */
export async function openSender(options: {
  readonly version: string;
  onResult(result: "sent" | "failed", spans: number): void;
  /** Called when sending begins to fail, and not again before it has succeeded. */
  onError(what: string, error: unknown): void;
}): Promise<SpanSender> {
  const [api, sdk, { OTLPTraceExporter }, resources] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  const exporter = new OTLPTraceExporter();
  let isFailing = false;
  const watched: SpanExporter = {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const hasFailed = result.error !== undefined;
        if (hasFailed && !isFailing) options.onError("traces cannot be sent; they are dropped", result.error);
        isFailing = hasFailed;
        options.onResult(hasFailed ? "failed" : "sent", spans.length);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const next = { traceId: "", spanId: "" };
  const named = resources.resourceFromAttributes({ "service.name": "longshore", "service.version": options.version });
  const configured = resources.detectResources({
    detectors: [resources.resourceAttributesEnvDetector, resources.serviceNameEnvDetector],
  });
  const provider = new sdk.TracerProvider({
    resource: named.merge(configured),
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
    spanProcessors: [
      new sdk.BatchSpanProcessor({ exporter: watched, maxQueueSize: MAX_QUEUED, scheduledDelayMillis: SEND_EVERY_MS }),
    ],
  });
  const tracer = provider.getTracer("longshore", options.version);
  const contextOf = ({ traceId, spanId }: TraceContext) => ({ traceId, spanId, traceFlags: api.TraceFlags.SAMPLED });
  return {
    send(span) {
      next.traceId = span.traceId;
      next.spanId = span.spanId;
      const { parent, link } = span;
      const context =
        parent === undefined
          ? api.ROOT_CONTEXT
          : api.trace.setSpanContext(api.ROOT_CONTEXT, { ...contextOf(parent), isRemote: true });
      const started = tracer.startSpan(
        span.name,
        {
          startTime: span.from,
          attributes: Object.fromEntries(
            Object.entries(span.attributes).map(([name, value]) => [
              name,
              typeof value === "object" ? [...value] : value,
            ]),
          ),
          ...(link !== undefined && { links: [{ context: contextOf(link) }] }),
        },
        context,
      );
      for (const { at, name, reason } of span.events)
        started.addEvent(name, reason === undefined ? {} : { "longshore.reason": reason }, at);
      if (span.error !== undefined) started.setStatus({ code: api.SpanStatusCode.ERROR, message: span.error });
      started.end(span.to);
    },
    close: () => provider.shutdown(),
  };
}
