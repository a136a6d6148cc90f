import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../ports/clock.ts";

/** So much is read and thrown away, so that the connection can be used on. */
const WORTH_READING_BYTES = 2 * 2 ** 20;
/** For the client to take its answer, before the connection is cut. */
const LINGER_MS = 1_000;

/** Whether so much of a request's body is still to come, or nobody knows how much, that an answer without it should end the connection. */
export function hasLargeUnreadBody({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > WORTH_READING_BYTES;
}

/** Sends the last message of a connection. What still comes is not read, and the client has a moment to see the message. */
export function endUnread(socket: Socket, message: string, clock: Clock): void {
  const cancel = clock.after(LINGER_MS, () => socket.destroy());
  socket.once("close", cancel);
  socket.end(message);
}
