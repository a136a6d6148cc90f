/**
 * A mark notes that the bytes of a log before `end`, from the previous mark's `end` on, arrived at `time` (epoch ms). Both
 * never decrease along a log. Bytes behind the last mark have not been noted yet.
 *
 * On disk a mark is 12 bytes, two unsigned 48-bit numbers, so that the n-th one is found without reading the others and a torn last one
 * shows in the file's size.
 */
export interface Mark {
  readonly end: number;
  readonly time: number;
}

export const MARK_BYTES = 12;

/** Output that arrives within this time after the log's birth, or after the previous mark, needs no mark of its own. */
export const MARK_INTERVAL_MS = 50;

export function encodeMarks(marks: readonly Mark[]): Buffer {
  const bytes = Buffer.alloc(marks.length * MARK_BYTES);
  marks.forEach((mark, index) => {
    bytes.writeUIntBE(mark.end, index * MARK_BYTES, 6);
    bytes.writeUIntBE(mark.time, index * MARK_BYTES + 6, 6);
  });
  return bytes;
}

/** `bytes` holds at least `(index + 1) * MARK_BYTES`. */
export function decodeMark(bytes: Buffer, index: number): Mark {
  const offset = index * MARK_BYTES;
  return { end: bytes.readUIntBE(offset, 6), time: bytes.readUIntBE(offset + 6, 6) };
}

interface FileTimes {
  readonly birthtimeMs: number;
  readonly mtimeMs: number;
}

/**
 * When bytes without a mark arrived, as far as the file tells: with the file's birth when it was never written later than one
 * interval after it, else when it was last written. (A restored copy is younger than its last write: then that write counts.)
 */
export function unmarkedTime(file: FileTimes): number {
  const late = file.mtimeMs - file.birthtimeMs > MARK_INTERVAL_MS;
  return Math.max(0, Math.floor(late ? file.mtimeMs : Math.min(file.birthtimeMs, file.mtimeMs)));
}
