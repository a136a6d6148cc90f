import { addAbortSignal } from "node:stream";
import type { Readable } from "node:stream";
import type Dockerode from "dockerode";
import { containerName } from "../../core/driver-name.ts";
import { Cursor } from "./cursor.ts";
import type { CursorPlace, Resume } from "./cursor.ts";
import { FrameReader, LineReader, secondBefore } from "./output.ts";
import type { PieceEnd } from "./output.ts";

/** Copies one container's output into its attempt's log: as it comes while the container runs, and to the end when it has ended. */
export class OutputCopy {
  readonly #attemptId: string;
  readonly #cursor: Cursor;
  /** Set by whoever has looked at the container, before the first copy. */
  pieceEnd: PieceEnd = "line-end";
  #resume: Promise<Resume> | undefined;
  #following: AbortController | undefined;
  #drained = false;

  constructor(attemptId: string, place: CursorPlace) {
    this.#attemptId = attemptId;
    this.#cursor = new Cursor(attemptId, place);
  }

  /** Begins to follow the output, unless that goes on already. `onEnd` is called when the engine ends the stream, by itself or with an error. */
  follow(docker: Dockerode, onEnd: () => void): void {
    if (this.#following !== undefined || this.#drained) return;
    const following = new AbortController();
    this.#following = following;
    this.#copy(docker, following.signal)
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
    if (this.#drained) return;
    this.stop();
    const reader = await this.#copy(docker, signal);
    const rest = reader.end();
    if (rest.length > 0) this.#cursor.append(rest, reader.position);
    this.#cursor.settle();
    this.#resume = Promise.resolve({ position: reader.position, linesAhead: 0 });
    this.#drained = true;
  }

  /** Stops following. What is copied stays, and the position too. */
  stop(): void {
    this.#following?.abort();
    this.#following = undefined;
  }

  async #copy(docker: Dockerode, signal: AbortSignal): Promise<LineReader> {
    this.#resume ??= this.#cursor.load();
    const resume = await this.#resume;
    const stream = await openLog(docker, this.#attemptId, secondBefore(resume.position), signal);
    const frames = new FrameReader();
    const lines = new LineReader(resume.position, resume.linesAhead, this.pieceEnd);
    for await (const chunk of stream) {
      signal.throwIfAborted();
      const got = lines.read(frames.push(chunk as Buffer));
      if (got.length === 0) continue;
      this.#cursor.append(got, lines.position);
      this.#resume = Promise.resolve({ position: lines.position, linesAhead: 0 });
    }
    signal.throwIfAborted();
    return lines;
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
