import { StoreDamaged, StoreUnavailable } from "../../ports/store.ts";

const SQLITE_ERROR = 1;
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

export const DAMAGED = "The database in the data directory is damaged";
const NO_ACCESS = "The data directory cannot be written: check its owner and permissions.";

const DAMAGES: ReadonlyMap<number, string> = new Map([
  [SQLITE_CORRUPT, DAMAGED],
  [SQLITE_NOTADB, "The database file in the data directory is not a database"],
]);

const EXPLANATIONS: ReadonlyMap<number, string> = new Map([
  [SQLITE_PERM, NO_ACCESS],
  [SQLITE_READONLY, NO_ACCESS],
  [SQLITE_CANTOPEN, "The database in the data directory cannot be opened: check its owner and permissions."],
  [SQLITE_IOERR, "Reading or writing the data directory failed: check the disk. Nothing of this request was kept."],
  [
    SQLITE_FULL,
    "The disk of the data directory is full: free some space and try again. Nothing of this request was kept.",
  ],
]);

/** All JSON that SQL looks into is the store's own, and so is the schema that the statements were written for. */
const IS_DAMAGE = /malformed JSON|no such (table|column)|malformed database schema/;

export function isBusy(error: unknown): boolean {
  return primaryCode(error) === SQLITE_BUSY;
}

/** The operating errors as such; everything else is a mistake of ours and stays what it is. */
export function asUnavailable(error: unknown): unknown {
  const code = primaryCode(error) ?? -1;
  const isDamage = code === SQLITE_ERROR && IS_DAMAGE.test((error as Error).message);
  const damage = isDamage ? DAMAGED : DAMAGES.get(code);
  if (damage !== undefined) return new StoreDamaged(damage, { cause: error });
  const explanation = EXPLANATIONS.get(code);
  return explanation === undefined ? error : new StoreUnavailable(explanation, { cause: error });
}

function primaryCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}
