import type { Clock } from "../../ports/clock.ts";

/** What a check has found, for people and, with the same members, as JSON. */
export interface Finding {
  /** Of what: `engine`, `port`, ... */
  readonly check: string;
  /** `problem`: jobs, or the server, will not work as they should. `skipped`: there was nothing to look at. */
  readonly level: "ok" | "warning" | "problem" | "skipped";
  /** A sentence. */
  readonly says: string;
  /** What to do about it: a command where there is one. */
  readonly todo?: string;
}

type Found = Omit<Finding, "check">;

/** A check finds one thing or several. It may throw: then that is what it has found. */
export interface Check {
  readonly name: string;
  find(): Promise<Found | readonly Found[]> | Found | readonly Found[];
}

/** No check takes longer: a disk or an engine that hangs is a finding. */
const PATIENCE_MS = 10_000;

export const ok = (says: string): Found => ({ level: "ok", says });
export const skipped = (says: string): Found => ({ level: "skipped", says });
export const warning = (says: string, todo: string): Found => ({ level: "warning", says, todo });
export const problem = (says: string, todo: string): Found => ({ level: "problem", says, todo });

/** All of them at once; what they find in their order. */
export async function examine(checks: readonly Check[], clock: Clock, patienceMs = PATIENCE_MS): Promise<Finding[]> {
  const found = await Promise.all(checks.map((check) => withPatience(check, clock, patienceMs)));
  return found.flat();
}

async function withPatience({ name, find }: Check, clock: Clock, patienceMs: number): Promise<Finding[]> {
  let cancel = (): void => {};
  const tooLong = new Promise<Found>((resolve) => {
    cancel = clock.after(patienceMs, () =>
      resolve(
        problem(`It did not answer within ${patienceMs / 1000} s.`, "Look at what it waits for, and run this again."),
      ),
    );
  });
  try {
    const found = await Promise.race([attempt(find), tooLong]);
    return [found].flat().map((one) => ({ check: name, ...one }));
  } finally {
    cancel();
  }
}

async function attempt(find: Check["find"]): Promise<Found | readonly Found[]> {
  try {
    return await find();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return problem(`It cannot be looked at: ${why}.`, "If this makes no sense, report it with the output of --json.");
  }
}
