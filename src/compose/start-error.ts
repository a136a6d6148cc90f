export type StartErrorCode =
  | "DATA_DIR_IN_USE"
  | "DATA_DIR_UNWRITABLE"
  | "DATA_DIR_DAMAGED"
  | "DATA_DIR_DIFFERS"
  | "DATABASE_UNUSABLE"
  | "PORT_IN_USE"
  | "BAD_OPTION"
  | "BAD_CONFIGURATION";

/** The server cannot start; the message says why and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly code: StartErrorCode;
  /** Of the server that has the data directory. */
  readonly url: string | undefined;
  readonly pid: number | undefined;

  constructor(code: StartErrorCode, message: string, other: { url?: string; pid?: number } = {}) {
    super(message);
    this.code = code;
    this.url = other.url;
    this.pid = other.pid;
  }
}
