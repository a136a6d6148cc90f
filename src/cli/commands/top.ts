import type { Command } from "commander";
import { Option } from "commander";
import { clientCommand, withConnection, type ClientOptions } from "../command.ts";
import { EXIT, Failure } from "../failure.ts";
import { takeSnapshot } from "../top/snapshot.ts";
import type { Sort } from "../top/view.ts";
import { linesOf, plainText, sorted, SORTS } from "../top/view.ts";

interface TopOptions extends ClientOptions {
  readonly once?: boolean;
  readonly queue: string;
  readonly sort: Sort;
}

const PLAIN_WIDTH = 140;

export function topCommand(): Command {
  return clientCommand("top")
    .summary("what runs and what waits, live in the terminal")
    .description(
      "Shows the jobs by status, what environments have in use, the queues with what waits and why, and the jobs that run with what they use of what they asked for. Keys: q quits, s sorts, / chooses queues, arrows select a job, Enter explains it, k terminates it.",
    )
    .option("--once", "print it once, as text; with --json as JSON")
    .option("--queue <part>", "only queues in whose names this occurs", "")
    .addOption(new Option("--sort <by>", "how jobs are sorted").choices([...SORTS]).default("cpu"))
    .action(top);
}

async function top(options: TopOptions): Promise<void> {
  const { once, json, quiet, queue, sort } = options;
  const view = { sort, filter: queue, selected: undefined };
  const isLive = once !== true && json !== true && quiet !== true;
  if (isLive && !(process.stdout.isTTY && process.stdin.isTTY)) {
    throw new Failure(
      "longshore top needs a terminal.",
      EXIT.usage,
      "`longshore top --once` prints it once, and `longshore top --json` as JSON.",
    );
  }
  await withConnection(options, async (connection) => {
    if (isLive) {
      const { watchTop } = await import("../top/terminal.ts");
      await watchTop(connection, view);
      return undefined;
    }
    const snapshot = await takeSnapshot(connection, queue);
    return {
      data: snapshot,
      text: plainText(linesOf(snapshot, view, PLAIN_WIDTH)),
      brief: sorted(snapshot.jobs, sort)
        .map(({ jobId }) => jobId)
        .join("\n"),
    };
  });
}
