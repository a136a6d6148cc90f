import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

/**
 * The least that reading jobs can cost on this machine: POST takes a JSON array of job ids and answers their rows, found by key in the
 * database given (first argument), the columns given (second argument) as they are stored.
 */
const database = new DatabaseSync(process.argv[2]!, { readOnly: true });
database.exec("PRAGMA cache_size = -32000");
const columns = process.argv[3]!;
const select = database.prepare(`SELECT ${columns} FROM jobs WHERE id IN (SELECT value FROM json_each(?))`);

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const ids = JSON.parse(Buffer.concat(chunks).toString("utf8")) as string[];
    const answer = Buffer.from(JSON.stringify(select.all(JSON.stringify(ids))));
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.length }).end(answer);
  });
});
process.once("SIGTERM", () => {
  server.close(() => database.close());
  server.closeAllConnections();
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});
