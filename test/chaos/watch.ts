import { Random } from "../sim/random.ts";
import { childId } from "../../src/core/ids.ts";
import type { Book } from "./book.ts";
import type { Clients } from "./client.ts";
import { PAGE } from "./client.ts";
import type { Running } from "./faults.ts";
import type { LedgerFile } from "./ledger-file.ts";
import { checkRunsOnce } from "./runs.ts";

const LOOK_EVERY_MS = 150;

/** Looks at some of the jobs again and again, one look after the other: what was acknowledged is there, and what is over stays as it is. */
export async function watchJobs(clients: Clients, servers: number, book: Book, run: Running): Promise<void> {
  const random = new Random(1);
  while (!run.isOver) {
    await run.pause(LOOK_EVERY_MS);
    const asked = someOf(book, random);
    const found = await clients.describe(random.int(0, servers - 1), asked);
    if (found === undefined) continue;
    const ids = new Set(found.map(({ id }) => id));
    for (const id of asked)
      if (!ids.has(id)) book.findings.push(`job ${id} was acknowledged, and a server does not know it`);
    for (const job of found) book.saw(job);
  }
}

/** Old and new ones. */
function someOf({ acknowledged }: Book, random: Random): string[] {
  const ids = new Set<string>();
  for (let count = 0; count < PAGE && acknowledged.length > 0; count += 1) {
    const { id, intent } = random.pick(random.chance(0.5) ? acknowledged : acknowledged.slice(-30));
    const { arraySize } = intent.shape;
    ids.add(arraySize === undefined || random.chance(0.5) ? id : childId(id, random.int(0, arraySize - 1)));
  }
  return [...ids];
}

/** Reads what the jobs note as they run. Nothing runs twice. */
export async function watchLedger(ledger: LedgerFile, book: Book, run: Running): Promise<void> {
  while (!run.isOver) {
    await run.pause(LOOK_EVERY_MS);
    ledger.read();
    if (book.findings.length === 0) book.findings.push(...checkRunsOnce(ledger.entries));
  }
}
