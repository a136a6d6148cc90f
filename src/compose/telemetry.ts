import type { PresentFacts } from "../ports/present.ts";
import { ServerMetrics } from "../telemetry/metrics/server-metrics.ts";
import type { EngineWatcher } from "../telemetry/telemetry.ts";
import { JobTracer } from "../telemetry/traces/job-tracer.ts";
import { openSender, wantsTraces } from "../telemetry/traces/otlp.ts";
import type { OpenStore } from "../store/store.ts";
import { systemClock, systemStopwatch } from "./clock.ts";
import { VERSION } from "./version.ts";

/** A collector that does not answer does not keep a server from stopping. */
const CLOSE_MS = 2_000;

export interface Telemetry {
  readonly metrics: ServerMetrics;
  readonly isTraced: boolean;
  readonly watchers: readonly EngineWatcher[];
  /** After the engine has stopped. Sends what traces there are, as far as somebody takes them. */
  close(): Promise<void>;
}

/** What this server tells of itself to others. OpenTelemetry is loaded only where the standard variables name a collector. */
export async function openTelemetry(options: {
  readonly store: OpenStore;
  readonly leads: () => boolean;
  /** Undefined where this server does not lead. */
  readonly facts: () => PresentFacts | undefined;
  onError(what: string, error: unknown): void;
}): Promise<Telemetry> {
  const { store, leads, facts, onError } = options;
  const metrics = new ServerMetrics({ stopwatch: systemStopwatch, version: VERSION, leads, facts });
  if (!wantsTraces(process.env))
    return { metrics, isTraced: false, watchers: [metrics.engine], close: () => Promise.resolve() };
  const sender = await openSender({
    version: VERSION,
    onResult: (result, spans) => metrics.spans(result, spans),
    onError,
  });
  const tracer = new JobTracer({ jobs: store.jobs, clock: systemClock, sink: sender.send, onError });
  return {
    metrics,
    isTraced: true,
    watchers: [metrics.engine, tracer],
    async close() {
      await tracer.flush();
      let cancel = (): void => {};
      const patience = new Promise<void>((resolve) => void (cancel = systemClock.after(CLOSE_MS, resolve)));
      await Promise.race([patience, sender.close().catch(() => {})]);
      cancel();
    },
  };
}
