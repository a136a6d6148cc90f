import { closeSync, openSync, readSync, writeFileSync } from "node:fs";

/** What an attempt noted of itself. The order of entries is that in which they were written. */
export interface Entry {
  readonly word: "began" | "told" | "ended";
  /** New with each execution. */
  readonly run: string;
  readonly jobId: string;
  readonly attempt: number;
  /** Name of the container. */
  readonly unit: string;
  /** What it is about to end with. */
  readonly exitCode?: number;
}

const LINE = /^(began|told|ended) ([0-9a-f-]{36}) (\S+) (\d+) (\S+) (-|\d+)$/;

/** Undefined for what no attempt of ours writes. */
export function parseEntry(line: string): Entry | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [word, run, jobId, attempt, unit, code] = match.slice(1) as [Entry["word"], ...string[]];
  return {
    ...{ word, run: run!, jobId: jobId!, attempt: Number(attempt), unit: unit! },
    ...(code !== "-" && { exitCode: Number(code) }),
  };
}

/** The file that jobs append to, read as it grows. */
export class LedgerFile {
  readonly path: string;
  readonly entries: Entry[] = [];
  /** Lines that no attempt of ours writes. */
  readonly strange: string[] = [];
  #offset = 0;
  #rest = "";

  constructor(path: string) {
    this.path = path;
    writeFileSync(path, "");
  }

  /** Reads on. Returns what is new. */
  read(): Entry[] {
    const lines = (this.#rest + this.#readText()).split("\n");
    this.#rest = lines.pop()!;
    const fresh = lines.flatMap((line) => {
      const entry = parseEntry(line);
      if (entry === undefined) this.strange.push(line);
      return entry ?? [];
    });
    this.entries.push(...fresh);
    return fresh;
  }

  #readText(): string {
    const file = openSync(this.path, "r");
    try {
      let text = "";
      const buffer = Buffer.alloc(65_536);
      for (;;) {
        const length = readSync(file, buffer, 0, buffer.length, this.#offset);
        if (length === 0) return text;
        this.#offset += length;
        text += buffer.toString("latin1", 0, length);
      }
    } finally {
      closeSync(file);
    }
  }
}
