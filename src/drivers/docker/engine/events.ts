import { addAbortSignal } from "node:stream";
import type { Readable } from "node:stream";
import type Dockerode from "dockerode";

export interface EngineEvent {
  /** In the words of older engines. */
  readonly status?: string;
  readonly Action?: string;
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> };
}

/** What happens in the engine from now on, for as long as it lives or until `signal` fires; then reading them rejects. */
export async function openEvents(
  docker: Dockerode,
  filters: Readonly<Record<string, readonly string[]>>,
  signal: AbortSignal,
): Promise<AsyncIterable<EngineEvent>> {
  const stream = await docker.getEvents({ filters: { ...filters } as Record<string, string[]>, abortSignal: signal });
  const events = addAbortSignal(signal, stream as Readable);
  events.on("error", () => {}); // Whoever reads them hears of it; perhaps nobody does any more.
  return eventsIn(events);
}

/** One JSON object per line. */
async function* eventsIn(stream: Readable): AsyncGenerator<EngineEvent, void> {
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as EngineEvent;
  }
}
