import type { Registry } from "prom-client";
import { Counter, Gauge } from "prom-client";
import type { Stopwatch } from "../../ports/clock.ts";
import type { RequestWatch } from "../../ports/server-metrics.ts";
import { STREAM } from "../../ports/server-metrics.ts";
import { LatencyTable } from "./latency-table.ts";

const LATENCIES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const TOO_MANY_REQUESTS = 429;

/** How long answers take. */
export class RequestMetrics implements RequestWatch {
  readonly #stopwatch: Stopwatch;
  readonly #latency: LatencyTable;
  readonly #refused;
  readonly #streams;
  #inFlight = 0;

  constructor(registry: Registry, stopwatch: Stopwatch) {
    this.#stopwatch = stopwatch;
    const registers = [registry];
    this.#latency = new LatencyTable(
      registry,
      "longshore_api_request_duration_seconds",
      "From the head of a request to the end of its answer, by operation and class of status.",
      LATENCIES,
    );
    this.#refused = new Counter({
      name: "longshore_api_requests_refused_total",
      help: "Requests that were answered 429: too many at a time, or too many a second.",
      registers,
    });
    this.#streams = new Gauge({
      name: "longshore_event_streams",
      help: "Streams of events that are open.",
      registers,
    });
    const inFlight = (): number => this.#inFlight;
    registry.registerMetric(
      new Gauge({
        name: "longshore_api_requests_in_flight",
        help: "Requests that are not answered yet, event streams among them.",
        registers: [],
        collect() {
          this.set(inFlight());
        },
      }),
    );
  }

  streamOpened(): () => void {
    this.#streams.inc();
    return () => this.#streams.dec();
  }

  began(): (operation: string, status: number) => void {
    const beganMs = this.#stopwatch.elapsedMs();
    this.#inFlight += 1;
    return (operation, status) => {
      this.#inFlight -= 1;
      if (status === TOO_MANY_REQUESTS) this.#refused.inc();
      if (operation !== STREAM)
        this.#latency.observe(operation, classOf(status), (this.#stopwatch.elapsedMs() - beganMs) / 1000);
    };
  }
}

/** 0: the client has left before there was an answer. */
function classOf(status: number): string {
  return status === 0 ? "aborted" : `${Math.floor(status / 100)}xx`;
}
