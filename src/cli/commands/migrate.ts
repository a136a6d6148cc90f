import { Command } from "commander";
import { databaseUrlOption } from "../command.ts";
import { dataDirOf } from "../connection.ts";
import { EXIT } from "../failure.ts";
import { printResult } from "../output.ts";
import { asFailure } from "../store-failure.ts";

interface MigrateOptions {
  readonly databaseUrl?: string;
  readonly dataDir?: string;
  readonly check?: boolean;
  readonly json?: boolean;
}

export function migrateCommand(): Command {
  return new Command("migrate")
    .summary("bring a store to this version's schema")
    .description(
      "Brings a store to this version's schema, as `longshore up` does by itself. Before a rolling upgrade of several servers on one PostgreSQL it can be done apart: servers of the version before go on with it.",
    )
    .addOption(databaseUrlOption())
    .option("--data-dir <dir>", "of a store in a data directory (default: LONGSHORE_DATA_DIR, else ~/.longshore)")
    .option("--check", "change nothing; exit with 1 when there is something to do")
    .option("--json", "print JSON")
    .action(migrate);
}

async function migrate(options: MigrateOptions): Promise<void> {
  const { migrateStore, schemaOf, shownStore } = await import("../../compose/stores.ts");
  const name = options.databaseUrl ?? dataDirOf(options);
  const { schema, wanted } = await asFailure(() => (options.check === true ? schemaOf(name) : migrateStore(name)));
  const isBehind = schema < wanted;
  const text = {
    checked: isBehind ? `is at schema ${schema}; this version has ${wanted}` : `is up to date, at schema ${schema}`,
    migrated: isBehind ? `was at schema ${schema} and is at ${wanted} now` : `was up to date, at schema ${schema}`,
  }[options.check === true ? "checked" : "migrated"];
  const store = shownStore(name);
  const data = { store, before: schema, after: options.check === true ? schema : Math.max(schema, wanted), wanted };
  await printResult({ data, text: `${store} ${text}.`, brief: "" }, options.json === true ? "json" : "human");
  if (options.check === true && schema !== wanted) process.exitCode = EXIT.jobFailed;
}
