import { createHash, type Hash } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BackupNote, BackupPart } from "../../ports/backups.ts";
import { LOG_FILE, STORE_FILE } from "../../ports/backups.ts";
import { EXIT, Failure } from "../failure.ts";

export interface Received {
  readonly note: BackupNote;
  readonly logFiles: number;
  /** Of the store: hexadecimal digits. */
  readonly sha256: string;
}

export type Watch = (part: {
  readonly doing: "copying" | "receiving";
  readonly done: number;
  readonly of: number;
}) => void;

const LINE_FEED = 0x0a;
/** No line of a backup is longer. */
const MAX_LINE_BYTES = 64 * 1024;

/**
 * Writes what a server sends to a directory: synced, each file with the checksum that the server has made of it.
 *
 * @throws Failure when it is not whole.
 */
export async function receiveBackup(
  parts: AsyncIterable<Uint8Array>,
  directory: string,
  watch: Watch,
): Promise<Received> {
  const receiver = new Receiver(directory, watch);
  try {
    for await (const bytes of parts) await receiver.take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return receiver.result();
  } finally {
    await receiver.close();
  }
}

interface OpenFile {
  readonly name: string;
  readonly bytes: number;
  readonly handle: FileHandle;
  readonly hash: Hash;
  left: number;
}

class Receiver {
  readonly #directory: string;
  readonly #watch: Watch;
  #line: Buffer = Buffer.alloc(0);
  #file: OpenFile | undefined;
  #sha256: string | undefined;
  #logFiles = 0;
  #note: BackupNote | undefined;

  constructor(directory: string, watch: Watch) {
    this.#directory = directory;
    this.#watch = watch;
  }

  async take(bytes: Buffer): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#file !== undefined && this.#file.left > 0) rest = await this.#write(this.#file, rest);
      else rest = await this.#read(rest);
    }
  }

  result(): Received {
    if (this.#note === undefined || this.#sha256 === undefined) throw broken("the server ended it too early");
    return { note: this.#note, logFiles: this.#logFiles, sha256: this.#sha256 };
  }

  async close(): Promise<void> {
    await this.#file?.handle.close();
    this.#file = undefined;
  }

  async #write(file: OpenFile, bytes: Buffer): Promise<Buffer> {
    const own = bytes.subarray(0, file.left);
    await file.handle.appendFile(own);
    file.hash.update(own);
    file.left -= own.length;
    this.#watch({ doing: "receiving", done: file.bytes - file.left, of: file.bytes });
    return bytes.subarray(own.length);
  }

  /** Returns what comes after the line's end. */
  async #read(bytes: Buffer): Promise<Buffer> {
    const end = bytes.indexOf(LINE_FEED);
    const line = Buffer.concat([this.#line, end < 0 ? bytes : bytes.subarray(0, end)]);
    if (line.length > MAX_LINE_BYTES) throw broken("what answers is no Longshore server of this version");
    this.#line = end < 0 ? line : Buffer.alloc(0);
    if (end < 0) return Buffer.alloc(0);
    await this.#part(parsed(line));
    return bytes.subarray(end + 1);
  }

  async #part(part: BackupPart): Promise<void> {
    switch (part.kind) {
      case "progress":
        return this.#watch({ doing: "copying", done: part.copied, of: part.total });
      case "file":
        return this.#begin(part.name, part.bytes);
      case "checksum":
        return this.#end(part.sha256);
      case "done":
        this.#note = part.note;
        return;
      case "failed":
        throw broken(part.message);
      default:
        throw broken("what answers is no Longshore server of this version");
    }
  }

  /** Only files of a backup, wherever the bytes come from. */
  async #begin(name: string, bytes: number): Promise<void> {
    if (this.#file !== undefined || (name !== STORE_FILE && !LOG_FILE.test(name))) {
      throw broken(`the server sent a file that is no part of one: ${JSON.stringify(name.slice(0, 100))}`);
    }
    const path = join(this.#directory, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(path, "wx", 0o600);
    this.#file = { name, bytes, handle, hash: createHash("sha256"), left: bytes };
  }

  async #end(expected: string): Promise<void> {
    const file = this.#file;
    if (file === undefined || file.left > 0) throw broken("the server sent a checksum of nothing");
    await file.handle.sync();
    await this.close();
    const sha256 = file.hash.digest("hex");
    if (sha256 !== expected) throw broken(`${file.name} came with other bytes than the server sent`);
    if (file.name === STORE_FILE) this.#sha256 = sha256;
    else this.#logFiles += 1;
  }
}

function parsed(line: Buffer): BackupPart {
  try {
    return JSON.parse(line.toString("utf8")) as BackupPart;
  } catch {
    throw broken("what answers is no Longshore server of this version");
  }
}

function broken(why: string): Failure {
  return new Failure(`The backup was not made: ${why}`, EXIT.server, "Nothing of it was kept. Try again.");
}
