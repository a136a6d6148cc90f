/**
 * Which log streams there are: the names under which CloudWatch Logs clients find the logs of attempts. `scope` is
 * `account/region`. A stream is there as soon as its attempt is RUNNING, and stays.
 */
export interface LogStreams {
  find(scope: string, group: string, stream: string): Promise<LogStream | undefined>;
  /** At most `query.limit` streams of one group, in the query's order. An unknown group has none. */
  list(scope: string, query: LogStreamQuery): Promise<LogStream[]>;
  /** The groups that attempts of this scope have written to, in any order. */
  groups(scope: string): Promise<{ group: string; createdAt: number }[]>;
}

export interface LogStreamQuery {
  readonly group: string;
  /** Only streams whose names begin with this. */
  readonly prefix?: string;
  /** Only these streams; those that do not exist are left out. */
  readonly names?: readonly string[];
  /** Only streams that come after the one of this name in order of names (before it, when `order` is `nameDescending`). */
  readonly after?: string;
  readonly limit: number;
  /** By name, in the order of its UTF-8 bytes, unless told otherwise. `newest`: by `createdAt`, the latest first. */
  readonly order?: "name" | "nameDescending" | "newest";
}

export interface LogStream {
  readonly group: string;
  readonly stream: string;
  /** The key of its log with LogReader. */
  readonly attemptId: string;
  /** Epoch ms. */
  readonly createdAt: number;
}
