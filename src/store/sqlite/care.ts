import type { DatabaseSync } from "node:sqlite";
import type { Tended } from "../../ports/store-care.ts";

/** Some milliseconds: each page is moved to another place, and what leads to it is written anew. */
const PAGES_PER_STEP = 64;
/** What is free and less than that is soon in use again: 8 MiB, and one page in twenty. */
const KEPT_FREE_PAGES = 2_000;
const KEPT_FREE_SHARE = 0.05;

/** Makes the file a little shorter, if much of it is free. Files that an early Longshore made cannot become shorter: what is free is used again. */
export function giveBackPages(sqlite: DatabaseSync): Exclude<Tended, "busy"> {
  const number = (pragma: string): number => Number(Object.values(sqlite.prepare(`PRAGMA ${pragma}`).get()!)[0]);
  const free = number("freelist_count");
  const kept = Math.max(KEPT_FREE_PAGES, Math.floor(number("page_count") * KEPT_FREE_SHARE));
  if (free <= kept || number("auto_vacuum") !== INCREMENTAL) return "done";
  sqlite.exec(`PRAGMA incremental_vacuum(${Math.min(PAGES_PER_STEP, free - kept)})`);
  return "more";
}

const INCREMENTAL = 2;
