import { createHmac } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { Sender } from "./sender.ts";
import { DeliveryFailed, post } from "./sender.ts";

export interface WebhookOptions {
  readonly url: string;
  /** Read anew for each request: it may have been changed. */
  readonly secret: () => Promise<string>;
  /** More than one: the body is a list. */
  readonly batch: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * POSTs events as JSON. `X-Longshore-Signature: v1=` is the HMAC-SHA256, in hexadecimal digits, of the header X-Longshore-Timestamp (seconds since the
 * epoch), a full stop, and the body.
 */
export function webhook({ url, secret, batch, timeoutMs, clock }: WebhookOptions): Sender {
  return {
    type: "webhook",
    to: new URL(url).origin + new URL(url).pathname,
    mostEvents: batch,
    mostBytes: 1_000_000,
    async send(events, signal) {
      const body = JSON.stringify(batch === 1 ? events[0] : events);
      const timestamp = String(Math.floor(clock.now() / 1000));
      const key = await secret().catch((error: unknown) => {
        throw new DeliveryFailed(
          `its secret cannot be read: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
      const headers = {
        "content-type": "application/json",
        "user-agent": "Longshore",
        "x-longshore-event-id": events.map(({ id }) => id).join(","),
        "x-longshore-timestamp": timestamp,
        "x-longshore-signature": `v1=${createHmac("sha256", key).update(`${timestamp}.${body}`).digest("hex")}`,
      };
      await post(url, { headers, body, timeoutMs, clock, signal });
      return [];
    },
  };
}
