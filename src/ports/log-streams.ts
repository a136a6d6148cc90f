/**
 * Which log streams there are: the names under which CloudWatch Logs clients find the logs of attempts, and what is put by them. A stream of a job is
 * there as soon as its attempt runs, and stays. Groups are given by their ids.
 */
export interface LogStreams {
  find(group: number, name: string): Promise<LogStream | undefined>;
  /** At most `query.limit` streams of one group, in order of name (its UTF-8 bytes). */
  list(group: number, query: LogStreamQuery): Promise<LogStream[]>;
  /** Those that go on, being a running attempt's; the latest first. */
  running(group: number, limit: number): Promise<LogStream[]>;
  /** Those that do not go on, in order of their last event's time, then of name, from behind `after` on. */
  byLastEvent(group: number, query: LastEventQuery): Promise<LogStream[]>;
  /** Those whose events may lie in a short time: which begin before its end, or at it, and end at its beginning, or later. */
  around(group: number, time: { from: number; to: number }, filter: SpanFilter): Promise<LogStream[]>;
  /** Those whose first event comes after `place`, in order of that time, then of name. */
  beginningAfter(group: number, place: StreamPlace, filter: SpanFilter): Promise<LogStream[]>;
  /** Those whose last event comes before `place`, in reverse order of that time, then of name. */
  endingBefore(group: number, place: StreamPlace, filter: SpanFilter): Promise<LogStream[]>;
  /** A stream to put events to. False, and nothing done, when there is one of that name, or no such group any more. */
  create(group: number, stream: Pick<LogStream, "name" | "logId" | "createdAt">): Promise<boolean>;
  /** Takes the stream away; its events are removed soon. False when there is none. */
  remove(group: number, name: string): Promise<boolean>;
}

export interface LogStreamQuery {
  /** Only streams whose names begin with this. */
  readonly prefix?: string;
  /** Only streams that come after the one of this name (before it, when `descending`). */
  readonly after?: string;
  readonly descending?: boolean;
  readonly limit: number;
}

export interface LastEventQuery {
  readonly descending: boolean;
  readonly after?: StreamPlace;
  readonly limit: number;
}

/** A time and a stream's name: a place in an order of streams by time. */
export interface StreamPlace {
  readonly time: number;
  readonly name: string;
}

export interface SpanFilter {
  readonly prefix?: string;
  readonly limit: number;
}

export interface LogStream {
  readonly name: string;
  /** Who writes it: the attempt of a job, or PutLogEvents. */
  readonly origin: "job" | "put";
  /** The key of its log: with LogReader, the attempt's id. */
  readonly logId: string;
  /** Epoch ms, as all times. */
  readonly createdAt: number;
  /** No event is earlier. */
  readonly firstEventAt: number;
  /** No event is later; undefined while the attempt runs. */
  readonly lastEventAt?: number;
  /** There is no event: none yet, or no more. Of a job's stream this is known only when its events have been removed. */
  readonly isEmpty: boolean;
  /** When PutLogEvents was called last. */
  readonly lastIngestedAt?: number;
}

/** What takes away for good what was deleted, or is too old. */
export interface LogRemovals {
  /** Streams that were deleted, alone or with their group, and that no attempt writes any more. */
  deleted(limit: number): Promise<LogRemoval[]>;
  /** Streams of a group that no attempt writes any more, and all of whose events are before `time`. */
  expired(group: number, time: number, limit: number): Promise<LogRemoval[]>;
  /** Removes events put before `time` from the group's streams, at most `limit`. Resolves to how many. */
  removePutBefore(group: number, time: number, limit: number): Promise<number>;
  /** Removes events put to these streams, at most `limit`. Resolves to how many. */
  removePut(logIds: readonly string[], limit: number): Promise<number>;
  /** The logs are gone: streams that were deleted go too, the others stay, empty. */
  done(logIds: readonly string[]): Promise<void>;
  /** Forgets deleted groups that have no stream left. */
  forgetGroups(): Promise<void>;
}

export interface LogRemoval {
  readonly logId: string;
  readonly origin: LogStream["origin"];
}
