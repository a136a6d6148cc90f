import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

const CALL_TIMEOUT_MS = 100_000;
const run = promisify(execFile);

/** The first of `candidates` that runs with `probe`, or the reason why the tests of this client cannot run here. In CI that is a failure. */
export function findClient(
  what: string,
  candidates: readonly string[],
  probe: readonly string[],
): { readonly program: string } | { readonly missing: string } {
  for (const program of candidates) {
    try {
      execFileSync(program, probe, { stdio: "ignore", timeout: CALL_TIMEOUT_MS });
      return { program };
    } catch {
      // Not there, or not usable: the next one.
    }
  }
  const missing = `${what} is not installed (looked for ${candidates.join(", ")})`;
  if (process.env["CI"]) throw new Error(`In CI these tests must run: ${missing}`);
  return { missing };
}

/** Runs a client to its end, with an AWS configuration of its own. A failure's message has all that it said. */
export async function runClient(
  program: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    HOME: "/nonexistent",
    AWS_ACCESS_KEY_ID: "any",
    AWS_SECRET_ACCESS_KEY: "any",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_PAGER: "",
    ...variables,
  };
  try {
    return (await run(program, args, { env, timeout: CALL_TIMEOUT_MS })).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(" ")}\n${stdout}${stderr}`, { cause: error });
  }
}
