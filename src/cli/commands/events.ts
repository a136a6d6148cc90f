import { Command } from "commander";
import type { KeptEvents } from "../../ports/event-report.ts";
import type { DeadLetter, RetriedLetters, TargetState } from "../../ports/event-targets.ts";
import { adminCall } from "../admin-call.ts";
import { clientCommand, wholeNumber, withConnection, type ClientOptions } from "../command.ts";
import type { Connection } from "../connection.ts";
import { eventFeed } from "../event-feed.ts";
import { deadLetterTable, eventLine, targetTable } from "../event-text.ts";
import { EXIT, Failure } from "../failure.ts";
import { say, writeLine, type Result } from "../output.ts";
import { count } from "../text.ts";

interface FilterOptions extends ClientOptions {
  readonly type?: string;
  readonly queue?: string;
  readonly job?: string;
  readonly status?: string;
  readonly after?: number;
}

interface ListOptions extends FilterOptions {
  readonly resource?: string;
  readonly limit: number;
}

interface LetterOptions extends ClientOptions {
  readonly target?: string;
  readonly all?: boolean;
  readonly limit: number;
}

/** Before the stream is opened again. */
const PAUSE_MS = 1_000;
/** In a row: then nobody is there. */
const MOST_FAILURES = 30;

export function eventsCommand(): Command {
  const events = new Command("events").summary(
    "what happens: jobs, queues, instances; where events are delivered (docs/events.md)",
  );
  events.addCommand(
    filtered(clientCommand("tail"))
      .summary("events as they come")
      .description(
        "Shows events as they come; with --after also those that are kept. Goes on by itself when the server was restarted.",
      )
      .action((options: FilterOptions) => withConnection(options, (connection) => tail(connection, options))),
  );
  events.addCommand(
    filtered(clientCommand("list"))
      .summary("the events that are kept, the newest first")
      .option("--resource <arn>", "of this job, or of this queue's or environment's own")
      .option("--limit <n>", "so many at most", wholeNumber(1, 1_000), 100)
      .action((options: ListOptions) => withConnection(options, (connection) => list(connection, options))),
  );
  events.addCommand(
    clientCommand("targets")
      .summary("where events are delivered, and how far that is")
      .action((options: ClientOptions) => withConnection(options, targets)),
  );
  events.addCommand(deadLettersCommand());
  return events;
}

function filtered(command: Command): Command {
  return command
    .option("--type <detail-type>", 'such as "Batch Job State Change" or "Longshore Scaling Activity"')
    .option("--queue <name>", "of jobs of this queue")
    .option("--job <id>", "of this job")
    .option("--status <status>", "of jobs that come to this status")
    .option("--after <id>", "behind this event; 0: all that are kept", wholeNumber(0));
}

function deadLettersCommand(): Command {
  const letters = new Command("dead-letters").summary("events that could not be delivered");
  const limited = (command: Command): Command =>
    command
      .option("--target <name>", "of this target")
      .option("--limit <n>", "so many at most, the newest", wholeNumber(1, 1_000), 100);
  letters.addCommand(
    limited(clientCommand("list"))
      .summary("those that are kept, the newest first")
      .action((options: LetterOptions) => withConnection(options, (connection) => listLetters(connection, options))),
    { isDefault: true },
  );
  const selecting = (name: string, summary: string): Command =>
    limited(clientCommand(name))
      .summary(summary)
      .argument("[ids...]", "as `list` shows them")
      .option("--all", "of all targets");
  letters.addCommand(
    selecting("retry", "deliver them once more, and forget those that are taken").action(
      (ids: string[], options: LetterOptions) =>
        withConnection(options, (connection) => retry(connection, ids, options)),
    ),
  );
  letters.addCommand(
    selecting("drop", "forget them").action((ids: string[], options: LetterOptions) =>
      withConnection(options, (connection) => drop(connection, ids, options)),
    ),
  );
  return letters;
}

function queryOf(members: Readonly<Record<string, string | undefined>>): string {
  // A space as %20: signatures know no other form.
  const given = Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return given.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`).join("&");
}

function filterOf({ type, queue, job, status, json }: FilterOptions) {
  return { "detail-type": type, jobQueue: queue, jobId: job, status, ...(json !== true && { view: "brief" }) };
}

async function tail(connection: Connection, options: FilterOptions): Promise<undefined> {
  let after = options.after === undefined ? undefined : String(options.after);
  let failures = 0;
  for (;;) {
    try {
      const query = queryOf({ ...filterOf(options), after });
      for await (const { id, kind, event } of eventFeed(connection, query, (place) => (after = place))) {
        failures = 0;
        if (kind === "gap") say("Some events were removed from the log before they could be shown.");
        else if (options.json === true) await writeLine(process.stdout, JSON.stringify(event));
        else await writeLine(process.stdout, options.quiet === true ? id : eventLine({ event }));
      }
      failures = 0;
    } catch (error) {
      failures += 1;
      // Who was never let in is told why; who was comes back.
      if (after === undefined || failures > MOST_FAILURES || isRefusal(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function isRefusal(error: unknown): boolean {
  const metadata: unknown = error instanceof Error ? Reflect.get(error, "$metadata") : undefined;
  const status: unknown =
    typeof metadata === "object" && metadata !== null ? Reflect.get(metadata, "httpStatusCode") : undefined;
  return typeof status === "number" && status >= 400 && status < 500 && status !== 429;
}

async function list(connection: Connection, options: ListOptions): Promise<Result> {
  const { resource, limit, after } = options;
  const query = queryOf({ ...filterOf(options), resource, limit: String(limit), after: after?.toString() });
  const data = await adminCall<KeptEvents>(connection, "GET", `/longshore/events?${query}`);
  return {
    data,
    text: data.events.length === 0 ? "No events." : data.events.map(eventLine).join("\n"),
    brief: data.events.map(({ seq }) => String(seq)).join("\n"),
  };
}

async function targets(connection: Connection): Promise<Result> {
  const data = await adminCall<{ targets: TargetState[] }>(connection, "GET", "/longshore/events/targets");
  return { data, text: targetTable(data.targets), brief: data.targets.map(({ name }) => name).join("\n") };
}

async function listLetters(connection: Connection, { target, limit }: LetterOptions): Promise<Result> {
  const path = `/longshore/events/dead-letters?${queryOf({ target, limit: String(limit) })}`;
  const data = await adminCall<{ deadLetters: DeadLetter[] }>(connection, "GET", path);
  return {
    data,
    text: deadLetterTable(data.deadLetters),
    brief: data.deadLetters.map(({ id }) => String(id)).join("\n"),
  };
}

async function retry(connection: Connection, ids: readonly string[], options: LetterOptions): Promise<Result> {
  const body = selectionOf(ids, options);
  const data = await adminCall<RetriedLetters>(connection, "POST", "/longshore/events/dead-letters/retry", body);
  const text = `Delivered ${data.delivered}; ${count(data.failed, "event")} could not be delivered again.`;
  return { data, text, brief: String(data.delivered), exitCode: data.failed > 0 ? 1 : 0 };
}

async function drop(connection: Connection, ids: readonly string[], options: LetterOptions): Promise<Result> {
  const body = selectionOf(ids, options);
  const data = await adminCall<{ dropped: number }>(connection, "POST", "/longshore/events/dead-letters/drop", body);
  return { data, text: `Dropped ${count(data.dropped, "dead letter")}.`, brief: String(data.dropped) };
}

function selectionOf(ids: readonly string[], { target, all, limit }: LetterOptions): object {
  const wrong = ids.find((id) => !/^\d{1,15}$/.test(id));
  if (wrong !== undefined)
    throw new Failure(`${wrong} is no id of a dead letter.`, EXIT.usage, "See `longshore events dead-letters list`.");
  if (ids.length === 0 && target === undefined && all !== true)
    throw new Failure(
      "Say which dead letters: ids, --target, or --all.",
      EXIT.usage,
      "See `longshore events dead-letters list`.",
    );
  return {
    ...(ids.length > 0 && { ids: ids.map(Number) }),
    ...(target !== undefined && { target }),
    ...(all === true && { all }),
    limit,
  };
}
