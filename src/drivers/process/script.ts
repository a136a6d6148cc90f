/** What one attempt's script needs. All paths are absolute. */
export interface ScriptInput {
  readonly workDirectory: string;
  readonly journal: string;
  readonly logPath: string;
  /** To each of them a process writes 0 to come under the attempt's limits. */
  readonly entrances: readonly string[];
  readonly ulimits: readonly { readonly name: string; readonly command: string }[];
  readonly argv: readonly [string, ...string[]];
  readonly programFile: string;
  /** The runner was given commands that export secrets. */
  readonly hasSecrets: boolean;
  /** The other variables that differ from the runner's own. */
  readonly variables: Readonly<Record<string, string>>;
  /** The program `env`, for variables that bash cannot export. */
  readonly envFile: string;
  /** A program, with its arguments, that becomes the one which comes after them, as another user. */
  readonly asUser: readonly string[];
}

/** The exit code of a script that could not become the program; the journal then says why. */
export const REFUSED_CODE = 125;

/** What follows the attempt's id in the name of its journal. */
export const JOURNAL = ".journal";

/** The first of the descriptors that a leader hands to its runners, one each: what comes from the server and what goes to it. */
export const FIRST_DESCRIPTOR = 3;

/**
 * A leader and its runners. The leader's arguments are the directory of all attempts, the id of the machine's boot (or nothing), and a script file for each runner; it forks them and waits for their ends. Forks of
 * one shell are started faster than so many shells, and share most of their memory.
 *
 * A runner reads lines `ID MEMORY_MIB HAS_SECRETS NODE` (`yes` or `no`; the rest of the line is the journal's line of a node, or nothing), and after one
 * with `yes` commands that export the secrets, with a NUL at the end: they are in no file. It runs one attempt at a time, answers `taken` (somebody else has
 * claimed it) or `started PID` and `exited CODE`. Each attempt's script is written to its script file before its line is sent. Builtins only: one fork and
 * one exec for each attempt.
 *
 * Job control (`set -m`) gives each attempt its own process group, and lets none of them ignore SIGINT; it is on only around the forks, because with it `wait`
 * also returns for a program that is merely suspended. The trap makes a server that is gone an ordinary write
 * error; unlike an ignored SIGPIPE it is not passed on to the program.
 */
export const LEADER_SCRIPT = `
exec 2>/dev/null
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
run() {
  trap : PIPE
  while read -r id memory has_secrets node; do
    secrets=
    [[ $has_secrets = yes ]] && IFS= read -r -d '' secrets
    attempt=$1/$id
    { echo "memory $memory"; [[ $boot ]] && echo "boot $boot"; [[ $node ]] && echo "node $node"; times; } > "$attempt${JOURNAL}" || { echo taken; continue; }
    set -m
    become "$attempt" "$2" &
    child=$!
    set +m
    secrets=
    [[ $BASHPID ]] || echo "program $child -" >> "$attempt${JOURNAL}"
    echo "started $child"
    wait $child
    code=$?
    kill -KILL -- -$child
    { times; echo "exit $code \${EPOCHREALTIME:--}"; } >> "$attempt${JOURNAL}"
    echo "exited $code"
  done
}
directory=$1
boot=$2
shift 2
close=exec
for ((n = 0; n < $#; n++)); do close+=" $((${FIRST_DESCRIPTOR} + n))<&-"; done
n=${FIRST_DESCRIPTOR}
set -m
for script; do
  { set +m; eval "$close"; run "$directory" "$script"; } <&$n >&$n &
  n=$((n + 1))
done
set +m
eval "$close"
wait
`;

/**
 * The script of one attempt, sourced in the process that becomes the program. After the exports nothing of bash's own
 * variables is used: the attempt may have set any of them. `exec -a` keeps the name that the user wrote as argv[0].
 */
export function attemptScript(input: ScriptInput): string {
  const refuse = (what: string) =>
    `refuse ${quote(input.journal)} ${quote(`ResourceInitializationError: cannot ${what}`)}`;
  const { exported, unexportable } = splitEnvironment(input.variables);
  const lines = [
    ...input.entrances.map((file) => `echo 0 > ${quote(file)} || ${refuse("enter the control group of the attempt")}`),
    ...input.ulimits.map(({ name, command }) => `${command} || ${refuse(`set the ulimit ${name}`)}`),
    `cd ${quote(input.workDirectory)} || ${refuse("enter the working directory of the attempt")}`,
    `: >> ${quote(input.logPath)} || ${refuse("write the log of the attempt")}`,
    ...(input.hasSecrets ? ['eval "$secrets"'] : []),
    ...(exported.length > 0 ? [`export ${exported.join(" ")}`] : []),
    `exec ${target(input, unexportable).join(" ")} < /dev/null >> ${quote(input.logPath)} 2>&1`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The words of what the process becomes. */
function target({ argv: [name, ...args], programFile, envFile, asUser }: ScriptInput, unexportable: readonly string[]) {
  const env = unexportable.length === 0 ? [] : [envFile, "--", ...unexportable];
  const through = [...asUser, ...env];
  const own = through.length === 0 ? ["-a", quote(name)] : [];
  return [...own, ...[...through, programFile, ...args].map(quote)];
}

/** Commands for bash that export all of these that it can. */
export function exportCommands(variables: Readonly<Record<string, string>>): string {
  return splitEnvironment(variables)
    .exported.map((assignment) => `export ${assignment}\n`)
    .join("");
}

/** Which of these variables bash cannot export: with `env` they would be arguments, which others see. */
export function unexportableNames(variables: Readonly<Record<string, string>>): string[] {
  return Object.keys(variables).filter((name) => !isExportable(name));
}

/** Bash's own variables: read-only, computed, or with an effect on bash itself. */
const BASH_OWN =
  /^(_|BASH.*|COMP_.*|HIST.*|READLINE_.*|COPROC|DIRSTACK|EPOCHREALTIME|EPOCHSECONDS|EUID|EXECIGNORE|FUNCNAME|GLOBIGNORE|GROUPS|IFS|LINENO|MAPFILE|OLDPWD|OPTARG|OPTERR|OPTIND|PIPESTATUS|POSIXLY_CORRECT|PPID|PWD|RANDOM|REPLY|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|auto_resume|histchars)$/;

function splitEnvironment(environment: Readonly<Record<string, string>>) {
  const exported: string[] = [];
  const unexportable: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (isExportable(name)) exported.push(`${name}=${quote(value)}`);
    else unexportable.push(`${name}=${value}`);
  }
  return { exported, unexportable };
}

function isExportable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !BASH_OWN.test(name);
}

/** One word for bash, whatever the text. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
