import { nulFlaw } from "../../core/passable.ts";
import type { AttemptSpec } from "../../ports/driver.ts";
import { gpuVariables } from "./gpus.ts";
import { hostDirectory, needsContainer } from "./refusals.ts";
import type { Abilities } from "./refusals.ts";
import { ulimitCommand } from "./ulimits.ts";
import { findUser, userVariables } from "./users.ts";
import type { RunAs, UserFiles } from "./users.ts";

/** What the mapping needs to know of the machine and of the server. */
export interface Host extends Abilities {
  /** What of the server's own environment every program gets: see `inherited`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly userName: string;
  readonly userId: number;
  readonly groupId: number;
  /** Why no attempt can run as another user than the server's; undefined where they can. */
  readonly whyNobodyElse: string | undefined;
  readonly userFiles: () => UserFiles;
  readonly hasGpus: boolean;
  readonly limits: ArgumentLimits;
}

/** The kernel's limits for what a program is started with: see execve(2), "Limits on size of arguments and environment". */
export interface ArgumentLimits {
  /** One argument or one NAME=value, its closing NUL included. */
  readonly stringBytes: number;
  /** All of them together, with a pointer for each. */
  readonly totalBytes: number;
}

/** What the server adds to what the attempt brings. */
export interface Additions {
  /** Values of the attempt's secrets, by variable. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What is true of this start, whatever the attempt says. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A program to run, not yet found on the disk. */
export interface Launch {
  readonly kind: "launch";
  /** At least the command's name. */
  readonly argv: readonly [string, ...string[]];
  /** The variables that are not the runner's own already, without the secrets. */
  readonly variables: Readonly<Record<string, string>>;
  /** PATH, as the program has it. */
  readonly searchPath: string | undefined;
  /** Undefined: the server's user. */
  readonly runAs: RunAs | undefined;
  readonly noNewPrivileges: boolean;
  /** In the words of bash. */
  readonly ulimits: readonly { readonly name: string; readonly command: string }[];
  /** Directories of the machine that must be there. */
  readonly directories: readonly string[];
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
export function toLaunch(attempt: AttemptSpec, host: Host, additions: Additions): Launch | Refusal {
  const { container } = attempt;
  const [command, ...args] = [...(attempt.entrypoint ?? []), ...(container.command ?? [])];
  if (command === undefined || command === "") {
    return refusal(
      "CannotStartContainerError: no command specified: without an image there is no default command, so the job definition or the job must give one",
    );
  }
  const needed = needsContainer(attempt, host);
  if (needed !== undefined) return refusal(needed);
  const user = toUser(container.user, host);
  if (user !== undefined && "kind" in user) return user;
  const argv = [command, ...args] as const;
  const variables: Record<string, string> = {
    ...(user !== undefined && userVariables(user)),
    ...attempt.environment,
    ...gpuVariables(attempt.gpuIds, host.hasGpus),
    ...additions.variables,
  };
  const environment: Record<string, string> = { ...host.environment, ...variables, ...additions.secrets };
  const refused = refusedStrings(argv, environment, host.limits);
  if (refused !== undefined) return refused;
  const launch = { kind: "launch", argv, variables, searchPath: environment["PATH"], runAs: user } as const;
  const noNewPrivileges = attempt.noNewPrivileges === true;
  return { ...launch, noNewPrivileges, ulimits: ulimitsOf(attempt), directories: directoriesOf(attempt) };
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
  const flaw = nulFlaw(strings);
  if (flaw !== undefined) return refusal(`CannotStartContainerError: ${flaw}`);
  const sizes = strings.map((text) => Buffer.byteLength(text) + 1);
  const totalBytes = sizes.reduce((sum, size) => sum + size + POINTER_BYTES, 0);
  if (totalBytes > limits.totalBytes || sizes.some((size) => size > limits.stringBytes)) {
    return refusal(
      `CannotStartContainerError: exec: "${argv[0]}": argument list too long: at most ${limits.stringBytes} bytes each and ${limits.totalBytes} bytes in all, environment included`,
    );
  }
  return undefined;
}

/** Undefined: the server's user, whom the attempt does not name, or names. */
function toUser(user: string | undefined, host: Host): RunAs | Refusal | undefined {
  if (user === undefined || user === "" || user === host.userName || user === String(host.userId)) return undefined;
  const found = findUser(user, host.userFiles());
  if (typeof found === "string") return refusal(`ResourceInitializationError: ${found}`);
  if (found.uid === host.userId && found.gid === host.groupId) return undefined;
  if (host.whyNobodyElse === undefined) return found;
  return refusal(
    `ResourceInitializationError: cannot run as user "${user}": ${host.whyNobodyElse}, so that processes run as the server's user, ${host.userName}; leave user out, or use a compute environment with containers`,
  );
}

function ulimitsOf({ container }: AttemptSpec): Launch["ulimits"] {
  return (container.ulimits ?? []).flatMap((ulimit) => {
    const command = ulimitCommand(ulimit);
    return command === undefined ? [] : [{ name: ulimit.name!, command }];
  });
}

function directoriesOf({ container }: AttemptSpec): string[] {
  return (container.mountPoints ?? []).flatMap((point) => hostDirectory(container, point) ?? []);
}

function refusal(reason: string): Refusal {
  return { kind: "refusal", reason };
}
