import { resolve } from "node:path";
import { Command, Option } from "commander";
import type { RestoreReport } from "../../compose/backup/restore.ts";
import { databaseUrlOption } from "../command.ts";
import { dataDirOf } from "../connection.ts";
import { EXIT, Failure } from "../failure.ts";
import { modeOf, printResult, type Result } from "../output.ts";
import { asFailure } from "../store-failure.ts";
import { count } from "../text.ts";

interface Options {
  readonly dataDir?: string;
  readonly databaseUrl?: string;
  readonly waiting: "run" | "fail";
  readonly takeOver?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function restoreCommand(): Command {
  return new Command("restore")
    .summary("put a backup in the place of a data directory's store (docs/backup.md)")
    .description(
      "Checks a backup and puts it in the place of a data directory's store, while no server runs there. What was there is kept under another name. Jobs that had not started run, but those that have left a trace of having begun since the backup: they fail, and say so.",
    )
    .argument("<backup>", "a backup's file or directory")
    .option("--data-dir <dir>", "where to (default: LONGSHORE_DATA_DIR, else ~/.longshore)")
    .addOption(databaseUrlOption())
    .addOption(
      new Option("--waiting <what>", "what becomes of jobs that had not started: they may have run since")
        .choices(["run", "fail"])
        .default("run"),
    )
    .option(
      "--take-over",
      "the server that was backed up is gone for good: its containers belong to the restored one (default: only in its own data directory)",
    )
    .option("--json", "print JSON")
    .addOption(new Option("-q, --quiet", "print nothing but errors").conflicts("json"))
    .action(restore);
}

async function restore(backup: string, options: Options): Promise<void> {
  const dataDir = dataDirOf(options);
  const [{ restoreBackup, UnusableBackup }, { systemClock }] = await Promise.all([
    import("../../compose/backup/restore.ts"),
    import("../../compose/clock.ts"),
  ]);
  try {
    const report = await asFailure(() =>
      restoreBackup({
        ...{ backup: resolve(backup), dataDir, clock: systemClock },
        databaseUrl: options.databaseUrl,
        ...{ waiting: options.waiting, takesOver: options.takeOver === true },
      }),
    );
    await printResult(resultOf(backup, dataDir, report), modeOf(options));
  } catch (error) {
    if (!(error instanceof UnusableBackup)) throw error;
    throw new Failure(error.message, EXIT.server, `Nothing was changed in ${dataDir}. Restore another backup.`);
  }
}

function resultOf(backup: string, dataDir: string, report: RestoreReport): Result {
  const { contents, kept, active, waiting, failed, revokedKeys, isSameCluster } = report;
  const madeAt = contents.note && new Date(contents.note.madeAt).toISOString();
  const lines = [
    `Restored ${backup}${madeAt === undefined ? "" : ` of ${madeAt}`} to ${dataDir}: ${count(contents.jobs, "job")}.`,
    ...kept.map((path) => `What was there before is ${path}`),
    ...(active > 0
      ? [`${count(active, "job")} had started: what still runs goes on, the others count as lost with their host.`]
      : []),
    ...(waiting > 0 ? [waitingText(waiting)] : []),
    ...(failed > 0
      ? [`${count(failed, "job")} fail: they may have run since the backup, and their status says so.`]
      : []),
    ...(isSameCluster
      ? []
      : [
          "This store is another one from now on: containers that the server which was backed up has started are not its own. If that server is gone for good, restore again with --take-over.",
        ]),
    ...(revokedKeys > 0
      ? [
          `${count(revokedKeys, "access key")} had to be revoked, as the key file that they are sealed with is not here: make new ones with \`longshore credentials create\`, or put secret.key into the data directory and restore again.`,
        ]
      : []),
    `Start the server: longshore up --data-dir ${dataDir}`,
  ];
  const { note, jobs } = contents;
  const { hasKey } = report;
  return {
    data: {
      ...{ dataDir, madeAt, version: note?.version, jobs, kept, active, waiting, failed, revokedKeys },
      ...{ isSameCluster, hasKey },
    },
    text: lines.join("\n"),
    brief: "",
  };
}

function waitingText(waiting: number): string {
  return `${count(waiting, "job")} had not started and will run. Whether one has run since the backup without leaving a trace here, nobody knows: --waiting fail restores without running any.`;
}
