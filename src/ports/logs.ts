/**
 * The output of attempts, as drivers write it and the CloudWatch Logs API reads it. One log per attempt, kept under the attempt's
 * id; which log group and stream name it has is the store's business.
 */
export interface LogSink {
  /** Absolute path of the attempt's log, for a driver that lets the program write straight into it (O_APPEND). Its directory exists. */
  path(attemptId: string): string;
  /**
   * Begins to note when output arrives in a log written from outside, so that its lines have times. Following again, or after a
   * restart, goes on where the notes end.
   */
  follow(attemptId: string): void;
  /** Notes what has arrived, writes out what was appended, and stops following. */
  unfollow(attemptId: string): void;
  /** Appends lines that arrive with their times (epoch ms), for drivers that receive output themselves. A message has no line end. */
  append(attemptId: string, lines: readonly LogLine[]): void;
}

export interface LogLine {
  readonly timestamp: number;
  readonly message: string;
}

export interface LogReader {
  /**
   * Reads whole lines around byte `position` of one log: forward from it, or backward up to it. At most `limit` lines and about 1 MiB.
   * `startTime` (inclusive) and `endTime` (exclusive) are epoch ms. A last line without a line end is given once its attempt ended.
   */
  read(attemptId: string, query: LogQuery): Promise<LogPage>;
  /** First and last event time and size of a log; undefined members when it is empty. */
  describe(attemptId: string): Promise<LogExtent>;
}

export interface LogQuery {
  readonly position: number | "head" | "tail";
  readonly direction: "forward" | "backward";
  readonly limit: number;
  readonly startTime?: number;
  readonly endTime?: number;
}

export interface LogPage {
  /** In order of time, whatever the direction. */
  readonly events: readonly LogEvent[];
  /** Where the next forward read goes on. */
  readonly forwardPosition: number;
  /** Where the next backward read goes on. */
  readonly backwardPosition: number;
}

export interface LogEvent extends LogLine {
  /** Byte offset of the line: with the attempt id, its identity for ever. */
  readonly position: number;
  readonly ingestionTime: number;
}

export interface LogExtent {
  readonly bytes: number;
  readonly firstEventAt?: number;
  readonly lastEventAt?: number;
}
