/** The servers of a store. Times are epoch ms, by the store's clock. */
export interface ServerTable {
  /** This server is there: its first time, or again. */
  seen(server: ServerRecord): Promise<void>;
  /** It has stopped. */
  gone(id: string): Promise<void>;
  /** Those that were seen within a day and have not stopped, first the one that leads, then the others by their start. */
  all(): Promise<SeenServer[]>;
}

export interface ServerRecord {
  readonly id: string;
  /** Where other servers reach it. */
  readonly url: string;
  readonly version: string;
  readonly hostName: string;
  readonly pid: number;
  /** Of its data directory. */
  readonly keyFingerprint: string;
}

export interface SeenServer extends ServerRecord {
  readonly startedAt: number;
  /** How long ago it was last seen, ms. */
  readonly seenAgoMs: number;
  /** Of the one that leads. */
  readonly lead?: { readonly epoch?: number; readonly since: number };
}

/** What `GET /longshore/servers` answers. */
export interface ServersAnswer {
  readonly servers: readonly ServerReport[];
}

export interface ServerReport extends Omit<ServerRecord, "keyFingerprint"> {
  readonly startedAt: number;
  readonly seenAgoMs: number;
  /** `silent`: it has not been seen for a while, and has not said that it stops. */
  readonly status: "leads" | "stands by" | "silent";
  readonly epoch?: number;
  readonly leadsSince?: number;
  /** Whether it is the one that answers. */
  readonly isThis: boolean;
}
