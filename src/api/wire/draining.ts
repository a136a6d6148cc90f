import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/**
 * Makes `close()` end as soon as what was accepted is answered. Node closes connections that are idle after a request; two kinds
 * would still hold up the close until a timeout: those that never sent a request (browsers open some in advance), and those kept
 * alive after their last answer.
 */
export function closeConnectionsWhileDraining(app: FastifyInstance): void {
  let draining = false;
  const unused = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => {
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  app.server.on("request", (request) => unused.delete(request.socket));
  app.addHook("preClose", (done) => {
    draining = true;
    for (const socket of unused) socket.destroy();
    done();
  });
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (draining) reply.header("connection", "close");
    done();
  });
}
