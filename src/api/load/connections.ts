import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Clock } from "../../ports/clock.ts";

/**
 * The open connections. When there are as many as there may be, a new one takes the place of one that is idle: of those that never sent a request
 * first, then of those that were kept alive, the longest idle first. Only when all have a request is the new one refused.
 */
export class Connections {
  readonly #limit: number;
  /** By how many requests each has that are not answered. */
  readonly #all = new Map<Socket, number>();
  readonly #unused = new Set<Socket>();
  readonly #idle = new Set<Socket>();
  #isDraining = false;
  #whenNone: () => void = () => {};

  constructor(app: FastifyInstance, limit: number) {
    this.#limit = limit;
    app.server.on("connection", (socket: Socket) => this.#opened(socket));
    app.server.on("request", (request: IncomingMessage, response: ServerResponse) =>
      this.#asked(request.socket, response),
    );
  }

  /**
   * Has the server's close answer what has come, end the connections on which nothing is asked, and after `timeoutMs` all others, whatever
   * they wait for. Resolves the hook when what is idle has ended.
   */
  drainOnClose(app: FastifyInstance, clock: Clock, timeoutMs: number): void {
    app.addHook("preClose", (done) => {
      this.#isDraining = true;
      const cancel = clock.after(timeoutMs, () => this.#endAll());
      this.#whenNone = cancel;
      // What has reached the machine is read first.
      setImmediate(() =>
        setImmediate(() => {
          for (const socket of [...this.#unused, ...this.#idle]) socket.destroy();
          if (this.#all.size === 0) cancel();
          done();
        }),
      );
    });
    app.addHook("onSend", (_request, reply, _payload, done) => {
      if (this.#isDraining) reply.header("connection", "close");
      done();
    });
  }

  #endAll(): void {
    for (const socket of this.#all.keys()) socket.destroy();
  }

  #opened(socket: Socket): void {
    if (this.#all.size >= this.#limit && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    this.#all.set(socket, 0);
    this.#unused.add(socket);
    socket.once("close", () => this.#forget(socket));
  }

  #makeRoom(): boolean {
    const [given] = this.#unused.size > 0 ? this.#unused : this.#idle;
    if (given === undefined) return false;
    this.#forget(given);
    given.destroy();
    return true;
  }

  #asked(socket: Socket, response: ServerResponse): void {
    const pending = this.#all.get(socket);
    if (pending === undefined) return;
    this.#all.set(socket, pending + 1);
    this.#unused.delete(socket);
    this.#idle.delete(socket);
    response.once("close", () => this.#answered(socket));
  }

  #answered(socket: Socket): void {
    const pending = this.#all.get(socket);
    if (pending === undefined) return;
    this.#all.set(socket, pending - 1);
    if (pending === 1) this.#idle.add(socket);
  }

  #forget(socket: Socket): void {
    this.#all.delete(socket);
    this.#unused.delete(socket);
    this.#idle.delete(socket);
    if (this.#all.size === 0) this.#whenNone();
  }
}
