import type { JobDetail } from "@aws-sdk/client-batch";
import type { Connection } from "./connection.ts";
import { logGroupOf } from "./job.ts";
import { logStreamsOf } from "./job-containers.ts";
import { StreamReader, type Line } from "./log-reader.ts";

/** CloudWatch in AWS shows lines some seconds late; a local server shows them at once. */
const REMOTE_LOG_LAG_MS = 5_000;

/** What the one who follows a job wants to know. */
export interface Listener {
  /** New output, each line once, in the order of each log; `child` is the index in an array. Undefined: output is not wanted. */
  readonly lines: ((child: number | undefined, lines: readonly Line[]) => Promise<void>) | undefined;
  /** Called after every look, also when nothing changed. */
  progress(progress: Progress): void;
}

export interface Progress {
  /** How many jobs are in each state: 1 in one of them, or the children of an array. */
  readonly counts: Readonly<Record<string, number>>;
  /** Why a job waits, if the service says so. */
  readonly waitingReason: string | undefined;
}

/** How long after a job's end its log may still grow at this endpoint, in ms. */
export function logLagMs(connection: Connection): number {
  return connection.endpoint.isLocal ? 0 : REMOTE_LOG_LAG_MS;
}

/** The output of one job over all its attempts, in their order. */
export class JobOutput {
  readonly #connection: Connection;
  readonly #child: number | undefined;
  readonly #take: (child: number | undefined, lines: readonly Line[]) => Promise<void>;
  readonly #readers = new Map<string, StreamReader>();

  /** `child` is what the lines are given with: undefined when the job is not looked at as part of its array. */
  constructor(
    connection: Connection,
    child: number | undefined,
    take: (child: number | undefined, lines: readonly Line[]) => Promise<void>,
  ) {
    this.#connection = connection;
    this.#child = child;
    this.#take = take;
  }

  /**
   * Gives all output that there is by now. What a description shows as ended was written before: when `job` has ended,
   * nothing can be missed.
   */
  async catchUp(job: JobDetail): Promise<boolean> {
    let found = false;
    for (const stream of logStreamsOf(job)) {
      await this.#reader(job, stream).read(async (lines) => {
        found = true;
        await this.#take(this.#child, lines);
      });
    }
    return found;
  }

  #reader(job: JobDetail, stream: string): StreamReader {
    const known = this.#readers.get(stream);
    if (known !== undefined) return known;
    const reader = new StreamReader(this.#connection, logGroupOf(job), stream);
    this.#readers.set(stream, reader);
    return reader;
  }
}
