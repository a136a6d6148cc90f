import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../../src/compose.ts";
import type { ServerOptions } from "../../src/compose/options.ts";
import { StartError } from "../../src/compose/start-error.ts";
import { removeDataDir } from "../support/leftovers.ts";

const OPTIONS: ServerOptions = { host: "127.0.0.1", port: 0, dataDir: "", driver: "process", vcpus: 3, memoryMiB: 512 };

for (const [driver, what] of [
  ["process", "plain processes"],
  ["docker", "containers"],
] as const) {
  test(`a server that was told to run jobs with the ${driver} driver says so`, async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), "longshore-api-"));
    const server = await startServer({ ...OPTIONS, dataDir, driver, logLevel: "silent" });
    t.after(async () => {
      await server.close();
      removeDataDir(dataDir);
    });
    assert.deepEqual([server.capacity, server.runsJobsAs], [{ vcpus: 3, memoryMiB: 512 }, what]);
  });
}

const REFUSED: readonly [Partial<ServerOptions>, RegExp][] = [
  [{ host: "" }, /^--host must be an address or a name of this machine\.$/],
  [{ port: 65_536 }, /^The port must be a whole number from 0 to 65535, not 65536\.$/],
  [{ port: -1 }, /not -1/],
  [{ vcpus: 0 }, /^--vcpus must be a whole number of at least 1, not 0\.$/],
  [{ memoryMiB: 1.5 }, /^--memory-mib must be a whole number of at least 1, not 1\.5\.$/],
];

for (const [options, message] of REFUSED) {
  test(`a server is not started with ${JSON.stringify(options)}`, async () => {
    const attempt = startServer({ ...OPTIONS, dataDir: "/nonexistent/longshore", ...options });
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof StartError);
      assert.deepEqual([error.code, message.test(error.message)], ["BAD_OPTION", true], error.message);
      return true;
    });
  });
}
