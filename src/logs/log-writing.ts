import type { Clock } from "../ports/clock.ts";
import type { Term } from "../ports/leadership.ts";
import type { LogPaths } from "./paths.ts";

/** What those need who write logs, or note what others have written. */
export interface LogWriting {
  readonly paths: LogPaths;
  readonly clock: Clock;
  readonly term: Pick<Term, "holds">;
  /** So many bytes more are there. */
  readonly onGrowth: (bytes: number) => void;
}
