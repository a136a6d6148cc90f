import { addAbortSignal } from "node:stream";
import type { Readable } from "node:stream";
import type Dockerode from "dockerode";
import { containerName } from "../../../core/driver-name.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { CursorPlace } from "../../output/cursor.ts";
import type { EventStart } from "../event-start.ts";
import type { Intake } from "./intake.ts";
import { EventIntake, LineIntake } from "./intake.ts";
import type { OutputKind } from "../container/log-config.ts";
import { FrameReader, LineReader, secondBefore } from "./output.ts";

export interface CopyContext {
  readonly output: CursorPlace;
  readonly clock: Clock;
  readonly onNotice: (message: string) => void;
}

type CopiedOutput = Extract<OutputKind, { isCopied: true }>;

/** Copies one container's output into its attempt's log: as it comes while the container runs, and to the end when it has ended. */
export class OutputCopy {
  readonly #attemptId: string;
  readonly #context: CopyContext;
  /** Set by whoever has looked at the container, before the first copy. */
  kind: OutputKind = { isCopied: true, pieceEnd: "line-end" };
  #intake: Intake | undefined;
  #following: AbortController | undefined;
  #drained = false;

  constructor(attemptId: string, context: CopyContext) {
    this.#attemptId = attemptId;
    this.#context = context;
  }

  /** Begins to follow the output, unless that goes on already. `onEnd` is called when the engine ends the stream, by itself or with an error. */
  follow(docker: Dockerode, onEnd: () => void): void {
    if (this.#following !== undefined || this.#drained || !this.kind.isCopied) return;
    const { kind } = this;
    const following = new AbortController();
    this.#following = following;
    this.#copy(docker, kind, following.signal)
      // What goes wrong here shows again, and is handled, when the container is next looked at.
      .catch(() => {})
      .finally(() => {
        if (this.#following !== following) return;
        this.#following = undefined;
        onEnd();
      });
  }

  /**
   * The container has ended: copies what is not copied yet. It is read anew rather than followed to its end, because engines have
   * ended such a stream early, or never. Rejects when the engine cannot give it.
   */
  async drain(docker: Dockerode, signal: AbortSignal): Promise<void> {
    if (this.#drained || !this.kind.isCopied) return;
    this.stop();
    const reader = await this.#copy(docker, this.kind, signal);
    this.#intake?.end(reader.end(), reader.position);
    this.#drained = true;
  }

  /** Stops following. What is copied stays, and the position too. */
  stop(): void {
    this.#following?.abort();
    this.#following = undefined;
    this.#intake?.release();
  }

  async #copy(docker: Dockerode, { pieceEnd, eventStart }: CopiedOutput, signal: AbortSignal): Promise<LineReader> {
    const intake = (this.#intake ??= this.#newIntake(eventStart));
    const resume = await intake.resume();
    const stream = await openLog(docker, this.#attemptId, secondBefore(resume.position), signal);
    const frames = new FrameReader();
    const lines = new LineReader(resume.position, resume.linesAhead, pieceEnd);
    for await (const chunk of stream) {
      signal.throwIfAborted();
      const got = lines.read(frames.push(chunk as Buffer));
      if (got.length === 0) continue;
      intake.take(got, lines.position);
    }
    signal.throwIfAborted();
    return lines;
  }

  #newIntake(start: EventStart | undefined): Intake {
    const { output, clock, onNotice } = this.#context;
    if (start === undefined) return new LineIntake(this.#attemptId, output);
    return new EventIntake(this.#attemptId, output, start, clock, onNotice);
  }
}

/** The engine ends this stream by itself when the container has ended. */
async function openLog(
  docker: Dockerode,
  attemptId: string,
  since: number,
  signal: AbortSignal,
): Promise<NodeJS.ReadableStream> {
  signal.throwIfAborted();
  const stream = await docker.getContainer(containerName(attemptId)).logs({
    follow: true,
    stdout: true,
    stderr: true,
    timestamps: true,
    since,
    abortSignal: signal,
  });
  // The client's own use of the signal ends when the answer begins.
  return addAbortSignal(signal, stream as Readable);
}
