import type { LogStream } from "../../ports/log-streams.ts";
import type { LogEvent, LogQuery, LogReader } from "../../ports/logs.ts";

/** Where a search over several streams stands: everything up to this event has been looked at. */
export interface Cursor {
  readonly time: number;
  readonly stream: string;
  readonly position: number;
}

export interface TimeRange {
  readonly startTime?: number;
  /** Exclusive. */
  readonly endTime?: number;
}

/** The events of one stream behind a cursor, read a page at a time. The order over streams is: time, name of the stream, place. */
export class StreamSource {
  readonly stream: LogStream;
  readonly #logs: LogReader;
  readonly #range: TimeRange;
  readonly #pageEvents: number;
  #position: LogQuery["position"];
  #events: readonly LogEvent[] = [];
  #next = 0;

  constructor(options: {
    readonly stream: LogStream;
    readonly logs: LogReader;
    readonly range: TimeRange;
    readonly cursor: Cursor | undefined;
    readonly pageEvents: number;
  }) {
    const { stream, cursor, range } = options;
    this.stream = stream;
    this.#logs = options.logs;
    this.#pageEvents = options.pageEvents;
    this.#position = cursor?.stream === stream.stream ? cursor.position + 1 : "head";
    this.#range = cursor === undefined ? range : behind(cursor, stream.stream, range);
  }

  /** The next event; undefined at the end. */
  get head(): LogEvent | undefined {
    return this.#events[this.#next];
  }

  /** Reads on until there is a head, or nothing more. Called once before the first `head`. */
  async load(): Promise<void> {
    this.#events = [];
    this.#next = 0;
    while (this.#events.length === 0) {
      const query = {
        position: this.#position,
        direction: "forward",
        limit: this.#pageEvents,
        ...this.#range,
      } as const;
      const page = await this.#logs.read(this.stream.attemptId, query);
      if (page.events.length === 0 && page.forwardPosition === this.#position) return;
      this.#events = page.events;
      this.#position = page.forwardPosition;
    }
  }

  /** Goes on to the next event. */
  async advance(): Promise<void> {
    this.#next += 1;
    if (this.#next >= this.#events.length) await this.load();
  }
}

function behind(cursor: Cursor, stream: string, range: TimeRange): TimeRange {
  if (stream === cursor.stream) return range;
  const startTime = Math.max(range.startTime ?? 0, stream < cursor.stream ? cursor.time + 1 : cursor.time);
  return { ...range, startTime };
}
