import { once } from "node:events";
import type { Writable } from "node:stream";
import { neutral } from "../core/neutral.ts";
import { logLineForTerminal, oneLine } from "./neutral.ts";

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
  process.stderr.write(`${neutral(text)}\n`);
}

/** Writes text or JSON and a line end, and waits while the reader is slower than we are. */
export function writeLine(stream: Writable, text: string): Promise<void> {
  return write(stream, `${neutral(text)}\n`);
}

async function write(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, "drain");
}

const CHILD_COLOURS = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94] as const;

/**
 * Where job output goes. Lines of array children get their index in front, in a colour of their own on a terminal. What
 * a terminal would obey is shown instead when a terminal reads; to files and pipes, output goes as it is.
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
    await write(this.#stream, lines.map((line) => `${prefix}${line}\n`).join(""));
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

  show(line: string): void {
    if (!this.#stream.isTTY) return;
    const text = oneLine(line);
    const width = Math.max(20, this.#stream.columns || 80) - 1;
    this.#stream.write(`\r\u001b[2K${text.length > width ? `${text.slice(0, width - 1)}…` : text}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#stream.write("\r\u001b[2K");
    this.#shown = false;
  }
}

/** How a piece of a line looks. */
const STYLES = { bold: 1, dim: 2, reverse: 7, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export interface Piece {
  readonly text: string;
  readonly style?: keyof typeof STYLES;
}

export type ScreenLine = readonly Piece[];

/** All of a terminal, on its alternate screen: what was there before is there again when it is closed. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #coloured = (process.env.NO_COLOR ?? "") === "";
  readonly #restore = (): void => this.close();
  #isOpen = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  get width(): number {
    return Math.max(20, this.#stream.columns || 80);
  }

  get height(): number {
    return Math.max(5, this.#stream.rows || 24);
  }

  open(): void {
    this.#isOpen = true;
    process.once("exit", this.#restore);
    this.#stream.write("\u001b[?1049h\u001b[?25l\u001b[?7l");
  }

  /** Lines that do not fit are cut. */
  draw(lines: readonly ScreenLine[]): void {
    if (!this.#isOpen) return;
    const shown = lines.slice(0, this.height).map((line) => `${this.#painted(line)}\u001b[K`);
    this.#stream.write(`\u001b[H${shown.join("\r\n")}\u001b[J`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off("exit", this.#restore);
    this.#stream.write("\u001b[?7h\u001b[?25h\u001b[?1049l");
  }

  #painted(line: ScreenLine): string {
    let room = this.width;
    return line
      .map(({ text, style }) => {
        const shown = oneLine(text).slice(0, room);
        room -= shown.length;
        const code = style === undefined ? undefined : STYLES[style];
        const isPlain = code === undefined || (!this.#coloured && code >= STYLES.red);
        return isPlain ? shown : `\u001b[${code}m${shown}\u001b[0m`;
      })
      .join("");
  }
}
