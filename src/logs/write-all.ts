import { writeSync } from "node:fs";

/** Writes every byte (one write may take only part of them). Without a position: at the file's end, or where it stands. */
export function writeAll(file: number, bytes: Buffer, position?: number): void {
  let done = 0;
  while (done < bytes.length) {
    const at = position === undefined ? null : position + done;
    done += writeSync(file, bytes, done, bytes.length - done, at);
  }
}
