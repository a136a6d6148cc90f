import type { LogStream } from "../../ports/log-streams.ts";
import type { LogEvent, LogQuery, LogReader } from "../../ports/logs.ts";
import type { Direction, SearchCursor, TimeRange } from "./search-order.ts";

/** Most of many streams give few events or none to an answer: so each page of a stream is larger than the one before. */
const FIRST_PAGE_EVENTS = 16;
const PAGE_GROWTH = 8;
const LARGEST_PAGE_EVENTS = 10_000;

/** The events of one stream that a search has not looked at yet, read a page at a time. */
export class StreamSource {
  readonly stream: LogStream;
  readonly #reader: LogReader;
  readonly #direction: Direction;
  readonly #range: TimeRange;
  #position: LogQuery["position"];
  #pageEvents = FIRST_PAGE_EVENTS;
  /** In the search's direction. */
  #events: readonly LogEvent[] = [];
  #next = 0;

  constructor(options: {
    readonly stream: LogStream;
    readonly reader: LogReader;
    readonly direction: Direction;
    readonly range: TimeRange;
    readonly cursor: SearchCursor | undefined;
  }) {
    const { stream, direction, range, cursor } = options;
    this.stream = stream;
    this.#reader = options.reader;
    this.#direction = direction;
    this.#range = cursor === undefined ? range : rest(cursor, stream.name, range, direction);
    this.#position = positionAfter(cursor, stream.name, direction);
  }

  /** The next event; undefined at the end. */
  get head(): LogEvent | undefined {
    return this.#events[this.#next];
  }

  /** Reads on until there is a head, or nothing more. Called before the first `head`, and when `step` says so. */
  async load(maxBytes: number): Promise<void> {
    this.#events = [];
    this.#next = 0;
    const isForward = this.#direction === "forward";
    const size = { limit: this.#pageEvents, maxBytes };
    this.#pageEvents = Math.min(LARGEST_PAGE_EVENTS, this.#pageEvents * PAGE_GROWTH);
    while (this.#events.length === 0) {
      const query = { position: this.#position, direction: this.#direction, ...size, ...this.#range };
      const page = await this.#reader.read(this.stream.logId, query);
      const position = isForward ? page.forwardPosition : page.backwardPosition;
      if (page.events.length === 0 && position === this.#position) return;
      this.#events = isForward ? page.events : page.events.toReversed();
      this.#position = position;
    }
  }

  /** Goes on to the next event. False when more must be loaded first. */
  step(): boolean {
    this.#next += 1;
    return this.#next < this.#events.length;
  }
}

function positionAfter(cursor: SearchCursor | undefined, stream: string, direction: Direction): LogQuery["position"] {
  if (cursor?.event?.stream !== stream) return direction === "forward" ? "head" : "tail";
  return direction === "forward" ? cursor.event.position + 1n : cursor.event.position;
}

/** The times of a stream that are left behind a cursor: at the cursor's own time, only streams that come later in the order. */
function rest({ time, event }: SearchCursor, stream: string, range: TimeRange, direction: Direction): TimeRange {
  if (event?.stream === stream) return range;
  if (direction === "forward") {
    const isDone = event !== undefined && stream < event.stream;
    return { ...range, startTime: Math.max(range.startTime ?? 0, isDone ? time + 1 : time) };
  }
  const isDone = event !== undefined && stream > event.stream;
  return { ...range, endTime: Math.min(range.endTime ?? Infinity, isDone ? time : time + 1) };
}
