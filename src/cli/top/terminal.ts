import { emitKeypressEvents } from "node:readline";
import type { Explanation } from "../../core/explain/explanation.ts";
import { adminCall } from "../admin-call.ts";
import type { Connection } from "../connection.ts";
import { explanationText } from "../explanation-text.ts";
import { toFailure } from "../failure.ts";
import type { ScreenLine } from "../output.ts";
import { Screen } from "../output.ts";
import { News } from "./news.ts";
import type { TopSnapshot } from "./snapshot.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { View } from "./view.ts";
import { linesOf, sorted, SORTS } from "./view.ts";

/** What jobs use changes without an event. */
const TICK_MS = 5_000;
/** Where no event can be heard. */
const DEAF_TICK_MS = 2_000;
/** Between two looks, however much happens. */
const LEAST_MS = 250;
const KEYS = "q quit  s sort  / queue  up/down select  Enter explain  k terminate";

interface Key {
  readonly name?: string | undefined;
  readonly sequence?: string | undefined;
  readonly ctrl?: boolean | undefined;
}

type Mode =
  | { readonly kind: "jobs" }
  | { readonly kind: "filter"; readonly text: string }
  | { readonly kind: "kill"; readonly jobId: string; readonly jobName: string }
  | { readonly kind: "text"; readonly lines: readonly string[]; readonly from: number };

/** The live view. Resolves when the user has had enough, or a signal says so; the terminal is then as it was. */
export function watchTop(connection: Connection, view: View): Promise<void> {
  return new Terminal(connection, view).run();
}

class Terminal {
  readonly #connection: Connection;
  readonly #screen = new Screen(process.stdout);
  readonly #over = Promise.withResolvers<void>();
  #view: View;
  #mode: Mode = { kind: "jobs" };
  #snapshot: TopSnapshot | undefined;
  /** What the user should know: that the server does not answer, what became of a request. */
  #said = "";
  #isLooking = false;
  /** Something has happened that is not shown yet. */
  #hasNews = false;
  readonly #news = new News(() => this.#hear());
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: Connection, view: View) {
    this.#connection = connection;
    this.#view = view;
  }

  async run(): Promise<void> {
    const { stdin, stdout } = process;
    const redraw = (): void => this.#draw();
    const end = (): void => this.#over.resolve();
    const press = (_: string | undefined, key: Key): void => void this.#press(key);
    this.#screen.open();
    emitKeypressEvents(stdin);
    stdin.setRawMode(true);
    stdin.on("keypress", press);
    stdin.on("end", end);
    stdout.on("resize", redraw);
    for (const signal of SIGNALS) process.on(signal, end);
    try {
      this.#draw();
      void this.#look();
      void this.#news.follow(this.#connection);
      await this.#over.promise;
    } finally {
      this.#news.end();
      clearTimeout(this.#timer);
      stdin.off("keypress", press);
      stdin.off("end", end);
      stdout.off("resize", redraw);
      for (const signal of SIGNALS) process.off(signal, end);
      stdin.setRawMode(false);
      stdin.pause();
      this.#screen.close();
    }
  }

  /** Many events are one piece of news: there is a look soon, but not more often than it can be read. */
  #hear(): void {
    if (this.#hasNews) return;
    this.#hasNews = true;
    if (!this.#isLooking) this.#lookIn(LEAST_MS);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  /** One look at a time; the next one when something happens, or some seconds after it. */
  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#hasNews = false;
    clearTimeout(this.#timer);
    try {
      this.#snapshot = await takeSnapshot(this.#connection, this.#view.filter);
      if (this.#said.startsWith(AWAY)) this.#said = "";
    } catch (error) {
      this.#said = `${AWAY}${wordsOf(error, this.#connection)}`;
    }
    this.#isLooking = false;
    this.#draw();
    this.#lookIn(this.#hasNews ? LEAST_MS : this.#news.isHeard ? TICK_MS : DEAF_TICK_MS);
  }

  #draw(): void {
    const { width, height } = this.#screen;
    const body = this.#body(width, height - 1).slice(0, height - 1);
    const blank = Array.from({ length: Math.max(0, height - 1 - body.length) }, (): ScreenLine => []);
    this.#screen.draw([...body, ...blank, this.#footer()]);
  }

  #body(width: number, room: number): readonly ScreenLine[] {
    if (this.#mode.kind === "text") return this.#mode.lines.slice(this.#mode.from).map((text) => [{ text }]);
    if (this.#snapshot === undefined) return [[{ text: "Looking ...", style: "dim" }]];
    return linesOf(this.#snapshot, this.#view, width, room);
  }

  #footer(): ScreenLine {
    switch (this.#mode.kind) {
      case "filter":
        return [{ text: `Queues with: ${this.#mode.text}_   (Enter: done, Esc: all queues)`, style: "reverse" }];
      case "kill":
        return [{ text: `Terminate ${this.#mode.jobName} (${this.#mode.jobId})? y/n`, style: "reverse" }];
      case "text":
        return [{ text: "up/down scroll  Esc back", style: "reverse" }];
      case "jobs": {
        const { sort, filter } = this.#view;
        const chosen = `by ${sort}${filter === "" ? "" : `, queues with "${filter}"`}`;
        return [{ text: this.#said === "" ? `${KEYS}   ${chosen}` : this.#said, style: "reverse" }];
      }
    }
  }

  async #press(key: Key): Promise<void> {
    if (key.ctrl === true && key.name === "c") return this.#over.resolve();
    this.#said = "";
    switch (this.#mode.kind) {
      case "jobs":
        await this.#pressAtJobs(key);
        break;
      case "filter":
        this.#pressAtFilter(this.#mode.text, key);
        break;
      case "kill":
        await this.#pressAtKill(this.#mode.jobId, key);
        break;
      case "text":
        this.#pressAtText(this.#mode, key);
    }
    this.#draw();
  }

  async #pressAtJobs({ name, sequence }: Key): Promise<void> {
    const { sort, filter, selected } = this.#view;
    const jobs = sorted(this.#snapshot?.jobs ?? [], sort);
    const at = jobs.findIndex(({ jobId }) => jobId === selected);
    if (name === "q") return this.#over.resolve();
    if (name === "s") this.#view = { ...this.#view, sort: SORTS[(SORTS.indexOf(sort) + 1) % SORTS.length]! };
    else if (sequence === "/") this.#mode = { kind: "filter", text: filter };
    else if (name === "down" || name === "up") {
      const next = at === -1 ? 0 : Math.max(0, Math.min(jobs.length - 1, at + (name === "down" ? 1 : -1)));
      this.#view = { ...this.#view, selected: jobs[next]?.jobId };
    } else if (name === "k" && at !== -1) {
      const { jobId, jobName } = jobs[at]!;
      this.#mode = { kind: "kill", jobId, jobName };
    } else if (name === "return")
      await this.#explain(
        at === -1 ? this.#snapshot?.queues.find(({ first }) => first)?.first?.jobId : jobs[at]!.jobId,
      );
  }

  #pressAtFilter(text: string, { name, sequence = "" }: Key): void {
    if (name === "return" || name === "escape") {
      this.#view = { ...this.#view, filter: name === "return" ? text : "" };
      this.#mode = { kind: "jobs" };
      void this.#look();
    } else if (name === "backspace") this.#mode = { kind: "filter", text: text.slice(0, -1) };
    else if (/^[\w-]$/.test(sequence)) this.#mode = { kind: "filter", text: text + sequence };
  }

  async #pressAtKill(jobId: string, { name }: Key): Promise<void> {
    this.#mode = { kind: "jobs" };
    if (name !== "y") return;
    try {
      await this.#connection.batch((batch) => batch.terminateJob({ jobId, reason: "Terminated in longshore top" }));
      this.#said = `Asked ${jobId} to end.`;
    } catch (error) {
      this.#said = wordsOf(error, this.#connection);
    }
    void this.#look();
  }

  #pressAtText({ lines, from, kind }: Extract<Mode, { kind: "text" }>, { name }: Key): void {
    if (name === "down") this.#mode = { kind, lines, from: Math.min(Math.max(0, lines.length - 1), from + 1) };
    else if (name === "up") this.#mode = { kind, lines, from: Math.max(0, from - 1) };
    else this.#mode = { kind: "jobs" };
  }

  /** Of the selected job; without one, of the first that waits. */
  async #explain(jobId: string | undefined): Promise<void> {
    if (jobId === undefined) return;
    try {
      const path = `/longshore/jobs/${encodeURIComponent(jobId)}/explanation`;
      const text = explanationText(await adminCall<Explanation>(this.#connection, "GET", path));
      const { width } = this.#screen;
      this.#mode = { kind: "text", from: 0, lines: text.split("\n").flatMap((line) => wrapped(line, width)) };
    } catch (error) {
      this.#said = wordsOf(error, this.#connection);
    }
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const AWAY = "No news: ";

function wrapped(line: string, width: number): string[] {
  const lines: string[] = [];
  for (let rest = line; ;) {
    if (rest.length <= width) return [...lines, rest];
    const space = rest.lastIndexOf(" ", width);
    const at = space > width / 2 ? space : width;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
}

function wordsOf(error: unknown, { endpoint }: Connection): string {
  return toFailure(error, endpoint.url)?.message ?? (error instanceof Error ? error.message : String(error));
}
