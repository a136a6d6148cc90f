import type Dockerode from "dockerode";
import type { Clock } from "../../ports/clock.ts";
import { pause } from "./pause.ts";
import { AttemptFailure, engineMessage, isAbort, isEngineAway, statusOf } from "./failure.ts";

/** Pauses before the second and the third try. */
const RETRY_DELAYS_MS = [1_000, 4_000];

/** What a registry or the way to it says when the next try may well succeed. */
const TRANSIENT =
  /timeout|timed out|deadline exceeded|connection reset|broken pipe|\bEOF\b|temporary failure|server misbehaving|too ?many ?requests|bad gateway|service unavailable|gateway time-?out|internal server error|received unexpected HTTP status: 5\d\d/i;

interface Pull {
  readonly done: Promise<void>;
  readonly controller: AbortController;
  waiting: number;
}

/** Pulls images: each image once at a time, however many attempts wait for it. */
export class ImagePuller {
  readonly #clock: Clock;
  readonly #pulls = new Map<string, Pull>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves when the engine has the image. Rejects with AttemptFailure (CannotPullContainerError) when it cannot be had, with an
   * AbortError when `signal` fires, or with the connection's error. A pull that nobody waits for any more is given up.
   */
  async pull(docker: Dockerode, image: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const pull = this.#pulls.get(image) ?? this.#begin(docker, image);
    pull.waiting += 1;
    try {
      await orAborted(pull.done, signal);
    } finally {
      pull.waiting -= 1;
      if (pull.waiting === 0) {
        pull.controller.abort();
        this.#end(image, pull);
      }
    }
  }

  #begin(docker: Dockerode, image: string): Pull {
    const controller = new AbortController();
    const done = this.#pullWithRetries(docker, image, controller.signal);
    const pull: Pull = { done, controller, waiting: 0 };
    this.#pulls.set(image, pull);
    done.then(
      () => this.#end(image, pull),
      () => this.#end(image, pull),
    );
    return pull;
  }

  #end(image: string, pull: Pull): void {
    if (this.#pulls.get(image) === pull) this.#pulls.delete(image);
  }

  async #pullWithRetries(docker: Dockerode, image: string, signal: AbortSignal): Promise<void> {
    for (const delayMs of RETRY_DELAYS_MS) {
      try {
        return await pullOnce(docker, image, signal);
      } catch (error) {
        if (!isTransient(error)) throw asFailure(error, image);
        await pause(this.#clock, delayMs, signal);
      }
    }
    await pullOnce(docker, image, signal).catch((error: unknown) => {
      throw asFailure(error, image);
    });
  }
}

/** Names the image where the engine does not ("manifest unknown"). */
function asFailure(error: unknown, image: string): unknown {
  if (isEngineAway(error) || isAbort(error)) return error;
  const said = engineMessage(error);
  const [name = image] = image.split(/[:@]/);
  return new AttemptFailure("CannotPullContainerError", said.includes(name) ? said : `${image}: ${said}`);
}

/** A refusal (no such image, no access, no such host) is final; a hiccup is not. */
export function isTransient(error: unknown): boolean {
  if (isEngineAway(error) || isAbort(error)) return false;
  const status = statusOf(error);
  return status === 429 || status === 502 || status === 503 || TRANSIENT.test(engineMessage(error));
}

/** The engine answers 200 before it begins; a failure after that is a line of its progress report. */
async function pullOnce(docker: Dockerode, image: string, signal: AbortSignal): Promise<void> {
  const progress: NodeJS.ReadableStream = await docker.pull(image, { abortSignal: signal });
  let rest = "";
  for await (const chunk of progress) {
    signal.throwIfAborted();
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(throwIfError);
  }
  throwIfError(rest);
}

function throwIfError(line: string): void {
  if (!line.includes('"error"')) return;
  const report: unknown = JSON.parse(line);
  if (typeof report !== "object" || report === null || !("error" in report)) return;
  throw new Error(String(report.error));
}

function orAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason);
    signal.addEventListener("abort", give, { once: true });
    done.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}
