import { execFile } from "node:child_process";

const TIMEOUT_MS = 30_000;

export interface CommandOptions {
  /** Beside those of the server. */
  readonly variables: Readonly<Record<string, string>>;
  readonly mostBytes: number;
}

/** What a program printed, or what is wrong with it ("ended with exit code 1"). What it wrote to stderr is dropped: it may be a secret, too. */
export function outputOf(
  command: readonly string[],
  { variables, mostBytes }: CommandOptions,
): Promise<
  { readonly output: string; readonly problem?: never } | { readonly output?: never; readonly problem: string }
> {
  const [program = "", ...args] = command;
  const options = {
    env: { ...process.env, ...variables },
    timeout: TIMEOUT_MS,
    maxBuffer: mostBytes,
    killSignal: "SIGKILL",
  } as const;
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (error, stdout) => {
      if (error === null) resolve({ output: stdout });
      else resolve({ problem: problemOf(error) });
    });
    child.stdin?.end();
  });
}

function problemOf({ code, killed, signal }: Error & { code?: unknown; killed?: boolean; signal?: unknown }): string {
  if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return "prints too much";
  if (killed === true) return `did not end within ${TIMEOUT_MS / 1000} seconds`;
  if (typeof code === "number") return `ended with exit code ${code}`;
  return typeof signal === "string" ? `was ended by ${signal}` : `cannot be run (${String(code)})`;
}
