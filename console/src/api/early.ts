import type { ServerInfo } from "../../../src/ports/server-info.ts";
import { call } from "./call.ts";
import { setUsualRegion } from "./region.ts";

/** What was asked for before the script was there that shows it. */
const asked = new Map<string, Promise<unknown>>();

/** What goes wrong is as though nobody had asked. */
export function askEarly(key: string, answer: Promise<unknown>): void {
  answer.catch(() => asked.delete(key));
  asked.set(key, answer);
}

/** The answer to what was asked for early, once: whoever asks again has to ask the server. */
export function takeEarly<Answer>(key: string): Promise<Answer> | undefined {
  const answer = asked.get(key) as Promise<Answer> | undefined;
  asked.delete(key);
  return answer;
}

/** The server and who one is there. */
export async function askForServer(): Promise<ServerInfo> {
  const server = await call<ServerInfo>("/longshore/server", "longshore");
  setUsualRegion(server.defaultRegion);
  return server;
}
