import type { Command } from "commander";
import type { ServerReport, ServersAnswer } from "../../ports/servers.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import type { Result } from "../output.ts";
import { duration, table } from "../text.ts";

export function serversCommand(): Command {
  return clientCommand("servers")
    .summary("the servers of a store, and which of them leads")
    .description(
      "Lists the servers that use the same PostgreSQL. All of them answer the API; the one that leads schedules and runs the jobs, and another one takes over when it is gone. A server that is silent was killed, is frozen, or does not reach the database.",
    )
    .action((options: ClientOptions) => withConnection(options, list));
}

async function list(connection: Connection): Promise<Result> {
  const data = await adminCall<ServersAnswer>(connection, "GET", "/longshore/servers");
  return { data, text: serverTable(data.servers, Date.now()), brief: data.servers.map(({ url }) => url).join("\n") };
}

function serverTable(servers: readonly ServerReport[], now: number): string {
  return table(
    ["URL", "STATUS", "FOR", "EPOCH", "SEEN", "VERSION", "MACHINE", "PID"],
    servers.map(({ url, isThis, status, startedAt, leadsSince, epoch, seenAgoMs, version, hostName, pid }) => [
      ...[isThis ? `${url} (this one)` : url, status],
      ...[duration(Math.max(0, now - (leadsSince ?? startedAt))), epoch === undefined ? "" : String(epoch)],
      ...[`${duration(seenAgoMs)} ago`, version, hostName, String(pid)],
    ]),
  );
}
