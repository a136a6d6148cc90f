import type { ServersAnswer } from "../../src/ports/servers.ts";
import { removeDataDir } from "../support/leftovers.ts";
import type { TcpProxy } from "../support/tcp-proxy.ts";
import { createTcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/until.ts";
import type { Owner, ServerProcess } from "./server.ts";
import { newDataDir, spawnServer } from "./server.ts";

/** One of several servers on one PostgreSQL and one data directory. */
export interface Member {
  readonly server: ServerProcess;
  /** The network between it and PostgreSQL. */
  readonly network: TcpProxy;
}

export interface ServerGroup {
  readonly members: readonly Member[];
  /** The one that leads, once one does that is not `except`. */
  leader(except?: Member): Promise<Member>;
  others(member: Member): Member[];
}

/** @param more flags of every server. */
export async function serverGroup(
  owner: Owner,
  count: number,
  databaseUrl: string,
  more: readonly string[] = [],
): Promise<ServerGroup> {
  const members: Member[] = [];
  const dataDir = newDataDir();
  const cleanUps: (() => unknown)[] = [];
  // None of them writes any more when the directory goes.
  owner.after(async () => {
    for (const { server } of members) await server.kill();
    for (const cleanUp of cleanUps) await cleanUp();
    removeDataDir(dataDir);
  });
  for (let index = 0; index < count; index += 1) {
    const url = new URL(databaseUrl);
    const network = await createTcpProxy(owner, Number(url.port));
    url.port = String(network.port);
    const flags = { more: ["--database-url", url.href, ...more] };
    const server = await spawnServer({ after: (task: () => unknown) => cleanUps.push(task) }, flags, dataDir);
    members.push({ server, network });
  }
  const leader = (except?: Member): Promise<Member> =>
    until("a server leads", async () => {
      for (const member of members) {
        if (member === except) continue;
        const { servers } = await listServers(member.server.url).catch(() => ({ servers: [] }));
        if (servers.some(({ isThis, status }) => isThis && status === "leads")) return member;
      }
      return undefined;
    });
  return { members, leader, others: (member) => members.filter((other) => other !== member) };
}

export async function listServers(url: string): Promise<ServersAnswer> {
  const answer = await fetch(`${url}/longshore/servers`, { signal: AbortSignal.timeout(1_000) });
  if (!answer.ok) throw new Error(`GET /longshore/servers answers ${answer.status}`);
  return (await answer.json()) as ServersAnswer;
}
