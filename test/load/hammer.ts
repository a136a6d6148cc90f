import type { Socket } from "node:net";
import { connect } from "node:net";

/**
 * A client that wants all of a server, in a process of its own: so many connections, each of which sends the same request again as soon as the last
 * one is answered, and opens anew when it is cut off. Tells what it has got, by status, a line now and then, until its input ends.
 */
export interface HammerPlan {
  readonly port: number;
  readonly loads: readonly { readonly connections: number; readonly head: string; readonly bodyBytes: number }[];
}

const plan = JSON.parse(process.argv[2]!) as HammerPlan;
const counts: Record<string, number> = {};
const sockets = new Set<Socket>();
let isOver = false;

function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** A JSON body with so many bytes of filling in it. */
function bodyOf(bytes: number): Buffer {
  const body = Buffer.alloc(bytes, "a");
  body.write('{"filler":"');
  body.write('"}', bytes - 2);
  return body;
}

function hammer(head: string, body: Buffer): void {
  const socket = connect(plan.port, "127.0.0.1");
  let received = "";
  const ask = (): void => {
    socket.write(head);
    socket.write(body);
  };
  socket.on("connect", ask);
  socket.on("data", (data: Buffer) => {
    received += data.toString("latin1");
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
    if (received.length < end + 4 + length) return;
    count(received.slice(9, 12));
    const isLast = /connection: close/i.test(received.slice(0, end));
    received = received.slice(end + 4 + length);
    if (isLast || isOver) socket.destroy();
    else ask();
  });
  socket.on("error", () => count("cut"));
  socket.on("close", () => {
    if (!isOver) setTimeout(() => hammer(head, body), 50);
  });
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
}

for (const { connections, head, bodyBytes } of plan.loads) {
  const body = bodyOf(bodyBytes);
  const whole = `${head}content-length: ${bodyBytes}\r\n\r\n`;
  for (let number = 0; number < connections; number += 1) hammer(whole, body);
}
const tell = (): void => void process.stdout.write(`${JSON.stringify(counts)}\n`);
const timer = setInterval(tell, 100);
process.stdin.resume().on("end", () => {
  isOver = true;
  clearInterval(timer);
  for (const socket of sockets) socket.destroy();
  tell();
});
