/** What a backup says of itself, in the copied store and to whoever makes it. */
export interface BackupNote {
  /** When the last of it was copied, epoch ms: all that was acknowledged before it began is in it. */
  readonly madeAt: number;
  /** Of the program that made it. */
  readonly version: string;
  /** Tells the key file that belongs to it from others, and nothing else about it. */
  readonly keyFingerprint: string;
}

export interface WantedBackup {
  /** Whether the output of jobs is part of it. */
  readonly logs: boolean;
}

/**
 * A backup on its way, in this order: progress while the store is copied; then each file, its bytes and their checksum; at the end `done`. What
 * ends without `done` is not whole; `failed` says why.
 */
export type BackupPart =
  /** `total` is 0 where nobody knows it. */
  | { readonly kind: "progress"; readonly copied: number; readonly total: number }
  | { readonly kind: "file"; readonly name: string; readonly bytes: number }
  /** Hexadecimal digits, of the file before. */
  | { readonly kind: "checksum"; readonly sha256: string }
  | { readonly kind: "done"; readonly note: BackupNote }
  | { readonly kind: "failed"; readonly message: string };

/** In a backup: the store. */
export const STORE_FILE = "longshore.db";
/** The output of one attempt, or the times of its lines. */
export const LOG_FILE = /^logs\/[0-9a-f]{2}\/[0-9a-f]{32}\.(log|at)$/;

/** There is one already, or no room for one; the message is for people. */
export class BackupRefused extends Error {
  override readonly name = "BackupRefused";
  readonly why: "busy" | "no-room";

  constructor(why: BackupRefused["why"], message: string) {
    super(message);
    this.why = why;
  }
}

/** Makes backups of the running server. */
export interface Backups {
  /**
   * The parts as they go over the wire: each one a line of JSON, a file's bytes behind its line. Whoever stops reading stops the backup. One at a time.
   *
   * @throws BackupRefused
   */
  begin(wanted: WantedBackup): Promise<AsyncIterable<Buffer>>;
}
