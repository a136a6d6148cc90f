import type { Submit, Stop } from "./acts.ts";
import { childId } from "../../src/core/ids.ts";
import type { DependsOn, FinalJob, Intent, StopNote } from "./evidence.ts";
import { isOver } from "./evidence.ts";
import type { Wish } from "./job-shape.ts";

/** Jobs that are meant by "lately". */
const RECENT = 20;

/** What the clients did, and what they were told. */
export class Book {
  readonly intents = new Map<string, Intent>();
  readonly stops: StopNote[] = [];
  /** What is wrong, as it was seen. */
  readonly findings: string[] = [];
  /** Answers to requests, by what they said. */
  readonly answers = new Map<string, number>();
  readonly #acknowledged: { readonly id: string; readonly intent: Intent }[] = [];
  /** What was said of jobs that are over: it stays so. */
  readonly #ends = new Map<string, string>();

  /** Ids that were acknowledged, in the order in which they were. */
  get acknowledged(): readonly { readonly id: string; readonly intent: Intent }[] {
    return this.#acknowledged;
  }

  get endsSeen(): number {
    return this.#ends.size;
  }

  intend({ job: shape }: Submit): Intent {
    const wished = shape.dependsOn.flatMap((wish) => this.#resolve(wish, shape.arraySize));
    const dependsOn = wished.filter(({ jobId }, index) => wished.findIndex((one) => one.jobId === jobId) === index);
    const intent: Intent = { shape, dependsOn, sent: 0, acknowledged: [] };
    this.intents.set(shape.name, intent);
    return intent;
  }

  acknowledge(intent: Intent, id: string): void {
    intent.acknowledged.push(id);
    this.#acknowledged.push({ id, intent });
  }

  /** Ids of the jobs that a stop is about. */
  targetsOf({ whom, child }: Stop): string[] {
    const found =
      typeof whom === "string"
        ? this.#acknowledged.filter(({ intent }) => intent.shape.name === whom)
        : [this.#recent(whom)].filter((one) => one !== undefined);
    return found.map(({ id, intent }) => {
      const size = intent.shape.arraySize;
      return size === undefined || child === undefined ? id : childId(id, Math.floor(child * size));
    });
  }

  count(answer: string): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
  }

  /** What the API says of a job now. What it has said of one that is over must not change. */
  saw(job: FinalJob): void {
    const before = this.#ends.get(job.id);
    if (before === undefined && !isOver(job)) return;
    // Asking to stop a job that is over is noted on it, and changes nothing.
    const now = JSON.stringify({ ...job, isTerminated: undefined, isCancelled: undefined });
    if (before !== undefined && before !== now)
      this.findings.push(`${job.id} was over, and changed: ${before} became ${now}`);
    else this.#ends.set(job.id, now);
  }

  #recent(place: number): { readonly id: string; readonly intent: Intent } | undefined {
    const recent = this.#acknowledged.slice(-RECENT);
    return recent[Math.floor(place * recent.length)];
  }

  #resolve({ whom, isNToN }: Wish, size: number | undefined): DependsOn[] {
    const found = this.#recent(whom);
    if (found === undefined || found.intent.shape.isEndless === true) return [];
    const isSameSize = size !== undefined && found.intent.shape.arraySize === size;
    return [{ jobId: found.id, isNToN: isNToN && isSameSize }];
  }
}
