import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { ContainerRun } from "./container-run.ts";
import { StartError } from "./container-run.ts";
import { ConfigError, environmentOf, expand } from "./expansion.ts";
import { fullName, pullFailure } from "./images.ts";
import type { Image, Images } from "./images.ts";
import type { Container, ContainerState, ContainerStatus, Pod } from "./objects.ts";
import { wholeSeconds } from "./objects.ts";
import type { ObjectStore } from "./object-store.ts";
import { startProcess } from "./process-run.ts";
import { quantityMilli } from "./quantity.ts";
import { ScriptedRun } from "./scripted-run.ts";

/** The runtime's time of what never began: the zero of a container's status. */
const NEVER = "1970-01-01T00:00:00Z";

/** What a kubelet gives its containers. */
export interface KubeletParts {
  readonly store: ObjectStore;
  readonly images: Images;
  /** Between tries of what failed: a pull, a secret that is not there. */
  readonly retryMs: number;
}

/** One container of a pod: its image, its run, its status. */
export class ContainerWorker {
  readonly container: Container;
  #state: ContainerState;
  #id: string | undefined;
  #run: ContainerRun | undefined;
  #isStopped = false;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #begun = Promise.withResolvers<void>();
  readonly #parts: KubeletParts;
  readonly #changed: () => void;

  constructor(container: Container, waitingReason: string, parts: KubeletParts, changed: () => void) {
    this.container = container;
    this.#state = { waiting: { reason: waitingReason } };
    this.#parts = parts;
    this.#changed = changed;
  }

  get run(): ContainerRun | undefined {
    return this.#run;
  }

  get state(): ContainerState {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state.terminated !== undefined;
  }

  get succeeded(): boolean {
    return this.#state.terminated?.exitCode === 0;
  }

  /** Tries once, and then, until it runs, cannot run for ever, or is not wanted any more, again and again. Settles after the first try. */
  async start(pod: () => Pod, directory: string): Promise<void> {
    if (this.#isStopped || (await this.#try(0, pod, directory))) this.#begun.resolve();
    else void this.#retry(pod, directory);
  }

  async #retry(pod: () => Pod, directory: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#pause(this.#parts.retryMs);
      if (this.#isStopped || (await this.#try(attempt, pod, directory))) break;
    }
    this.#begun.resolve();
  }

  async #try(attempt: number, pod: () => Pod, directory: string): Promise<boolean> {
    return (await this.#pulled(attempt)) && !this.#isStopped && (await this.#begin(pod(), directory));
  }

  /** Settles when it is over, or will never begin. */
  async over(): Promise<void> {
    await this.#begun.promise;
    const run = this.#run;
    if (run === undefined) return;
    const { exitCode, oom } = await run.exited;
    const reason = oom ? "OOMKilled" : exitCode === 0 ? "Completed" : "Error";
    const { startedAt = NEVER } = this.#state.running ?? {};
    this.#to({
      terminated: { exitCode, reason, startedAt, finishedAt: wholeSeconds(Date.now()), containerID: this.#id! },
    });
  }

  /** No more tries; what runs gets the signal. */
  stop(signal: "SIGTERM" | "SIGKILL"): void {
    this.#isStopped = true;
    this.#stopped.resolve();
    this.#run?.signal(signal);
  }

  /** The pod is over, and this one never began. */
  giveUp(): void {
    if (this.#state.waiting === undefined) return;
    const message = "The container could not be located when the pod was terminated";
    const terminated = { exitCode: 137, reason: "ContainerStatusUnknown", message, startedAt: null, finishedAt: null };
    this.#state = { terminated: terminated as unknown as NonNullable<ContainerState["terminated"]> };
  }

  status(): ContainerStatus {
    const runs = this.#state.running !== undefined;
    return {
      name: this.container.name,
      image: fullName(this.container.image),
      imageID: this.#id === undefined ? "" : `${fullName(this.container.image)}@sha256:${"0".repeat(64)}`,
      ...(this.#id !== undefined && { containerID: this.#id }),
      ready: runs,
      started: runs,
      restartCount: 0,
      state: this.#state,
      lastState: {},
    };
  }

  async #pulled(attempt: number): Promise<boolean> {
    const { image, imagePullPolicy } = this.container;
    const known = this.#parts.images.get(image);
    if (known?.pullMs !== undefined) await this.#pause(known.pullMs);
    // It may have been deleted while it was pulled.
    if (this.#parts.images.has(image)) return true;
    const failure = pullFailure(image, imagePullPolicy);
    if (failure.reason !== "ErrImagePull") this.#wait(failure.reason, failure.message);
    else if (attempt % 2 === 0) this.#wait("ErrImagePull", `rpc error: code = NotFound desc = ${failure.message}`);
    else this.#wait("ImagePullBackOff", `Back-off pulling image "${image}": ErrImagePull: ${failure.message}`);
    return false;
  }

  async #begin(pod: Pod, directory: string): Promise<boolean> {
    const { image } = this.container;
    const found = this.#parts.images.get(image)!;
    let given: Record<string, string>;
    try {
      given = environmentOf(this.container, pod, (name) =>
        this.#parts.store.get("secrets", pod.metadata.namespace, name),
      );
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      this.#wait("CreateContainerConfigError", error.message);
      return false;
    }
    this.#id = `containerd://${randomBytes(32).toString("hex")}`;
    try {
      const run = await this.#launch(found, given, pod, directory);
      this.#run = run;
      if (this.#isStopped) run.signal("SIGKILL");
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const end = { exitCode: 128, reason: "StartError", message: error.message, startedAt: NEVER };
      this.#to({ terminated: { ...end, finishedAt: wholeSeconds(Date.now()), containerID: this.#id } });
      return true;
    }
    this.#to({ running: { startedAt: wholeSeconds(Date.now()) } });
    return true;
  }

  async #launch(image: Image, given: Record<string, string>, pod: Pod, directory: string): Promise<ContainerRun> {
    if (image.script !== undefined) return new ScriptedRun(image.script);
    const { command, args, workingDir, resources } = this.container;
    const all =
      command === undefined
        ? [...(image.entrypoint ?? []), ...(args ?? image.cmd ?? [])]
        : [...command, ...(args ?? [])];
    const scratch = path.join(directory, this.container.name);
    mkdirSync(scratch, { recursive: true });
    const limit = resources?.limits?.["memory"];
    return startProcess({
      argv: all.map((word) => expand(word, given)),
      environment: {
        PATH: process.env["PATH"] ?? "",
        HOSTNAME: pod.metadata.name,
        ...SERVICE_VARIABLES,
        ...image.env,
        ...given,
      },
      directory: workingDir !== undefined && workingDir === "/" ? "/" : scratch,
      memoryBytes: limit === undefined ? undefined : quantityMilli(limit)! / 1000,
    });
  }

  #wait(reason: string, message: string): void {
    this.#to({ waiting: { reason, message } });
  }

  #to(state: ContainerState): void {
    this.#state = state;
    this.#changed();
  }

  /** Ends early when the container is not wanted any more. */
  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#stopped.promise, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
    clearTimeout(timer);
  }
}

/** Those that every container has, of the service "kubernetes". */
const SERVICE_VARIABLES = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };
