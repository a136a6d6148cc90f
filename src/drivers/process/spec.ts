import type { AttemptSpec } from "../../ports/driver.ts";

/** What the mapping needs to know of the machine and of the server. */
export interface Host {
  /** What of the server's own environment every program gets: see `inherited`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly userName: string;
  readonly userId: number;
  readonly limits: ArgumentLimits;
}

/** The kernel's limits for what a program is started with: see execve(2), "Limits on size of arguments and environment". */
export interface ArgumentLimits {
  /** One argument or one NAME=value, its closing NUL included. */
  readonly stringBytes: number;
  /** All of them together, with a pointer for each. */
  readonly totalBytes: number;
}

/** A program to run, not yet found on the disk. */
export interface Launch {
  readonly kind: "launch";
  /** At least the command's name. */
  readonly argv: readonly [string, ...string[]];
  /** All that the program gets: the attempt's variables and, where it sets none, the server's harmless ones. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Refusal {
  readonly kind: "refusal";
  /** As AWS shows it in `container.reason`. */
  readonly reason: string;
}

/** The server's variables that a program may see. Any other may be a secret of the server's. */
const INHERITED = new Set(["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR"]);
const POINTER_BYTES = 8;

/** What to run for this attempt, or why it cannot run here. */
export function toLaunch(attempt: AttemptSpec, host: Host): Launch | Refusal {
  const [command, ...args] = [...(attempt.entrypoint ?? []), ...(attempt.container.command ?? [])];
  if (command === undefined || command === "") {
    return refusal(
      "CannotStartContainerError: no command specified: without an image there is no default command, so the job definition or the job must give one",
    );
  }
  const user = attempt.container.user;
  if (user !== undefined && user !== "" && !isCurrentUser(user, host)) {
    return refusal(
      `ResourceInitializationError: cannot run as user "${user}": processes run as the server's user, ${host.userName}; leave user out, or use a compute environment with containers`,
    );
  }
  const environment = { ...host.environment, ...attempt.environment };
  const argv = [command, ...args] as const;
  return refusedStrings(argv, environment, host.limits) ?? { kind: "launch", argv, environment };
}

/** The server's variables that are passed on, with their values. */
export function inherited(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && (INHERITED.has(name) || name.startsWith("LC_"))) passed[name] = value;
  }
  return passed;
}

function refusedStrings(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  limits: ArgumentLimits,
): Refusal | undefined {
  const variables = Object.entries(environment);
  for (const [name] of variables) {
    if (name === "" || name.includes("="))
      return refusal(`CannotStartContainerError: invalid environment variable name: "${name}"`);
  }
  const strings = [...argv, ...variables.map(([name, value]) => `${name}=${value}`)];
  if (strings.some((text) => text.includes("\0"))) {
    return refusal(
      "CannotStartContainerError: an argument or environment variable contains a NUL character, which no program can receive",
    );
  }
  const sizes = strings.map((text) => Buffer.byteLength(text) + 1);
  const totalBytes = sizes.reduce((sum, size) => sum + size + POINTER_BYTES, 0);
  if (totalBytes > limits.totalBytes || sizes.some((size) => size > limits.stringBytes)) {
    return refusal(
      `CannotStartContainerError: exec: "${argv[0]}": argument list too long: at most ${limits.stringBytes} bytes each and ${limits.totalBytes} bytes in all, environment included`,
    );
  }
  return undefined;
}

/** `user` has the container form: name or id, with an optional group. */
function isCurrentUser(user: string, host: Host): boolean {
  const [name] = user.split(":");
  return name === host.userName || name === String(host.userId);
}

function refusal(reason: string): Refusal {
  return { kind: "refusal", reason };
}
