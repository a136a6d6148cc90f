/** What a server takes on at a time. Beyond it requests answer 429, and connections that are idle give way to new ones. */
export interface LoadLimits {
  /** Requests that wait or are worked on. One account alone gets three quarters. */
  readonly requests: number;
  /** Open connections. */
  readonly connections: number;
  /** Bytes of bodies that are being received or worked on, and of answers that clients have not taken yet. One account alone gets three quarters. */
  readonly heldBytes: number;
  /** To receive a request with its body. */
  readonly requestTimeoutMs: number;
  /** For a client to take an answer. */
  readonly answerTimeoutMs: number;
  /** Streams of events that are open. One account alone gets three quarters. */
  readonly streams: number;
  /** Of one account; undefined: any number. */
  readonly requestsPerSecond: number | undefined;
}

export const DEFAULT_LOAD_LIMITS: LoadLimits = {
  requests: 2_000,
  connections: 4_096,
  heldBytes: 64 * 2 ** 20,
  requestTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
  streams: 256,
  requestsPerSecond: undefined,
};

const MIB = 2 ** 20;

/** PutLogEvents takes 1 MiB of text, of which JSON may make six. */
const LARGEST_BODY_BYTES = 10 * MIB;
/** AWS Batch takes 30 KiB (reference 9). */
const LARGEST_BATCH_BODY_BYTES = MIB;

/** The largest body of any request. */
export const MAX_BODY_BYTES = LARGEST_BODY_BYTES;

/** The largest body that is taken there. `target`: the header X-Amz-Target. */
export function bodyLimitBytes(path: string, target: string | string[] | undefined): number {
  return path === "/" && target !== undefined ? LARGEST_BODY_BYTES : LARGEST_BATCH_BODY_BYTES;
}
