import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";

/**
 * The least that a durable POST can cost on this machine: each stores one row of the size given (second argument) in the database given
 * (first argument), all of one turn of the event loop in one synced commit, and is answered after it.
 */
const database = new DatabaseSync(process.argv[2]!);
database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
database.exec("CREATE TABLE rows (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)");
const insert = database.prepare("INSERT INTO rows (body) VALUES (?)");
const row = "x".repeat(Number(process.argv[3]));
const answer = Buffer.from(JSON.stringify({ jobName: "bench", jobId: "x".repeat(36), jobArn: "x".repeat(90) }));

let waiting: ServerResponse[] = [];

function commit(): void {
  const group = waiting;
  waiting = [];
  database.exec("BEGIN IMMEDIATE");
  for (let index = 0; index < group.length; index += 1) insert.run(row);
  database.exec("COMMIT");
  for (const response of group) {
    response.writeHead(200, { "content-type": "application/json", "content-length": answer.length }).end(answer);
  }
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    JSON.parse(Buffer.concat(chunks).toString("utf8"));
    if (waiting.push(response) === 1) setImmediate(commit);
  });
});
process.once("SIGTERM", () => {
  server.close(() => database.close());
  server.closeAllConnections();
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});
