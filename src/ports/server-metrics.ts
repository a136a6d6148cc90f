/** Learns of each request. */
export interface RequestWatch {
  /** One has come. What this returns is to be called once, when it is over: with what was asked for, and the status of the answer; 0: there was none. */
  began(): (operation: string, status: number) => void;
  /** A stream of events is open now. What this returns is to be called once, when it is over. */
  streamOpened(): () => void;
}

/** The operation of an answer that goes on for as long as somebody listens: that is no latency. */
export const STREAM = "stream";

/** What Prometheus reads. */
export interface MetricsPage {
  readonly contentType: string;
  text(): Promise<string>;
}
