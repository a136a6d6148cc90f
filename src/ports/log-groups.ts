/** The log groups of CloudWatch Logs. `scope` is `account/region`. */
export interface LogGroups {
  find(scope: string, name: string): Promise<LogGroup | undefined>;
  /** At most `query.limit` groups, in order of name. */
  list(scope: string, query: LogGroupQuery): Promise<LogGroup[]>;
  /** False, and nothing done, when there is a group of that name. */
  create(scope: string, group: Pick<LogGroup, "name" | "createdAt" | "settings">): Promise<boolean>;
  /** Changes some settings, at once with all other changes; null removes one. False when there is no such group. */
  change(scope: string, name: string, changes: LogGroupChanges): Promise<boolean>;
  /** Takes the group away with all its streams, whose events are removed soon. */
  remove(scope: string, name: string, now: number): Promise<"removed" | "protected" | "unknown">;
  /** The groups that have a retention, whosever they are, in order of id, from behind `after` on. */
  expiring(after: number, limit: number): Promise<{ id: number; retentionInDays: number }[]>;
}

export interface LogGroup {
  /** No two groups have had the same: a group that is made again is another one. */
  readonly id: number;
  readonly name: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly settings: LogGroupSettings;
}

/** In the shape of CloudWatch's own LogGroup. */
export interface LogGroupSettings {
  readonly retentionInDays?: number;
  readonly logGroupClass?: string;
  readonly deletionProtectionEnabled?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
}

export type LogGroupChanges = {
  readonly [Name in "retentionInDays" | "deletionProtectionEnabled"]?: Exclude<
    LogGroupSettings[Name],
    undefined
  > | null;
};

export interface LogGroupQuery {
  /** Only groups whose names begin with this. */
  readonly prefix?: string;
  /** Only groups in whose names this occurs. */
  readonly part?: string;
  /** Only these groups; those that do not exist are left out. */
  readonly names?: readonly string[];
  readonly logGroupClass?: string;
  /** Only groups that come after the one of this name. */
  readonly after?: string;
  readonly limit: number;
}
