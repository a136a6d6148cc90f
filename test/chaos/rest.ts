import { readdirSync, readFileSync } from "node:fs";
import { childId } from "../../src/core/ids.ts";
import { LABEL } from "../../src/drivers/docker/names.ts";
import type { Book } from "./book.ts";
import type { Clients } from "./client.ts";
import { PAGE } from "./client.ts";
import type { FinalJob } from "./evidence.ts";
import { isOver } from "./evidence.ts";
import type { System } from "./system.ts";

/** So long after the last fault everything has ended: far longer than it takes. */
const REST_DEADLINE_MS = 90_000;
const LOOK_EVERY_MS = 200;

/** Every job and every child, once all are over; or, after the deadline or in a hurry, as they are. */
export async function untilAllEnded(clients: Clients, book: Book, isHurried: boolean): Promise<FinalJob[]> {
  const found = await poll(
    () => describeAll(clients, book),
    (jobs) => isHurried || jobs.every(isOver),
  );
  for (const job of found) book.saw(job);
  return found;
}

/** Every job that there is, and every child. */
export async function describeAll(clients: Clients, book: Book): Promise<FinalJob[]> {
  const listed = new Set([...(await clients.list(0)), ...book.acknowledged.map(({ id }) => id)]);
  const jobs = await describeMany(clients, [...listed]);
  const children = jobs.flatMap(({ id, arraySize = 0 }) =>
    Array.from({ length: arraySize }, (_, index) => childId(id, index)),
  );
  return [...jobs, ...(await describeMany(clients, children))];
}

async function describeMany(clients: Clients, ids: readonly string[]): Promise<FinalJob[]> {
  const jobs: FinalJob[] = [];
  for (let from = 0; from < ids.length; from += PAGE) {
    jobs.push(...((await clients.describe(0, ids.slice(from, from + PAGE))) ?? []));
  }
  return jobs;
}

/** What jobs have left behind: processes, and what the engine has of them. A sentence each; nothing, when all is gone. */
export async function leftovers(system: System, ledger: string): Promise<string[]> {
  return poll(
    async () => [...processesThatKnow(ledger), ...(await partsInEngine(system))],
    (left) => left.length === 0,
  );
}

/** Every program of a job has the ledger's place in its environment. */
function processesThatKnow(ledger: string): string[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 1 && textOf(`/proc/${pid}/environ`).includes(`LEDGER=${ledger}`))
    .map((pid) => `process ${pid} is left: ${textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").slice(0, 200)}`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // It has ended.
  }
}

async function partsInEngine({ engine }: System): Promise<string[]> {
  if (engine === undefined) return [];
  const filters = { label: [LABEL.cluster] };
  const containers = await engine.docker.listContainers({ all: true, filters });
  const { Volumes } = await engine.docker.listVolumes({ filters });
  const networks = await engine.docker.listNetworks({ filters });
  return [
    ...containers.map(({ Names, State }) => `container ${Names[0]} is left (${State})`),
    ...Volumes.map(({ Name }) => `volume ${Name} is left`),
    ...networks.map(({ Name }) => `network ${Name} is left`),
  ];
}

/** Asks until what it is told is enough, or the deadline has passed; returns the last answer. */
async function poll<T>(ask: () => Promise<T>, isEnough: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + REST_DEADLINE_MS;
  for (;;) {
    const answer = await ask();
    if (isEnough(answer) || Date.now() > deadline) return answer;
    await new Promise((resolve) => void setTimeout(resolve, LOOK_EVERY_MS));
  }
}
