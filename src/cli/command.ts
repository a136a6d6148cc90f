import { Command, InvalidArgumentError, Option } from "commander";
import { connect, endpointOf, type Connection, type ConnectionOptions } from "./connection.ts";
import { toFailure } from "./failure.ts";
import { modeOf, printResult, type Result } from "./output.ts";

/** What every command that talks to a server takes. */
export interface ClientOptions extends ConnectionOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** A command that talks to a server: it has the options that say to which, and how to print. */
export function clientCommand(name: string): Command {
  return new Command(name)
    .option("--endpoint <url>", "where the Batch API is (default: see `longshore --help`)")
    .option("--region <region>", "AWS region (default: AWS_REGION, else us-east-1)")
    .option("--data-dir <dir>", "use the server that runs on this data directory")
    .option("--json", "print the API's answer as JSON")
    .addOption(new Option("-q, --quiet", "print only ids or names").conflicts("json"));
}

/** Connects, runs the command, prints its result in the way that was asked for and sets the exit code. */
export async function withConnection(
  options: ClientOptions,
  run: (connection: Connection) => Promise<Result | undefined>,
): Promise<void> {
  const endpoint = endpointOf(options);
  const connection = await connect(endpoint);
  try {
    const result = await run(connection);
    if (result === undefined) return;
    await printResult(result, modeOf(options));
    process.exitCode = result.exitCode ?? 0;
  } catch (error) {
    throw toFailure(error, endpoint.url) ?? error;
  } finally {
    connection.close();
  }
}

/** Where everything is kept, for commands that open it themselves. The variable keeps a password out of the list of processes. */
export function databaseUrlOption(): Option {
  return new Option(
    "--database-url <url>",
    "keep everything in PostgreSQL, postgres://user@host/database (default: in the data directory)",
  ).env("LONGSHORE_DATABASE_URL");
}

/** An option's value as a whole number from `least` to `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

/** Collects repeated `--option KEY=VALUE` into one record; the value may be empty and may contain "=". */
export function keyValue(text: string, previous: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must look like KEY=VALUE.");
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Collects a repeated option. */
export function repeated(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}
