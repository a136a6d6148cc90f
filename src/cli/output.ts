import { once } from "node:events";
import type { Writable } from "node:stream";
import { logLineForTerminal } from "./text.ts";

/** How a command's result is printed. */
export type OutputMode = "human" | "json" | "quiet";

/**
 * What a command found, in all three forms, so that none can be forgotten. `data` has the API's own shapes. `brief` is for
 * --quiet: ids or names, one per line.
 */
export interface Result {
  readonly data: unknown;
  readonly text: string;
  readonly brief: string;
  readonly exitCode?: number;
}

export function modeOf(options: { json?: boolean; quiet?: boolean }): OutputMode {
  if (options.json === true) return "json";
  return options.quiet === true ? "quiet" : "human";
}

/** Prints the result of a command on stdout; nothing when its form is empty. */
export async function printResult(result: Result, mode: OutputMode): Promise<void> {
  switch (mode) {
    case "json":
      return writeLine(process.stdout, JSON.stringify(result.data, null, 2));
    case "quiet":
      return result.brief === "" ? undefined : writeLine(process.stdout, result.brief);
    case "human":
      return result.text === "" ? undefined : writeLine(process.stdout, result.text);
  }
}

/** Writes to stderr what the user should know and no program reads. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Writes text and a line end, and waits while the reader is slower than we are. */
export async function writeLine(stream: Writable, text: string): Promise<void> {
  if (!stream.write(`${text}\n`)) await once(stream, "drain");
}

const CHILD_COLOURS = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94] as const;

/**
 * Where job output goes. Lines of array children get their index in front, in a colour of their own on a terminal. Bytes that
 * a terminal would obey are taken out only when a terminal reads.
 */
export class LogPrinter {
  readonly #stream: NodeJS.WriteStream;
  readonly #beforeWrite: () => void;
  readonly #coloured: boolean;

  constructor(stream: NodeJS.WriteStream, beforeWrite: () => void = () => undefined) {
    this.#stream = stream;
    this.#beforeWrite = beforeWrite;
    this.#coloured = stream.isTTY && (process.env.NO_COLOR ?? "") === "";
  }

  async print(child: number | undefined, messages: readonly string[]): Promise<void> {
    if (messages.length === 0) return;
    const prefix = this.#prefix(child);
    const lines = this.#stream.isTTY ? messages.map(logLineForTerminal) : messages;
    this.#beforeWrite();
    await writeLine(this.#stream, lines.map((line) => prefix + line).join("\n"));
  }

  #prefix(child: number | undefined): string {
    if (child === undefined) return "";
    if (!this.#coloured) return `[${child}] `;
    return `\u001b[${CHILD_COLOURS[child % CHILD_COLOURS.length] ?? 0}m[${child}]\u001b[0m `;
  }
}

/** One live line at the bottom of a terminal. Without a terminal it shows nothing. */
export class StatusLine {
  readonly #stream: NodeJS.WriteStream;
  #shown = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(text: string): void {
    if (!this.#stream.isTTY) return;
    const width = Math.max(20, this.#stream.columns || 80) - 1;
    this.#stream.write(`\r\u001b[2K${text.length > width ? `${text.slice(0, width - 1)}…` : text}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#stream.write("\r\u001b[2K");
    this.#shown = false;
  }
}
