import type { Cut, Fault } from "./acts.ts";
import type { Node, OwnDatabase, System } from "./system.ts";
import type { OwnPostgres } from "../support/postgres.ts";
import { execute } from "../support/postgres.ts";
import type { TcpProxy } from "../support/tcp-proxy.ts";

/** The time in which things are done. */
export interface Running {
  /** Resolves after the time, or when the run is given up. */
  pause(ms: number): Promise<void>;
  readonly isOver: boolean;
}

/** Does one thing to the system and, after its time, undoes it. Resolves when it is undone. */
export async function commitFault(system: System, fault: Fault, run: Running): Promise<void> {
  const undo = await begin(system, fault, run);
  await run.pause(fault.forMs);
  await undo();
}

type Undo = () => unknown;

async function begin(system: System, fault: Fault, run: Running): Promise<Undo> {
  switch (fault.kind) {
    case "server-kill":
    case "server-stop": {
      const node = nodeOf(system, fault.server);
      node.isDown = true;
      await (fault.kind === "server-kill" ? node.server.kill() : node.server.stop());
      return () => system.startServer(node, () => run.isOver);
    }
    case "server-freeze":
      return freezeServer(nodeOf(system, fault.server));
    case "engine-kill":
      await system.engine!.kill();
      return () => system.engine!.start();
    case "engine-stop":
      await system.engine!.stop();
      return () => system.engine!.start();
    case "engine-freeze":
      system.engine!.freeze();
      return () => system.engine!.thaw();
    case "database-kill":
    case "database-immediate":
    case "database-fast":
      return endDatabase(system.database!.postgres, fault.kind);
    case "database-freeze":
      system.database!.postgres.freeze();
      return () => system.database!.postgres.thaw();
    case "session-end":
    case "session-kill":
      await endSession(system.database!, fault.kind, fault.which);
      return () => {};
    case "clients-cut":
      return cut(nodeOf(system, fault.server).clients, fault.how);
    case "network-cut":
      return cut(nodeOf(system, fault.server).database!, fault.how);
  }
}

function nodeOf({ nodes }: System, server: number): Node {
  return nodes[server]!;
}

async function endDatabase(
  postgres: OwnPostgres,
  how: "database-kill" | "database-immediate" | "database-fast",
): Promise<Undo> {
  if (how === "database-kill") await postgres.kill();
  else await postgres.stop(how === "database-fast" ? "fast" : "immediate");
  return () => postgres.start();
}

/** Of one that a server has, if any has one at this moment. */
async function endSession({ url }: OwnDatabase, how: "session-end" | "session-kill", which: number): Promise<void> {
  const sessions = await execute(
    url,
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid",
  );
  const { pid } = (sessions.rows[Math.floor(which * sessions.rows.length)] ?? {}) as { pid?: number };
  if (pid === undefined) return;
  if (how === "session-kill") process.kill(pid, "SIGKILL");
  else await execute(url, `SELECT pg_terminate_backend(${pid})`);
}

function freezeServer({ server }: Node): Undo {
  const { pid } = server;
  process.kill(pid, "SIGSTOP");
  return () => process.kill(pid, "SIGCONT");
}

function cut(network: TcpProxy, how: Cut): Undo {
  network.set(how === "stall-reset" ? "stall" : how);
  return () => {
    if (how === "stall-reset") network.drop();
    network.set("pass");
  };
}
