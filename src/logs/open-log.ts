import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { MarkTable } from "./mark-table.ts";
import { unmarkedTime } from "./mark.ts";
import { CUT_BACK_BYTES } from "./segments.ts";
import type { Window } from "./segments.ts";
import { isSystemError } from "./system-error.ts";

/** One log as it is at one moment: later growth is not seen. */
export interface OpenLog {
  readonly size: number;
  /** Nothing will be added: a last line without a line end is a line. */
  readonly complete: boolean;
  readonly marks: MarkTable;
  /** Epoch ms: when the bytes behind the last mark arrived. */
  readonly tailTime: number;
  /** The bytes from `from` to `to`, as far as there are any, with the few before them that cutting long lines needs. */
  window(from: number, to: number): Promise<Window>;
}

/** Opens a log for the time that `use` takes; undefined when there is no such log. */
export async function withLog<T>(
  paths: { readonly log: string; readonly marks: string },
  complete: boolean,
  use: (log: OpenLog) => Promise<T>,
): Promise<T | undefined> {
  const file = await openIfThere(paths.log);
  if (file === undefined) return undefined;
  try {
    const marks = await openIfThere(paths.marks);
    try {
      return await use(await snapshot(file, marks, complete));
    } finally {
      await marks?.close();
    }
  } finally {
    await file.close();
  }
}

async function snapshot(file: FileHandle, marksFile: FileHandle | undefined, complete: boolean): Promise<OpenLog> {
  const stat = await file.stat();
  const marks = await MarkTable.open(marksFile);
  const last = await marks.last();
  const size = stat.size;
  return {
    size,
    complete,
    marks,
    tailTime: Math.max(last?.time ?? 0, unmarkedTime(stat)),
    async window(from, to) {
      const offset = Math.max(0, from - CUT_BACK_BYTES);
      const end = Math.max(offset, Math.min(to, size));
      const bytes = await readFully(file, offset, end - offset);
      return { offset, bytes, complete: complete && end === size };
    },
  };
}

/** Shorter than asked for only when the file has been cut off meanwhile. */
async function readFully(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}
