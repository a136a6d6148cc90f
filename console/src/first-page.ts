import { batch } from "./api/batch.ts";
import { call } from "./api/call.ts";
import { askEarly, askForServer } from "./api/early.ts";
import { pageAt } from "./pages.ts";

/** Asks for the script of the page at an address, for who is there, and for what the page shows first. */
export function askForPage(address: string): void {
  const { page, parameter } = pageAt(address);
  // Before the scripts: browsers send few requests at a time.
  const server = askForServer();
  askEarly("server", server);
  // Whoever shows the page loads it again if this goes wrong, and says so.
  page.load().catch(() => {});
  for (const [key, first] of firstOf(page.path, parameter)) {
    // Who has to sign in first would be refused.
    askEarly(
      key,
      server.then(({ user }) => (user === undefined ? Promise.reject(new Error("nobody is signed in")) : first())),
    );
  }
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
