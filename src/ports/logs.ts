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

/**
 * Stands for a line end inside a message, in the log of which each line is a message: readers get the line end. A noncharacter of Unicode, which is for a
 * program's inner use and which others do not write.
 */
export const JOINT = "\ufdd0";

/** Reads logs by their keys. */
export interface LogReader {
  /**
   * Reads whole events around a position of one log: forward from it, or backward up to it. At most `limit` events and about `maxBytes`.
   * `startTime` (inclusive) and `endTime` (exclusive) are epoch ms. A last line without a line end is given once its attempt ended.
   */
  read(logId: string, query: LogQuery): Promise<LogPage>;
  /** When the log last grew, epoch ms: its events are not later (give or take a second). Undefined for a log without events. */
  changedAt(logId: string): Promise<number | undefined>;
}

/** Where an event stands in its log. What comes later stands higher; with the log's key it is the event's identity for ever. */
export type LogPosition = bigint;

/** A page's size unless it is told otherwise. */
export const PAGE_BYTES = 1024 * 1024;
/** CloudWatch Logs counts this much for an event besides its text. */
export const EVENT_OVERHEAD_BYTES = 26;

export interface LogQuery {
  readonly position: LogPosition | "head" | "tail";
  readonly direction: "forward" | "backward";
  readonly limit: number;
  /** Of the events' texts with their overhead. One event fits always. */
  readonly maxBytes?: number;
  readonly startTime?: number;
  readonly endTime?: number;
}

export interface LogPage {
  /** In order of time, whatever the direction. */
  readonly events: readonly LogEvent[];
  /** Where the next forward read goes on. */
  readonly forwardPosition: LogPosition;
  /** Where the next backward read goes on. */
  readonly backwardPosition: LogPosition;
}

export interface LogEvent extends LogLine {
  readonly position: LogPosition;
  readonly ingestionTime: number;
}
