import type Dockerode from "dockerode";
import type { Clock } from "../../../ports/clock.ts";
import { orAborted, pause } from "../../waiting/pause.ts";
import { AttemptFailure, engineMessage, isAbort, isEngineAway, statusOf } from "../failure.ts";
import { PullProgress } from "./pull-progress.ts";
import type { RegistryLogin } from "./registry.ts";
import { registryOf } from "./registry.ts";

/** Pauses before the second try and the following ones; there are no more. About as many, and as long, as those of ECS's agent. */
const RETRY_DELAYS_MS = [1_000, 2_000, 4_000, 8_000];

/** What a registry or the way to it says when the next try may well succeed. */
const TRANSIENT =
  /timeout|timed out|deadline exceeded|connection reset|broken pipe|\bEOF\b|temporary failure|server misbehaving|too ?many ?requests|bad gateway|service unavailable|gateway time-?out|internal server error|received unexpected HTTP status: 5\d\d/i;

/** What is to be pulled. */
export interface Wanted {
  readonly image: string;
  /** `linux/arm64`; undefined: what the engine takes by itself. */
  readonly platform?: string | undefined;
  readonly login?: RegistryLogin | undefined;
}

interface Pull {
  readonly done: Promise<void>;
  readonly controller: AbortController;
  readonly progress: PullProgress;
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
   * AbortError when `signal` fires, or with the connection's error. A pull that nobody waits for any more is given up. Who logs in otherwise
   * has a pull of its own.
   *
   * @param onBegun is given what tells how far the pull is, from then on.
   */
  async pull(
    docker: Dockerode,
    wanted: Wanted,
    signal: AbortSignal,
    onBegun: (progress: PullProgress) => void = () => {},
  ): Promise<void> {
    signal.throwIfAborted();
    const key = JSON.stringify([wanted.image, wanted.platform, wanted.login]);
    const pull = this.#pulls.get(key) ?? this.#begin(docker, wanted, key);
    pull.waiting += 1;
    onBegun(pull.progress);
    try {
      await orAborted(pull.done, signal);
    } finally {
      pull.waiting -= 1;
      if (pull.waiting === 0) {
        pull.controller.abort();
        this.#end(key, pull);
      }
    }
  }

  #begin(docker: Dockerode, wanted: Wanted, key: string): Pull {
    const controller = new AbortController();
    const progress = new PullProgress(wanted.image);
    const done = this.#pullWithRetries(docker, wanted, progress, controller.signal);
    const pull: Pull = { done, controller, progress, waiting: 0 };
    this.#pulls.set(key, pull);
    done.then(
      () => this.#end(key, pull),
      () => this.#end(key, pull),
    );
    return pull;
  }

  #end(key: string, pull: Pull): void {
    if (this.#pulls.get(key) === pull) this.#pulls.delete(key);
  }

  async #pullWithRetries(
    docker: Dockerode,
    wanted: Wanted,
    progress: PullProgress,
    signal: AbortSignal,
  ): Promise<void> {
    for (const delayMs of RETRY_DELAYS_MS) {
      try {
        return await pullOnce(docker, wanted, progress, signal);
      } catch (error) {
        if (!isTransient(error)) throw asFailure(error, wanted.image);
        progress.failed(engineMessage(error), delayMs);
        await pause(this.#clock, delayMs, signal);
      }
    }
    await pullOnce(docker, wanted, progress, signal).catch((error: unknown) => {
      throw asFailure(error, wanted.image);
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
async function pullOnce(
  docker: Dockerode,
  { image, platform, login }: Wanted,
  progress: PullProgress,
  abortSignal: AbortSignal,
): Promise<void> {
  const options = {
    abortSignal,
    ...(platform !== undefined && { platform }),
    ...(login !== undefined && { authconfig: { ...login, serveraddress: registryOf(image) } }),
  };
  progress.begun();
  const reports: NodeJS.ReadableStream = await docker.pull(image, options);
  let rest = "";
  for await (const chunk of reports) {
    abortSignal.throwIfAborted();
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) read(line, progress);
  }
  read(rest, progress);
}

function read(line: string, progress: PullProgress): void {
  const report = parsed(line);
  if (report === undefined) return;
  if ("error" in report) throw new Error(String(report.error));
  progress.reported(report);
}

/** Undefined for what is no report: an engine may say more than JSON. */
function parsed(line: string): object | undefined {
  try {
    const report: unknown = JSON.parse(line);
    return typeof report === "object" && report !== null ? report : undefined;
  } catch {
    return undefined;
  }
}
