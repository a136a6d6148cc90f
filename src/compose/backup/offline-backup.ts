import { copyFileSync, createReadStream } from "node:fs";
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BackupNote, WantedBackup } from "../../ports/backups.ts";
import { STORE_FILE } from "../../ports/backups.ts";
import type { Clock } from "../../ports/clock.ts";
import { makeCopy, logFilesOf } from "./backups.ts";
import { openDataDirectory } from "../data-directory.ts";
import { openSecrets } from "../secrets.ts";

/**
 * A backup of a data directory on which no server runs, into another directory. Until it is made, none can start.
 *
 * @throws StartError when a server runs.
 */
export async function backUpDirectory(
  dataDir: string,
  directory: string,
  { logs }: WantedBackup,
  clock: Pick<Clock, "now">,
  progress: (copied: number, total: number) => void,
): Promise<{ readonly note: BackupNote; readonly logFiles: number; readonly sha256: string }> {
  const database = openDataDirectory(dataDir);
  try {
    const { fingerprint: keyFingerprint } = openSecrets(dataDir);
    const source = { database, dataDir, clock, keyFingerprint };
    const path = join(directory, STORE_FILE);
    const note = await makeCopy(source, path, { progress });
    const names = logs ? await logFilesOf(dataDir) : [];
    for (const name of names) {
      await mkdir(dirname(join(directory, name)), { recursive: true, mode: 0o700 });
      copyFileSync(join(dataDir, name), join(directory, name));
    }
    return { note, logFiles: names.length, sha256: await sha256Of(path) };
  } finally {
    await database.close();
  }
}

/** Hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(bytes as Buffer);
  return hash.digest("hex");
}
