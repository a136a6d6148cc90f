import { once } from "node:events";
import type { Socket } from "node:net";
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * What each node runs in the tests of nodes, as programs do that divide work among themselves: the main node waits at its own address until all others have
 * come, and tells each of them so. The arguments are `main` or `child`, or `side` for a container beside the one that rendezvous.
 */

const PORT = 7321;
const SIDE_PORT = 7322;
const LATE_MS = 700;

const {
  AWS_BATCH_JOB_NODE_INDEX: index,
  AWS_BATCH_JOB_NUM_NODES: count,
  AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS: mainAddress,
  ECS_CONTAINER_METADATA_URI_V4: metadata,
  LATE_NODE: lateNode,
  WITH_SIDE: withSide,
} = process.env;

/** As a plain process a node is told its address; in a container it has one network. */
function ownAddress(): string {
  const { LONGSHORE_NODE_ADDRESS } = process.env;
  if (LONGSHORE_NODE_ADDRESS !== undefined) return LONGSHORE_NODE_ADDRESS;
  const [eth0] = networkInterfaces()["eth0"] ?? [];
  return eth0!.address;
}

async function connected(host: string, port: number): Promise<Socket> {
  for (;;) {
    const socket = connect({ host, port });
    try {
      await once(socket, "connect");
      return socket;
    } catch {
      await sleep(50);
    }
  }
}

async function firstLine(socket: Socket): Promise<string> {
  for await (const line of createInterface({ input: socket })) return line;
  throw new Error("it ended without a word");
}

async function listening(port: number, onLine: (line: string, socket: Socket) => void) {
  const server = createServer((socket) => void firstLine(socket).then((line) => onLine(line, socket)));
  server.listen({ host: ownAddress(), port });
  await once(server, "listening");
  return server;
}

/** Ends when all have come and have been told: with it the job ends. */
async function main(): Promise<void> {
  const { Name } = (await (await fetch(metadata!)).json()) as { readonly Name: string };
  const come = new Map<string, Socket>();
  const all = Promise.withResolvers<void>();
  const server = await listening(PORT, (line, socket) => {
    come.set(line, socket);
    if (come.size === Number(count) - 1) all.resolve();
  });
  await all.promise;
  const heard = [...come.values()].map((socket) => once(socket, "end"));
  for (const socket of come.values()) socket.write("all are there\n");
  await Promise.all(heard);
  for (const socket of come.values()) socket.end();
  server.close();
  console.log(`${Name}: ${[...come.keys()].toSorted().join(", ")}`);
}

async function child(): Promise<void> {
  if (index === lateNode) await sleep(LATE_MS);
  const beside = withSide === index ? await firstLine(await asked(SIDE_PORT, ownAddress(), "who is there")) : "nobody";
  const socket = await asked(PORT, mainAddress!, `${index} from ${ownAddress()} with ${beside}`);
  console.log(await firstLine(socket));
  socket.end();
}

async function asked(port: number, host: string, line: string): Promise<Socket> {
  const socket = await connected(host, port);
  socket.write(`${line}\n`);
  return socket;
}

/** Goes on until it is stopped. */
async function side(): Promise<void> {
  await listening(SIDE_PORT, (_, socket) => socket.end("the one beside it\n"));
}

// Process 1 of a container is not ended by a signal that it does not expect.
process.on("SIGTERM", () => process.exit(0));

const [role = "child"] = process.argv.slice(2);
const roles: Readonly<Record<string, () => Promise<void>>> = { main, child, side };
await roles[role]!();
