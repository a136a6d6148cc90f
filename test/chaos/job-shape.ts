/** A job as the schedule draws it: what it does, and so what must become of it. */
export interface JobShape {
  /** No other has it. */
  readonly name: string;
  /** A command of the machine, a container, or a task of two containers. */
  readonly runs: Runs;
  readonly arraySize?: number;
  readonly isSequential?: true;
  /** The most that it may have. */
  readonly attempts: number;
  /** How many attempts fail before one succeeds. */
  readonly failing: number;
  readonly runMs: number;
  /** It ends only when it is told to. */
  readonly isEndless?: true;
  readonly timeoutSeconds?: number;
  readonly dependsOn: readonly Wish[];
}

export type Runs = "process" | "container" | "task";

/** What a job shall depend on: a place from 0 to 1 among the jobs that were acknowledged last. */
export interface Wish {
  readonly whom: number;
  /** Child by child, if that is an array of the same size. */
  readonly isNToN: boolean;
}

/** Exit code of an attempt that is meant to fail. */
export const FAILING = 3;

/** The container of a task that says how it ends; when it has, the others are told to end. */
export const ESSENTIAL = "first";

/** The containers of a job. */
export function unitsOf(runs: Runs): readonly string[] {
  return runs === "task" ? ["first", "second"] : ["main"];
}

/**
 * What an attempt does: it notes in the ledger that it began, who it is, that it was told to end, and that it ended. `run` is new with each execution:
 * an attempt that runs twice has two.
 */
export function scriptOf(shape: Pick<JobShape, "failing" | "runMs" | "isEndless">, unit: string): string {
  const duration = shape.isEndless === true ? "3600" : (shape.runMs / 1000).toFixed(2);
  return [
    "pid=",
    `trap '[ -z "$pid" ] || kill "$pid"; say told; exit 143' TERM`,
    "read -r run < /proc/sys/kernel/random/uuid",
    `say() { echo "$1 $run $AWS_BATCH_JOB_ID $AWS_BATCH_JOB_ATTEMPT ${unit} \${2:--}" >> "$LEDGER/lines"; }`,
    "say began",
    `sleep ${duration} & pid=$!`,
    'wait "$pid"',
    `code=0; [ "$AWS_BATCH_JOB_ATTEMPT" -gt ${shape.failing} ] || code=${FAILING}`,
    'say ended "$code"',
    'exit "$code"',
  ].join("\n");
}
