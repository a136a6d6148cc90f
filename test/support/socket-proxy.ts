import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { once } from "node:events";

/** A unix socket in front of another one, which can be taken away and put back. */
export interface SocketProxy {
  cut(): Promise<void>;
  restore(): Promise<void>;
}

export async function createSocketProxy(socketPath: string, target: string): Promise<SocketProxy> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  const restore = async () => {
    server.listen(socketPath);
    await once(server, "listening");
  };
  await restore();
  return {
    restore,
    async cut() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
