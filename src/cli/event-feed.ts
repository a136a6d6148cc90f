import type { EventEnvelope } from "../ports/event-report.ts";
import { adminRequest } from "./admin-call.ts";
import type { Connection } from "./connection.ts";

/** One message of the server's stream. */
export interface Message {
  /** Where to go on after it. */
  readonly id: string;
  readonly kind: string;
  /** Of a `gap`, what was missed. */
  readonly event: EventEnvelope;
}

/** The messages of `GET /events` as they come, until the server ends the stream, or the signal does. `id` of each one is noted also where it has no event. */
export async function* eventFeed(
  connection: Connection,
  query: string,
  placed: (id: string) => void,
  signal?: AbortSignal,
): AsyncGenerator<Message> {
  const response = await adminRequest(connection, "GET", `/events?${query}`, { signal });
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map(fieldOf));
      const id = fields.get("id") ?? "";
      const data = fields.get("data");
      if (data !== undefined) yield { id, kind: fields.get("event") ?? "", event: JSON.parse(data) as EventEnvelope };
      if (id !== "") placed(id);
    }
  }
}

function fieldOf(line: string): [string, string] {
  const at = line.indexOf(": ");
  return at === -1 ? [line, ""] : [line.slice(0, at), line.slice(at + 2)];
}
