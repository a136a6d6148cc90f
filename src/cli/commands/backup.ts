import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { adminRequest } from "../admin-call.ts";
import type { Place } from "../backup/place.ts";
import { placed, placeFor } from "../backup/place.ts";
import type { Received, Watch } from "../backup/receive.ts";
import { receiveBackup } from "../backup/receive.ts";
import { clientCommand, withConnection, type ClientOptions } from "../command.ts";
import { dataDirOf, endpointOf, readServerFile } from "../connection.ts";
import { EXIT, Failure } from "../failure.ts";
import { isReady } from "../local-server.ts";
import { modeOf, printResult, StatusLine, type Result } from "../output.ts";
import { count } from "../text.ts";
import { StartError } from "../../compose/start-error.ts";

interface Options extends ClientOptions {
  readonly logs?: boolean;
  readonly secretKey?: boolean;
}

export function backupCommand(): Command {
  return clientCommand("backup")
    .summary("copy the store of a server into one file, while it runs or not (docs/backup.md)")
    .description(
      "Copies the store, consistent at one moment, into one SQLite file, and checks it. With --logs or --secret-key it is a directory. The server goes on meanwhile; without one that runs, the data directory itself is read. What is there already is never replaced.",
    )
    .argument("[path]", "the file, or a directory in which it gets a name with the time", ".")
    .option("--logs", "with the output of jobs")
    .option(
      "--secret-key",
      "with the key file, read here from the data directory: whoever has it is as good as the server",
    )
    .action(backUp);
}

async function backUp(wanted: string, options: Options): Promise<void> {
  const { logs = false, secretKey = false } = options;
  const place = placeFor(wanted, logs || secretKey, Date.now());
  const dataDir = await stoppedDataDir(options);
  if (dataDir !== undefined) {
    return printResult(await backUpStopped(dataDir, place, options), modeOf(options));
  }
  const keyDir = secretKey ? keyDirOf(options) : undefined;
  await withConnection(options, (connection) =>
    backUpInto(place, keyDir, async (directory, watch) => {
      const response = await adminRequest(connection, "POST", "/longshore/backups", { body: { logs } });
      return receiveBackup(response.body as AsyncIterable<Uint8Array>, directory, watch);
    }),
  );
}

/** The data directory that is meant, if no server runs on it. */
async function stoppedDataDir(options: Options): Promise<string | undefined> {
  const isElsewhere = process.env.AWS_ENDPOINT_URL_BATCH || process.env.AWS_ENDPOINT_URL;
  if (options.endpoint !== undefined || (options.dataDir === undefined && isElsewhere)) return undefined;
  const dataDir = dataDirOf(options);
  if (!existsSync(join(dataDir, "longshore.db"))) return undefined;
  const server = readServerFile(dataDir);
  return server !== undefined && (await isReady(server.url)) ? undefined : dataDir;
}

async function backUpStopped(
  dataDir: string,
  place: Place,
  { logs = false, secretKey = false }: Options,
): Promise<Result> {
  const { backUpDirectory } = await import("../../compose/backup/offline-backup.ts");
  const clock = { now: () => Date.now() };
  return backUpInto(place, secretKey ? dataDir : undefined, (directory, watch) =>
    sound(() =>
      backUpDirectory(dataDir, directory, { logs }, clock, (done, of) => watch({ doing: "copying", done, of })),
    ),
  );
}

/** The key file is never sent: whoever may read it reads it. */
function keyDirOf(options: Options): string {
  const dataDir = dataDirOf(options);
  if (readServerFile(dataDir)?.url === endpointOf(options).url && existsSync(join(dataDir, "secret.key")))
    return dataDir;
  throw new Failure(
    "The key file is never sent over the network.",
    EXIT.usage,
    "Run this on the server's machine with --data-dir, or copy secret.key from its data directory yourself.",
  );
}

async function backUpInto(
  place: Place,
  keyDir: string | undefined,
  make: (directory: string, watch: Watch) => Promise<Received>,
): Promise<Result> {
  const status = new StatusLine(process.stderr);
  try {
    const made = await placed(place, async (directory) => {
      const received = await make(directory, ({ doing, done, of }) =>
        status.show(`${doing} the store: ${of === 0 ? `${done} rows` : `${Math.floor((100 * done) / of)} %`}`),
      );
      status.show("checking the copy");
      const { checkBackup } = await import("../../compose/backup/restore.ts");
      const contents = await sound(() => checkBackup(join(directory, "longshore.db")));
      if (keyDir !== undefined) copyFileSync(join(keyDir, "secret.key"), join(directory, "secret.key"));
      return { ...received, ...contents };
    });
    return resultOf(place, made, keyDir !== undefined);
  } finally {
    status.clear();
  }
}

/** A damaged store makes no backup. */
async function sound<T>(make: () => T | Promise<T>): Promise<T> {
  const { UnusableBackup } = await import("../../compose/backup/restore.ts");
  try {
    return await make();
  } catch (error) {
    if (error instanceof StartError) throw new Failure(error.message, EXIT.server);
    if (!(error instanceof UnusableBackup)) throw error;
    throw new Failure(
      `The backup was not made: ${error.message}`,
      EXIT.server,
      "Keep the last good backup, look at the disk, and restore.",
    );
  }
}

function resultOf(
  { path }: Place,
  { note, jobs, bytes, sha256, logFiles }: Received & { readonly jobs: number; readonly bytes: number },
  hasKey: boolean,
): Result {
  const madeAt = new Date(note.madeAt).toISOString();
  const logs = logFiles > 0 ? `, ${count(logFiles, "log file")}` : "";
  return {
    data: { backup: path, madeAt, version: note.version, jobs, bytes, sha256, logFiles, secretKey: hasKey },
    text: `Backup ${path} of ${madeAt}: ${count(jobs, "job")}, ${(bytes / 2 ** 20).toFixed(1)} MiB${logs}${hasKey ? ", with the key file" : ""}. Checked.`,
    brief: path,
  };
}
