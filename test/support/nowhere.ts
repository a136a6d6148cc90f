import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";

/** That a secret is in no file of a server's data directory, and in nothing that it has said. */
export function assertNowhere(secret: string, server: { readonly dataDir: string; readonly stderr: string }): void {
  assert.ok(!server.stderr.includes(secret));
  // grep ends with 1 when it finds nothing.
  const search = () => execFileSync("grep", ["-rlaF", secret, server.dataDir], { stdio: "pipe" });
  assert.throws(search, { status: 1 });
}
