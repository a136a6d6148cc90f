import { Command } from "commander";
import { EXIT, Failure } from "../failure.ts";
import { printResult, StatusLine } from "../output.ts";
import { asFailure } from "../store-failure.ts";
import { table } from "../text.ts";

interface CopyOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}

export function storeCommand(): Command {
  const store = new Command("store").summary("copy a store, between SQLite and PostgreSQL too");
  store.addCommand(
    new Command("copy")
      .summary("copy everything that is kept to an empty store, and compare the two")
      .description(
        "Copies jobs, resources, keys and the rest to an empty store, reads all of it again and compares. A store in a data directory must not be in use; a PostgreSQL may be: its copy is of one moment. Logs and running attempts stay in the data directory: go on with the same one.",
      )
      .requiredOption("--from <store>", "a data directory, or postgres://user@host/database")
      .requiredOption("--to <store>", "a data directory, or postgres://user@host/database: an empty one")
      .option("--json", "print JSON")
      .action(copy),
  );
  return store;
}

async function copy({ from, to, json = false }: CopyOptions): Promise<void> {
  const { copyStores, shownStore } = await import("../../compose/stores.ts");
  if (shownStore(from) === shownStore(to)) throw new Failure("--from and --to are the same store.", EXIT.usage);
  const line = new StatusLine(process.stderr);
  const show = (name: string, rows: number): void => line.show(`${name}: ${rows} rows`);
  const copied = await asFailure(() => copyStores(from, to, show)).finally(() => line.clear());
  const rows = copied
    .filter((one) => one.rows > 0)
    .map((one) => [one.table, String(one.rows), one.sha256.slice(0, 16)]);
  const text = `${table(["TABLE", "ROWS", "SHA-256"], rows)}
Copied ${shownStore(from)} to ${shownStore(to)}, and compared them.`;
  const data = { from: shownStore(from), to: shownStore(to), tables: copied };
  await printResult({ data, text, brief: "" }, json ? "json" : "human");
}
