/** The part of a log that is in memory: whole pages, in order, none missing between them. It grows at either end and lets go at the other. */

export interface LogLine {
  /** Stands for the line while the window is open; one more than that of the line before. */
  readonly seq: number;
  /** Epoch ms. */
  readonly timestamp: number;
  readonly message: string;
}

export interface LogPage {
  readonly lines: readonly Omit<LogLine, "seq">[];
  /** Where reading goes on before and after this page. */
  readonly before: string;
  readonly after: string;
}

export interface LogRead {
  /** Without one: from the log's end backward, or from its beginning when `fromHead`. */
  readonly token?: string;
  readonly fromHead?: boolean;
  readonly startTime?: number;
  readonly limit: number;
}

export type ReadLog = (read: LogRead) => Promise<LogPage>;

export interface LogView {
  readonly lines: readonly LogLine[];
  /** Nothing was read yet. */
  readonly isOpening: boolean;
  readonly isAtStart: boolean;
  /** As far as is known: the log may have grown since. */
  readonly isAtEnd: boolean;
  readonly error?: unknown;
}

interface Page {
  readonly lines: readonly LogLine[];
  readonly before: string;
  readonly after: string;
  readonly characters: number;
}

const PAGE_LINES = 10_000;
const FIRST_LINES = 1_000;
/** Pages are let go beyond these, at the end where nobody looks. */
const MOST_LINES = 60_000;
const MOST_CHARACTERS = 24_000_000;
/** How far is looked for a line among those of one time. */
const MOST_PAGES_OF_A_TIME = 300;
/** A page may be empty where the log is full of empty lines, and still not be the last. */
const MOST_EMPTY_PAGES = 200;

export class LogWindow {
  readonly #read: ReadLog;
  readonly #listeners = new Set<() => void>();
  #pages: Page[] = [];
  #view: LogView = { lines: [], isOpening: true, isAtStart: false, isAtEnd: false };
  /** What was asked of a window that is open no more is thrown away. */
  #opened = 0;
  #work: Promise<unknown> = Promise.resolve();
  /** Nobody is shown what is only passed by. */
  #isSeeking = false;

  constructor(read: ReadLog) {
    this.#read = read;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): LogView => this.#view;

  /** Shows the log's last lines, or its first. */
  open(end: "head" | "tail"): Promise<void> {
    const read: LogRead = { limit: FIRST_LINES, ...(end === "head" && { fromHead: true }) };
    return this.#open(read, end);
  }

  /**
   * Shows the log from a time on. Gives the first line of it for which `isIt` holds. Output that comes fast has one time for very many lines, of which
   * those before that line are let go again.
   */
  async openAt(time: number, isIt: (line: Omit<LogLine, "seq">) => boolean): Promise<LogLine | undefined> {
    this.#isSeeking = true;
    const found = await this.#seek(time, isIt);
    this.#isSeeking = false;
    this.#tell();
    return found;
  }

  async #seek(time: number, isIt: (line: Omit<LogLine, "seq">) => boolean): Promise<LogLine | undefined> {
    await this.#open({ limit: PAGE_LINES, fromHead: true, startTime: time }, "middle");
    let seen = -1;
    for (let pages = 0; pages < MOST_PAGES_OF_A_TIME; pages += 1) {
      const { lines } = this.#view;
      const found = lines.find((line) => line.seq > seen && line.timestamp >= time && isIt(line));
      const last = lines.at(-1);
      if (found !== undefined || last === undefined || last.timestamp > time) return found;
      seen = last.seq;
      if (!(await this.readAfter())) return undefined;
    }
    return undefined;
  }

  /** Reads on at the end. False when there was nothing more. */
  readAfter(): Promise<boolean> {
    return this.#extend("after");
  }

  /** Reads what comes before. False when there was nothing. */
  readBefore(): Promise<boolean> {
    return this.#extend("before");
  }

  #open(read: LogRead, place: "head" | "tail" | "middle"): Promise<void> {
    this.#opened += 1;
    const opened = this.#opened;
    return this.#next(async () => {
      const answer = await this.#tryRead(read);
      if (opened !== this.#opened || answer === undefined) return;
      this.#pages = [toPage(answer, 0)];
      // What came later than the tail is not yet read, and is asked for by who follows.
      this.#show({ isAtStart: place === "head", isAtEnd: place === "tail" });
    });
  }

  #extend(side: "before" | "after"): Promise<boolean> {
    const opened = this.#opened;
    return this.#next(async () => {
      for (let empty = 0; empty < MOST_EMPTY_PAGES; empty += 1) {
        const edge = side === "after" ? this.#pages.at(-1) : this.#pages[0];
        if (edge === undefined || opened !== this.#opened) return false;
        const token = edge[side];
        const answer = await this.#tryRead({ token, limit: PAGE_LINES });
        if (opened !== this.#opened || answer === undefined) return false;
        this.#add(answer, side);
        const isOver = answer.lines.length === 0 && answer[side] === token;
        if (answer.lines.length > 0 || isOver) {
          this.#show(side === "after" ? { isAtEnd: isOver } : { isAtStart: isOver });
          return !isOver;
        }
      }
      return false;
    });
  }

  #add(answer: LogPage, side: "before" | "after"): void {
    const edge = side === "after" ? this.#pages.at(-1)! : this.#pages[0]!;
    const { before, after } = answer;
    if (answer.lines.length === 0) {
      // Its token alone is news.
      const moved = side === "after" ? { ...edge, after } : { ...edge, before };
      if (side === "after") this.#pages[this.#pages.length - 1] = moved;
      else this.#pages[0] = moved;
    } else if (side === "after") {
      this.#pages.push(toPage(answer, seqAfter(this.#pages)));
      this.#letGo("before");
    } else {
      this.#pages.unshift(toPage(answer, seqBefore(this.#pages) - answer.lines.length));
      this.#letGo("after");
    }
  }

  #letGo(side: "before" | "after"): void {
    while (this.#pages.length > 2 && this.#isLarge()) {
      if (side === "before") this.#pages.shift();
      else this.#pages.pop();
      this.#view = { ...this.#view, ...(side === "before" ? { isAtStart: false } : { isAtEnd: false }) };
    }
  }

  #isLarge(): boolean {
    const lines = this.#pages.reduce((sum, page) => sum + page.lines.length, 0);
    const characters = this.#pages.reduce((sum, page) => sum + page.characters, 0);
    return lines > MOST_LINES || characters > MOST_CHARACTERS;
  }

  async #tryRead(read: LogRead): Promise<LogPage | undefined> {
    try {
      return await this.#read(read);
    } catch (error) {
      this.#view = { ...this.#view, isOpening: false, error };
      this.#tell();
      return undefined;
    }
  }

  #show(change: Partial<LogView>): void {
    const { error: _, ...view } = this.#view;
    const lines = this.#pages.flatMap((page) => page.lines);
    this.#view = { ...view, isOpening: false, lines, ...change };
    this.#tell();
  }

  #tell(): void {
    if (this.#isSeeking) return;
    for (const listener of this.#listeners) listener();
  }

  /** One read at a time: each begins where the one before it ended. */
  #next<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#work.then(work);
    this.#work = result.catch(() => undefined);
    return result;
  }
}

function seqAfter(pages: readonly Page[]): number {
  return (pages.findLast(({ lines }) => lines.length > 0)?.lines.at(-1)?.seq ?? -1) + 1;
}

function seqBefore(pages: readonly Page[]): number {
  return pages.find(({ lines }) => lines.length > 0)?.lines[0]?.seq ?? 0;
}

function toPage({ lines, before, after }: LogPage, firstSeq: number): Page {
  return {
    lines: lines.map((line, index) => ({ ...line, seq: firstSeq + index })),
    before,
    after,
    characters: lines.reduce((sum, { message }) => sum + message.length, 0),
  };
}
