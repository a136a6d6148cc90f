import type { DriverEvent, MachineName } from "../../ports/driver.ts";
import { crashPoint } from "../../ports/crash-points.ts";
import { isAbort, messageOf } from "./api/api-error.ts";
import type { Member } from "./names.ts";
import type { MemberEnd, MemberPhase } from "./outcome.ts";
import { LogCopy } from "./output/log-copy.ts";
import type { PodContext } from "./pod-context.ts";

type Exited = Extract<DriverEvent, { kind: "exited" }>;

/** Where it runs, when it is seen to. */
export interface Place {
  readonly machine?: MachineName;
  readonly address?: string;
}

/** One attempt: a container of a pod. Tells of it once what there is to tell. */
export class MemberLife {
  readonly member: Member;
  readonly #context: PodContext;
  readonly #logPath: string;
  /** Its pod was made by this very driver. */
  readonly #isNew: () => boolean;
  #log: LogCopy | undefined;
  #startedAt: number | undefined;
  #place: Place = {};
  #ending: Promise<void> | undefined;
  #end: Exited | undefined;
  #isReleased = false;

  constructor(context: PodContext, member: Member, { logPath, isNew }: { logPath: string; isNew: () => boolean }) {
    this.#context = context;
    this.member = member;
    this.#logPath = logPath;
    this.#isNew = isNew;
  }

  get attemptId(): string {
    return this.member.attemptId;
  }

  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  /** How it ended is known, though not yet told maybe. */
  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  get runs(): boolean {
    return this.#startedAt !== undefined && this.#ending === undefined;
  }

  /** @param isGoing its pod is being deleted: what was not read of its output may be gone. */
  saw(phase: MemberPhase, place: Place, isGoing: boolean): void {
    if (this.#isReleased || this.hasEnded) return;
    if (phase.kind === "running") {
      this.#begun(phase.startedAt, place);
      this.#output().follow();
    } else if (phase.kind === "ended") {
      if (phase.startedAt !== undefined) this.#begun(phase.startedAt, { ...place, ...this.#place });
      this.end(phase, place, isGoing);
    }
  }

  end(end: MemberEnd, place: Place, isGoing: boolean): void {
    if (this.#isReleased || this.hasEnded) return;
    this.#ending = this.#endWith(end, place, isGoing);
  }

  /** Its last words are to be heard before its pod goes. */
  async listen(): Promise<void> {
    if (this.runs) await this.#output().followAtOnce();
  }

  /** Tells again what is known. */
  announce(): void {
    if (this.#startedAt !== undefined) this.#reportStarted(this.#startedAt);
    if (this.#end !== undefined) this.#context.report(this.#end);
  }

  release(): void {
    this.#isReleased = true;
    this.#log?.stop();
  }

  async released(): Promise<void> {
    await this.#ending;
  }

  #begun(startedAt: number, place: Place): void {
    if (this.#startedAt !== undefined) return;
    this.#startedAt = startedAt;
    this.#place = place;
    this.#reportStarted(startedAt);
  }

  #reportStarted(at: number): void {
    this.#context.report({ kind: "started", attemptId: this.attemptId, at, ...this.#place });
  }

  #output(): LogCopy {
    const { attemptId, container } = this.member;
    return (this.#log ??= new LogCopy(this.#context.log, {
      attemptId,
      container,
      path: this.#logPath,
      isNew: this.#isNew(),
    }));
  }

  /** Its end must not wait for ever for output that cannot be had. */
  #missesOutput(error: unknown): void {
    if (this.#isReleased || isAbort(error)) return;
    this.#context.onNotice(`Attempt ${this.attemptId} has output that cannot be read: ${messageOf(error)}`);
  }

  async #endWith({ at, exitCode, reason, ...end }: MemberEnd, { machine }: Place, isGoing: boolean): Promise<void> {
    const startedAt = end.startedAt ?? this.#startedAt;
    // Of what is lost nobody knows how it ended: its output is not to be expected either.
    const mayBeGone = isGoing || exitCode === undefined;
    if (startedAt !== undefined)
      await this.#output()
        .finish(mayBeGone)
        .catch((error: unknown) => this.#missesOutput(error));
    if (this.#isReleased) return;
    crashPoint("kubernetes.ended");
    this.#end = {
      kind: "exited",
      attemptId: this.attemptId,
      at,
      ...(exitCode !== undefined && { exitCode }),
      ...(reason !== undefined && { reason }),
      ...(startedAt !== undefined && { startedAt }),
      ...(machine !== undefined && { machine }),
      ...(end.isLost === true && { isLost: true }),
    };
    this.#context.report(this.#end);
  }
}
