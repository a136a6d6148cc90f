import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Stopwatch } from "../../ports/clock.ts";
import type { PresentFacts } from "../../ports/present.ts";
import type { MetricsPage } from "../../ports/server-metrics.ts";
import { EngineMetrics } from "./engine-metrics.ts";
import { RequestMetrics } from "./request-metrics.ts";
import { ResourceNames } from "./resource-labels.ts";
import { StateMetrics } from "./state-metrics.ts";

/** Queues that have series of their own, and environments: those of all accounts together. */
const MAX_NAMED = 200;

export interface ServerMetricsOptions {
  readonly stopwatch: Stopwatch;
  readonly version: string;
  readonly leads: () => boolean;
  /** Undefined where this server does not lead. */
  readonly facts: () => PresentFacts | undefined;
}

/** Everything that one server tells Prometheus. Each server tells of itself; of jobs the one that leads. */
export class ServerMetrics implements MetricsPage {
  readonly engine: EngineMetrics;
  readonly requests: RequestMetrics;
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #state: StateMetrics;
  readonly #facts: ServerMetricsOptions["facts"];
  readonly #spans;
  readonly #logBytes;
  #hasProcessMetrics = false;

  constructor({ stopwatch, version, leads, facts }: ServerMetricsOptions) {
    const registers = [this.#registry];
    const queues = new ResourceNames(MAX_NAMED);
    this.contentType = this.#registry.contentType;
    this.#facts = facts;
    this.engine = new EngineMetrics(this.#registry, queues);
    this.requests = new RequestMetrics(this.#registry, stopwatch);
    this.#state = new StateMetrics(this.#registry, { queues, environments: new ResourceNames(MAX_NAMED) });
    this.#spans = new Counter({
      name: "longshore_trace_spans_total",
      help: "Spans of traces that the collector took, or did not take.",
      ...{ labelNames: ["result"], registers },
    });
    this.#logBytes = new Counter({
      name: "longshore_log_bytes_total",
      help: "Bytes that came to the logs of attempts, as far as the server that leads has noted them.",
      registers,
    });
    new Gauge({
      name: "longshore_build_info",
      help: "1, with the version of this server and of Node.js.",
      ...{ labelNames: ["version", "node_version"], registers },
    }).set({ version, node_version: process.version }, 1);
    this.#registry.registerMetric(
      new Gauge({
        name: "longshore_leader",
        help: "1 on the server that leads, 0 on the others.",
        registers: [],
        collect() {
          this.set(leads() ? 1 : 0);
        },
      }),
    );
  }

  /** So many bytes more have come to the logs of attempts. */
  logGrew(bytes: number): void {
    this.#logBytes.inc(bytes);
  }

  spans(result: "sent" | "failed", count: number): void {
    this.#spans.inc({ result }, count);
  }

  /** What the process itself is like is measured from the first reading on: it costs a little, and most servers are never asked. */
  text(): Promise<string> {
    if (!this.#hasProcessMetrics) {
      collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 20 });
      this.#hasProcessMetrics = true;
    }
    this.#state.set(this.#facts());
    return this.#registry.metrics();
  }
}
