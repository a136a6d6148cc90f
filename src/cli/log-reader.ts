import type { Connection } from "./connection.ts";

const PAGE_LIMIT = 10_000;
/** FilterLogEvents takes at most this many streams. */
export const STREAMS_PER_FILTER = 100;

/** A log line and when it was written (epoch ms). */
export interface Line {
  readonly message: string;
  readonly timestamp: number | undefined;
}

/** Reads one log stream from its beginning, each line once, going on where it was. */
export class StreamReader {
  readonly #connection: Connection;
  readonly #group: string;
  readonly #stream: string;
  #token: string | undefined;

  constructor(connection: Connection, group: string, stream: string) {
    this.#connection = connection;
    this.#group = group;
    this.#stream = stream;
  }

  /** Gives what has arrived since the last call to `take`, page by page, up to the present end. A stream that does not exist (yet) is empty. */
  async read(take: (lines: readonly Line[]) => Promise<void>): Promise<void> {
    for (;;) {
      const page = await this.#nextPage();
      if (page === undefined) return;
      const lines = (page.events ?? []).map(({ message, timestamp }) => ({ message: message ?? "", timestamp }));
      if (lines.length > 0) await take(lines);
      const atEnd = page.nextForwardToken === undefined || page.nextForwardToken === this.#token;
      this.#token = page.nextForwardToken ?? this.#token;
      if (atEnd || lines.length === 0) return;
    }
  }

  #nextPage() {
    return unlessMissing(
      this.#connection.logs((logs) =>
        logs.getLogEvents({
          logGroupName: this.#group,
          logStreamName: this.#stream,
          startFromHead: true,
          limit: PAGE_LIMIT,
          ...(this.#token === undefined ? {} : { nextToken: this.#token }),
        }),
      ),
    );
  }
}

/**
 * Reads several streams whose attempts have ended, completely, in order of time. At most `STREAMS_PER_FILTER` streams. One call
 * instead of two per stream: what makes arrays of thousands of short children cheap to follow.
 */
export async function readEndedStreams(
  connection: Connection,
  group: string,
  streams: readonly string[],
  take: (stream: string, lines: readonly Line[]) => Promise<void>,
): Promise<void> {
  let nextToken: string | undefined;
  do {
    const token = nextToken;
    const page = await unlessMissing(
      connection.logs((logs) =>
        logs.filterLogEvents({
          logGroupName: group,
          logStreamNames: [...streams],
          limit: PAGE_LIMIT,
          ...(token === undefined ? {} : { nextToken: token }),
        }),
      ),
    );
    if (page === undefined) return readOneByOne(connection, group, streams, take);
    for (const run of runsOfOneStream(page.events ?? [])) await take(run.stream, run.lines);
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
}

/** One of the streams does not exist, so the service refused them all: an attempt without output may have none. */
async function readOneByOne(
  connection: Connection,
  group: string,
  streams: readonly string[],
  take: (stream: string, lines: readonly Line[]) => Promise<void>,
): Promise<void> {
  for (const stream of streams) await new StreamReader(connection, group, stream).read((lines) => take(stream, lines));
}

function runsOfOneStream(
  events: readonly {
    message?: string | undefined;
    logStreamName?: string | undefined;
    timestamp?: number | undefined;
  }[],
): { stream: string; lines: Line[] }[] {
  const runs: { stream: string; lines: Line[] }[] = [];
  for (const { message = "", logStreamName = "", timestamp } of events) {
    const last = runs.at(-1);
    if (last?.stream === logStreamName) last.lines.push({ message, timestamp });
    else runs.push({ stream: logStreamName, lines: [{ message, timestamp }] });
  }
  return runs;
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && error.name === "ResourceNotFoundException") return undefined;
    throw error;
  }
}
