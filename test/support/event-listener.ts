import assert from "node:assert/strict";
import type { EventEnvelope, JobEventDetail } from "../../src/ports/event-report.ts";

export interface Heard {
  readonly id: string;
  readonly kind: string;
  readonly event: EventEnvelope;
}

/** Reads a stream of events until the test is over, `close` is called, or the stream ends. */
export function listen(
  t: { after(task: () => unknown): void },
  url: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const controller = new AbortController();
  t.after(() => controller.abort());
  const heard: Heard[] = [];
  const reading = (async () => {
    const response = await fetch(url, { headers, signal: controller.signal });
    assert.equal(response.status, 200, response.ok ? "" : await response.text());
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const messages = text.split("\n\n");
      text = messages.pop()!;
      for (const message of messages) {
        const fields = new Map(message.split("\n").map((line) => line.split(/: (.*)/s) as [string, string]));
        const data = fields.get("data");
        if (data === undefined) continue;
        heard.push({ id: fields.get("id")!, kind: fields.get("event")!, event: JSON.parse(data) as EventEnvelope });
      }
    }
  })();
  reading.catch(() => {});
  return { heard, ended: reading, close: () => controller.abort() };
}

export const detailOf = ({ event }: Pick<Heard, "event">): JobEventDetail => event.detail as JobEventDetail;

export function statuses(heard: readonly Heard[]): string[] {
  return heard.map((one) => detailOf(one).status);
}
