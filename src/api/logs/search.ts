import type { LogStream } from "../../ports/log-streams.ts";
import type { LogEvent, LogReader } from "../../ports/logs.ts";
import { inParallel } from "./in-parallel.ts";
import type { Matches } from "./pattern/pattern.ts";
import { StreamSource } from "./stream-source.ts";
import type { Cursor, TimeRange } from "./stream-source.ts";

const ANSWER_BYTES = 1024 * 1024;
const EVENT_OVERHEAD_BYTES = 26;
/** An answer looks at no more events than this, matching or not; the next page goes on. */
const SCANNED_EVENTS = 100_000;
const SMALLEST_PAGE = 100;

export interface Found {
  readonly stream: LogStream;
  readonly event: LogEvent;
}

/** Collects what one answer may hold. */
export class Answer {
  readonly found: Found[] = [];
  readonly limit: number;
  #bytes = 0;
  #scanned = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get full(): boolean {
    return this.found.length >= this.limit || this.#bytes >= ANSWER_BYTES || this.#scanned >= SCANNED_EVENTS;
  }

  look(stream: LogStream, event: LogEvent, matches: Matches): void {
    this.#scanned += 1;
    if (!matches(event.message)) return;
    this.#bytes += Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    this.found.push({ stream, event });
  }
}

/**
 * Looks through the streams' events behind `cursor` in order of time until they end or the answer, not full yet, is. Returns where it
 * stopped; undefined at the end.
 */
export async function search(
  logs: LogReader,
  query: { readonly streams: readonly LogStream[]; readonly range: TimeRange; readonly matches: Matches },
  cursor: Cursor | undefined,
  answer: Answer,
): Promise<Cursor | undefined> {
  const { streams, range, matches } = query;
  const pageEvents = Math.max(SMALLEST_PAGE, Math.ceil(answer.limit / Math.max(1, streams.length)));
  const sources = streams.map((stream) => new StreamSource({ stream, logs, range, cursor, pageEvents }));
  await inParallel(sources, (source) => source.load());
  let last = cursor;
  for (let source = earliest(sources); source?.head !== undefined; source = earliest(sources)) {
    if (answer.full) return last;
    answer.look(source.stream, source.head, matches);
    last = { time: source.head.timestamp, stream: source.stream.stream, position: source.head.position };
    await source.advance();
  }
  return undefined;
}

function earliest(sources: readonly StreamSource[]): StreamSource | undefined {
  let best: StreamSource | undefined;
  for (const source of sources) {
    if (source.head !== undefined && (best?.head === undefined || comesBefore(source, best))) best = source;
  }
  return best;
}

function comesBefore(one: StreamSource, other: StreamSource): boolean {
  const difference = (one.head?.timestamp ?? 0) - (other.head?.timestamp ?? 0);
  return difference === 0 ? one.stream.stream < other.stream.stream : difference < 0;
}
