/** What one attempt's script needs. All paths are absolute. */
export interface ScriptInput {
  readonly workDirectory: string;
  readonly journal: string;
  readonly logPath: string;
  /** Where a process writes 0 to come under the attempt's memory limit. */
  readonly memoryEntrance: string | undefined;
  readonly argv: readonly [string, ...string[]];
  readonly programFile: string;
  /** The variables that differ from the runner's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** The program `env`, for variables that bash cannot export. */
  readonly envFile: string;
}

/** The exit code of a script that could not become the program; the journal then says why. */
export const REFUSED_CODE = 125;

/** What follows the attempt's id in the name of its journal. */
export const JOURNAL = ".journal";

/**
 * A runner: reads lines `ID MEMORY_MIB`, runs one attempt at a time, answers `taken` (somebody else has claimed it) or `started PID`
 * and `exited CODE`. Its arguments are the directory of all attempts and its script file, where each attempt's script is
 * written before its line is sent. Builtins only: one fork and one exec for each attempt.
 *
 * Job control (`set -m`) gives each attempt its own process group; it is on only around the fork, because with it `wait`
 * also returns for a program that is merely suspended. The trap makes a server that is gone an ordinary write
 * error; unlike an ignored SIGPIPE it is not passed on to the program.
 */
export const RUNNER_SCRIPT = `
exec 2>/dev/null
trap : PIPE
set -C
refuse() {
  builtin echo "refused $2" >> "$1"
  builtin exit ${REFUSED_CODE}
}
become() {
  if [[ $BASHPID ]]; then
    stat=
    [[ -r /proc/self/stat ]] && read -r stat < /proc/self/stat
    echo "program $BASHPID \${EPOCHREALTIME:--} $stat" >> "$1${JOURNAL}"
  fi
  set +C
  . "$2"
  refuse "$1${JOURNAL}" 'ResourceInitializationError: cannot read the script of the attempt'
}
while read -r id memory; do
  attempt=$1/$id
  if ! echo "memory $memory" > "$attempt${JOURNAL}"; then
    echo taken
    continue
  fi
  set -m
  become "$attempt" "$2" &
  child=$!
  set +m
  [[ $BASHPID ]] || echo "program $child -" >> "$attempt${JOURNAL}"
  echo "started $child"
  wait $child
  code=$?
  kill -KILL -- -$child
  echo "exit $code \${EPOCHREALTIME:--}" >> "$attempt${JOURNAL}"
  echo "exited $code"
done
`;

/**
 * The script of one attempt, sourced in the process that becomes the program. After the exports nothing of bash's own
 * variables is used: the attempt may have set any of them. `exec -a` keeps the name that the user wrote as argv[0].
 */
export function attemptScript(input: ScriptInput): string {
  const refuse = (reason: string) => `refuse ${quote(input.journal)} ${quote(reason)}`;
  const { exported, unexportable } = splitEnvironment(input.environment);
  const [name, ...args] = input.argv;
  const program = [input.programFile, ...args].map(quote);
  const target =
    unexportable.length === 0
      ? ["-a", quote(name), ...program]
      : [quote(input.envFile), "--", ...unexportable.map(quote), ...program];
  const lines: string[] = [];
  if (input.memoryEntrance !== undefined) {
    lines.push(
      `echo 0 > ${quote(input.memoryEntrance)} || ${refuse("ResourceInitializationError: cannot enter the memory cgroup of the attempt")}`,
    );
  }
  lines.push(
    `cd ${quote(input.workDirectory)} || ${refuse("ResourceInitializationError: cannot enter the working directory of the attempt")}`,
    `: >> ${quote(input.logPath)} || ${refuse("ResourceInitializationError: cannot write the log of the attempt")}`,
  );
  if (exported.length > 0) lines.push(`export ${exported.join(" ")}`);
  lines.push(`exec ${target.join(" ")} < /dev/null >> ${quote(input.logPath)} 2>&1`);
  return `${lines.join("\n")}\n`;
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
