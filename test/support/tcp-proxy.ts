import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** Who closes it: a test, or node:test's own `after` for a whole file. */
type Owner = { readonly after: (task: () => unknown) => void };

/**
 * `pass`: it is not felt. `reset`: connections are closed, and so are new ones. `stall`: nothing moves in either way. `lost-answers`: what is asked arrives,
 * what is answered is thrown away.
 */
export type ProxyMode = "pass" | "reset" | "stall" | "lost-answers";

/** A network in front of a server on this machine, which can be cut. */
export interface TcpProxy {
  readonly port: number;
  /** What new connections reach from now on. */
  aim(port: number): void;
  /** Connections whose answers were lost do not come back: their ends disagree about what was said. */
  set(mode: ProxyMode): void;
  /** Closes the connections that are open. */
  drop(): void;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export async function createTcpProxy(owner: Owner, targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  let target = targetPort;
  let mode: ProxyMode = "pass";
  const server = createServer((near) => {
    if (mode === "reset") return void near.resetAndDestroy();
    const pair = { near, far: connect(target, "127.0.0.1") };
    pairs.add(pair);
    for (const socket of [pair.near, pair.far]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        pair.near.destroy();
        pair.far.destroy();
      });
    }
    join(pair, mode);
  });
  const drop = (): void => {
    for (const { near, far } of pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  };
  owner.after(async () => {
    const closed = once(server, "close");
    server.close();
    drop();
    await closed;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    aim: (port) => (target = port),
    set(next) {
      const hasLost = mode === "lost-answers";
      mode = next;
      if (next === "reset" || hasLost) drop();
      for (const pair of pairs) join(pair, next);
    },
    drop,
  };
}

function join({ near, far }: Pair, mode: ProxyMode): void {
  for (const socket of [near, far]) {
    socket.unpipe();
    socket.removeAllListeners("data");
    socket.pause();
  }
  if (mode === "pass") near.pipe(far).pipe(near);
  if (mode !== "lost-answers") return;
  near.pipe(far);
  far.on("data", () => {});
  far.resume();
}
