import { parseArgs } from "node:util";
import { startServer, StartError } from "../../src/compose.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    "data-dir": { type: "string" },
    driver: { type: "string" },
    vcpus: { type: "string" },
    "memory-mib": { type: "string" },
    json: { type: "boolean" },
  },
  allowPositionals: true,
});
try {
  const server = await startServer({
    host: "127.0.0.1",
    port: Number(values.port),
    dataDir: values["data-dir"]!,
    driver: values.driver as "process" | "docker",
    vcpus: Number(values.vcpus),
    memoryMiB: Number(values["memory-mib"]),
  });
  console.log(JSON.stringify({ url: server.url, pid: process.pid }));
  process.once("SIGTERM", () => void server.close());
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
