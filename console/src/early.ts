import type { ServerInfo } from "../../src/ports/server-info.ts";
import { batch } from "./api/batch.ts";
import { call } from "./api/call.ts";
import { setUsualRegion } from "./api/region.ts";
import { pageAt } from "./pages.ts";

/** What was asked for before the script was there that shows it. */
const asked = new Map<string, Promise<unknown>>();

/** The answer to what was asked for early, once: whoever asks again has to ask the server. */
export function takeEarly<Answer>(key: string): Promise<Answer> | undefined {
  const answer = asked.get(key) as Promise<Answer> | undefined;
  asked.delete(key);
  return answer;
}

/** Asks for the script of the page at an address, for who is there, and for what the page shows first. */
export function askForPage(address: string): void {
  const { page, parameter } = pageAt(address);
  // Before the scripts: browsers send few requests at a time.
  const server = askForServer();
  ask("server", server);
  // Whoever shows the page loads it again if this goes wrong, and says so.
  page.load().catch(() => {});
  for (const [key, first] of firstOf(page.path, parameter)) {
    // Who has to sign in first would be refused.
    ask(
      key,
      server.then(({ user }) => (user === undefined ? Promise.reject(new Error("nobody is signed in")) : first())),
    );
  }
}

/** The server and who one is there. */
export async function askForServer(): Promise<ServerInfo> {
  const server = await call<ServerInfo>("/longshore/server", "longshore");
  setUsualRegion(server.defaultRegion);
  return server;
}

function ask(key: string, answer: Promise<unknown>): void {
  answer.catch(() => asked.delete(key));
  asked.set(key, answer);
}

/** Of the pages that are opened first most often; by the key of their query. */
function firstOf(path: string, parameter: string | undefined): [key: string, ask: () => Promise<unknown>][] {
  if (path === "/") {
    return [
      ["summary", () => call("/longshore/summary", "longshore")],
      ["attention", () => call("/longshore/attention", "longshore")],
    ];
  }
  if (path === "/jobs/:jobId") return [[`job ${parameter}`, () => batch("DescribeJobs", { jobs: [parameter!] })]];
  return [];
}
