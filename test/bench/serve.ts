import type { ServerOptions } from "../../src/compose.ts";
import { startServer } from "../../src/compose.ts";

/** The server as a process of its own: its options as JSON in the first argument, one line with its URL when it is ready. */
const server = await startServer(JSON.parse(process.argv[2]!) as ServerOptions);
process.once("SIGTERM", () => void server.close());
console.log(JSON.stringify({ url: server.url }));
