import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { BackupPart } from "../../ports/backups.ts";

const CHUNK_BYTES = 256 * 1024;

export function lineOf(part: BackupPart): Buffer {
  return Buffer.from(`${JSON.stringify(part)}\n`);
}

/** A file as part of a backup: as long as it was when it was opened. One that is not there any more is no part. */
export async function* fileParts(path: string, name: string): AsyncGenerator<Buffer> {
  const file = await open(path, "r").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    const { size } = await file.stat();
    yield lineOf({ kind: "file", name, bytes: size });
    const hash = createHash("sha256");
    for (let at = 0; at < size;) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error(`${name} became shorter while it was read`);
      const bytes = buffer.subarray(0, bytesRead);
      hash.update(bytes);
      at += bytesRead;
      yield bytes;
    }
    yield lineOf({ kind: "checksum", sha256: hash.digest("hex") });
  } finally {
    await file.close();
  }
}
