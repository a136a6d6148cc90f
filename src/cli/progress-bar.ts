import { duration } from "./text.ts";

/** Jobs, or children of an array, by what has become of them. */
export interface Tally {
  readonly waiting: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

const WIDTH = 20;
/** The rate is that of so long: what was long ago says little of what comes. */
const WINDOW_MS = 60_000;
/** A rate of less than this is chance. */
const LEAST_MS = 2_000;

export function tallyOf(counts: Readonly<Record<string, number>>): Tally {
  const { SUBMITTED = 0, PENDING = 0, RUNNABLE = 0, STARTING = 0, RUNNING = 0, SUCCEEDED = 0, FAILED = 0 } = counts;
  return {
    waiting: SUBMITTED + PENDING + RUNNABLE,
    running: STARTING + RUNNING,
    succeeded: SUCCEEDED,
    failed: FAILED,
  };
}

export function sumOfTallies(tallies: readonly Tally[]): Tally {
  const sum = (member: keyof Tally): number => tallies.reduce((total, one) => total + one[member], 0);
  return { waiting: sum("waiting"), running: sum("running"), succeeded: sum("succeeded"), failed: sum("failed") };
}

/** How far many jobs are, in a line: `[#####               ]  25% 250/1000, 8 running, 2 failed, 4.1/s, 3 min 2 s left`. */
export class ProgressBar {
  /** When how many had ended. */
  #seen: { readonly at: number; readonly ended: number }[] = [];

  line({ waiting, running, succeeded, failed }: Tally, now: number): string {
    const ended = succeeded + failed;
    const total = waiting + running + ended;
    this.#note(now, ended);
    const part = total === 0 ? 0 : ended / total;
    const full = Math.floor(part * WIDTH);
    const rate = this.#rate();
    return [
      `[${"#".repeat(full)}${" ".repeat(WIDTH - full)}] ${String(Math.floor(part * 100)).padStart(3)}% ${ended}/${total}`,
      ...(running > 0 ? [`${running} running`] : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(rate > 0 ? [rateText(rate)] : []),
      ...(rate > 0 && ended < total ? [`${duration(Math.ceil((total - ended) / rate) * 1000)} left`] : []),
    ].join(", ");
  }

  #note(at: number, ended: number): void {
    if (this.#seen.at(-1)?.ended !== ended || this.#seen.length === 1) this.#seen.push({ at, ended });
    else this.#seen[this.#seen.length - 1] = { at, ended };
    // The last one before the window stays: it is where that begins.
    while (this.#seen.length > 2 && this.#seen[1]!.at < at - WINDOW_MS) this.#seen.shift();
  }

  /** A second. */
  #rate(): number {
    const [first, last] = [this.#seen[0]!, this.#seen.at(-1)!];
    const tookMs = last.at - first.at;
    return tookMs < LEAST_MS ? 0 : ((last.ended - first.ended) / tookMs) * 1000;
  }
}

function rateText(rate: number): string {
  if (rate >= 1) return `${rate.toFixed(rate < 10 ? 1 : 0)}/s`;
  return `${(rate * 60).toFixed(1)}/min`;
}
