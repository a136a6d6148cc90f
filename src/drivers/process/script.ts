/** What one attempt's script needs. All paths are absolute. */
export interface ScriptInput {
  readonly attemptDirectory: string;
  readonly logPath: string;
  /** Where a process writes 0 to come under the attempt's memory limit. */
  readonly memoryEntrance: string | undefined;
  readonly memoryMiB: number;
  readonly argv: readonly [string, ...string[]];
  readonly programFile: string;
  /** The variables that differ from the runner's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** The program `env`, for variables that bash cannot export. */
  readonly envFile: string;
}

/** The exit code of a script that could not become the program; the file `refused` then says why. */
export const REFUSED_CODE = 125;

/** Names of the files in an attempt's directory, shared by both sides. */
export const FILES = {
  /** The script: see `attemptScript`. */
  script: "run",
  /** There since somebody took the attempt to run it, or to prevent that. */
  claim: "claim",
  /** "PID" or "PID <line of /proc/PID/stat>": written by the process that becomes the program, before it does. */
  process: "pid",
  /** The exit code and a newline; without the newline it is incomplete. */
  exit: "exit",
  /** Why the program was not started. */
  refused: "refused",
  /** There since SIGTERM was sent. */
  stopped: "stopped",
  /** There since the memory limit was exceeded. */
  outOfMemory: "oom",
  /** The program's working directory. */
  work: "work",
} as const;

/**
 * A runner: reads attempt ids, runs one attempt at a time, answers `taken` (somebody else has claimed it) or `started PID`
 * and `exited CODE`. Its argument is the directory of all attempts. Builtins only: one fork and one exec for each attempt.
 *
 * Job control (`set -m`) gives each attempt its own process group; it is on only around the fork, because with it `wait`
 * also returns for a program that is merely suspended. The trap makes a server that is gone an ordinary write
 * error; unlike an ignored SIGPIPE it is not passed on to the program.
 */
export const RUNNER_SCRIPT = `
exec 2>/dev/null
trap : PIPE
set -C
shopt -s execfail
refuse() {
  builtin printf '%s\\n' "$2" >| "$1/${FILES.refused}"
  builtin exit ${REFUSED_CODE}
}
become() {
  if [[ $BASHPID ]]; then
    stat=
    [[ -r /proc/self/stat ]] && read -r stat < /proc/self/stat
    printf '%s\\n' "$BASHPID $stat" >| "$1/${FILES.process}"
  fi
  set +C
  . "$1/${FILES.script}"
}
while IFS= read -r id; do
  directory=$1/$id
  if ! : > "$directory/${FILES.claim}"; then
    echo taken
    continue
  fi
  set -m
  become "$directory" &
  child=$!
  set +m
  [[ $BASHPID ]] || echo $child >| "$directory/${FILES.process}"
  echo "started $child"
  wait $child
  code=$?
  kill -KILL -- -$child
  echo $code >| "$directory/${FILES.exit}"
  echo "exited $code"
done
`;

/**
 * The script of one attempt, sourced in the process that becomes the program. After the exports nothing of bash's own
 * variables is used: the attempt may have set any of them. `exec -a` keeps the name that the user wrote as argv[0].
 */
export function attemptScript(input: ScriptInput): string {
  const directory = quote(input.attemptDirectory);
  const refuse = (reason: string) => `refuse ${directory} ${quote(reason)}`;
  const { exported, unexportable } = splitEnvironment(input.environment);
  const [name, ...args] = input.argv;
  const program = [input.programFile, ...args].map(quote);
  const target =
    unexportable.length === 0
      ? ["-a", quote(name), ...program]
      : [quote(input.envFile), "--", ...unexportable.map(quote), ...program];
  const lines = [memoryHeader(input.memoryMiB)];
  if (input.memoryEntrance !== undefined) {
    lines.push(
      `echo 0 > ${quote(input.memoryEntrance)} || ${refuse("ResourceInitializationError: cannot enter the memory cgroup of the attempt")}`,
    );
  }
  lines.push(
    `cd ${quote(`${input.attemptDirectory}/${FILES.work}`)} || ${refuse("ResourceInitializationError: cannot enter the working directory of the attempt")}`,
    `: >> ${quote(input.logPath)} || ${refuse("ResourceInitializationError: cannot write the log of the attempt")}`,
  );
  if (exported.length > 0) lines.push(`export ${exported.join(" ")}`);
  lines.push(
    `exec ${target.join(" ")} < /dev/null >> ${quote(input.logPath)} 2>&1`,
    refuse(
      `CannotStartContainerError: exec: "${name}": the system cannot execute ${input.programFile}; the log says why`,
    ),
  );
  return `${lines.join("\n")}\n`;
}

function memoryHeader(memoryMiB: number): string {
  return `# memoryMiB=${memoryMiB}`;
}

/** The memory limit that a script was written for, for a server that finds the attempt running. */
export function memoryOfScript(script: string): number | undefined {
  const match = /^# memoryMiB=(\d+)\n/.exec(script);
  return match === null ? undefined : Number(match[1]);
}

/** Bash's own variables: read-only, computed, or with an effect on bash itself. */
const BASH_OWN =
  /^(_|BASH.*|COMP_.*|HIST.*|READLINE_.*|COPROC|DIRSTACK|EPOCHREALTIME|EPOCHSECONDS|EUID|EXECIGNORE|FUNCNAME|GLOBIGNORE|GROUPS|IFS|LINENO|MAPFILE|OLDPWD|OPTARG|OPTERR|OPTIND|PIPESTATUS|POSIXLY_CORRECT|PPID|PWD|RANDOM|REPLY|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|auto_resume|histchars)$/;

function splitEnvironment(environment: Readonly<Record<string, string>>) {
  const exported: string[] = [];
  const unexportable: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !BASH_OWN.test(name)) exported.push(`${name}=${quote(value)}`);
    else unexportable.push(`${name}=${value}`);
  }
  return { exported, unexportable };
}

/** One word for bash, whatever the text. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
