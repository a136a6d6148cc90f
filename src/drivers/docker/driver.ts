import type Dockerode from "dockerode";
import type { ContainerInfo } from "dockerode";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptSpec, Driver, DriverEvent } from "../../ports/driver.ts";
import type { LogSink } from "../../ports/logs.ts";
import { ContainerAttempt } from "./attempt.ts";
import type { AttemptContext } from "./attempt.ts";
import { inspect, isOurs, removeContainer } from "./container.ts";
import { prepareNotes, removeNote } from "./cursor.ts";
import { engineMessage, isAbort, isEngineAway } from "./failure.ts";
import { removeTaskIfUnused, unusedTasks } from "./holder.ts";
import { gatewayOf } from "./gateway.ts";
import { EngineLink } from "./link.ts";
import { mayNotHaveRun, phaseOf } from "./outcome.ts";
import { ImagePuller } from "./pull.ts";
import { LABEL } from "./names.ts";
import type { OutputKeeper } from "./spec.ts";

const DEFAULT_IMAGE = "busybox:latest";

export interface DockerDriverOptions {
  readonly clock: Clock;
  readonly logs: LogSink;
  /** Containers of other clusters are not seen. */
  readonly clusterId: string;
  /** The engine's socket. Default: where one answers, of the usual places. */
  readonly socketPath?: string | undefined;
  /** Where to remember how far output has been copied. Without it the next server reads all output again to find its place. */
  readonly directory?: string | undefined;
  /** The image of attempts that have none (NO_IMAGE). Default: busybox:latest. */
  readonly defaultImage?: string | undefined;
  /**
   * Told, each time the engine comes into sight and before it is asked to start anything, under which IPv4 address its containers reach this
   * machine; undefined when the engine does not say.
   */
  readonly onSighted?: ((gateway: string | undefined) => Promise<void>) | undefined;
  /** Operating troubles that no event tells: an engine that does not answer, output that cannot be read. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/** Runs attempts as containers of a Docker Engine, 20.10 or later, or of Podman's API for Docker's clients. */
export function createDockerDriver(options: DockerDriverOptions): Driver {
  return new DockerDriver(options);
}

class DockerDriver implements Driver {
  readonly name = "docker";
  readonly #context: AttemptContext;
  readonly #attempts = new Map<string, ContainerAttempt>();
  /** Forgotten, but the engine did not hear of it yet. */
  readonly #unremoved = new Set<string>();
  /** Forgotten while a listing was under way, which may still show them. */
  #forgottenWhileListing: Set<string> | undefined;
  /** Stops (attempt to killAt) that came while the engine was out of sight, for attempts that may be there. */
  readonly #earlyStops = new Map<string, number>();
  #outputKeeper: OutputKeeper = "json-file";
  readonly #onSighted: (gateway: string | undefined) => Promise<void>;
  #report: (event: DriverEvent) => void = () => {};

  constructor({
    clock,
    logs,
    clusterId,
    socketPath,
    directory,
    defaultImage,
    onSighted = async () => {},
    onNotice = () => {},
  }: DockerDriverOptions) {
    this.#onSighted = onSighted;
    const settings = { clusterId, defaultImage: defaultImage ?? DEFAULT_IMAGE };
    const outputKeeper = (): OutputKeeper => this.#outputKeeper;
    this.#context = {
      clock,
      link: new EngineLink({ clock, clusterId, socketPath, onNotice }),
      pulls: new ImagePuller(clock),
      output: { logs, directory },
      get settings() {
        return { ...settings, outputKeeper: outputKeeper() };
      },
      report: (event) => this.#report(event),
      onNotice,
    };
  }

  async open(report: (event: DriverEvent) => void): Promise<void> {
    this.#report = report;
    prepareNotes(this.#context.output);
    this.#context.link.open({
      sighted: (docker) => this.#takeInventory(docker),
      changed: (attemptId) => this.#attempts.get(attemptId)?.changed(),
    });
  }

  async start(spec: AttemptSpec): Promise<void> {
    const { attemptId, task } = spec;
    const known = this.#attempts.get(attemptId);
    const attempt = known ?? new ContainerAttempt(this.#context, { attemptId, taskId: task?.id });
    this.#attempts.set(attemptId, attempt);
    await attempt.launch(spec);
  }

  async stop(attemptId: string, killAt: number): Promise<void> {
    const attempt = this.#attempts.get(attemptId);
    if (attempt !== undefined) attempt.stop(killAt);
    else if (this.#context.link.docker === undefined) this.#earlyStops.set(attemptId, killAt);
  }

  async forget(attemptId: string): Promise<void> {
    const attempt = this.#attempts.get(attemptId);
    attempt?.release();
    this.#attempts.delete(attemptId);
    this.#forgottenWhileListing?.add(attemptId);
    this.#unremoved.add(attemptId);
    const { docker } = this.#context.link;
    if (docker === undefined) return;
    await attempt?.released();
    await this.#remove(docker, attemptId, attempt);
  }

  async close(): Promise<void> {
    this.#report = () => {};
    const attempts = [...this.#attempts.values()];
    for (const attempt of attempts) attempt.release();
    await this.#context.link.close();
    await Promise.all(attempts.map((attempt) => attempt.released()));
  }

  /** What the engine refuses to remove is left: the next inventory shows it, and it is forgotten again. */
  async #remove(docker: Dockerode, attemptId: string, known: ContainerAttempt | undefined): Promise<void> {
    const { link, settings, output, onNotice } = this.#context;
    try {
      const labels = known === undefined ? (await inspect(docker, attemptId, link.closing))?.Config.Labels : undefined;
      if (known !== undefined || isOurs(labels, settings.clusterId)) {
        await removeContainer(docker, attemptId);
        const taskId = known?.taskId ?? labels?.[LABEL.task];
        if (taskId !== undefined) await removeTaskIfUnused(docker, taskId);
      }
      removeNote(output, attemptId);
    } catch (error) {
      if (isEngineAway(error) || isAbort(error)) return;
      onNotice(`The container of attempt ${attemptId} cannot be removed: ${engineMessage(error)}`);
    }
    this.#unremoved.delete(attemptId);
  }

  async #takeInventory(docker: Dockerode): Promise<void> {
    this.#forgottenWhileListing = new Set(this.#unremoved);
    for (const attemptId of this.#unremoved) await this.#remove(docker, attemptId, undefined);
    const filters = { label: [`${LABEL.cluster}=${this.#context.settings.clusterId}`] };
    this.#outputKeeper = await outputKeeperOf(docker);
    await this.#onSighted(await gatewayOf(docker));
    const listed = await docker.listContainers({ all: true, filters });
    for (const container of listed) await this.#adopt(docker, container);
    await this.#removeUnusedTasks(docker, listed);
    this.#forgottenWhileListing = undefined;
    for (const [attemptId, killAt] of this.#earlyStops) this.#attempts.get(attemptId)?.stop(killAt);
    this.#earlyStops.clear();
    if (this.#context.link.closing.aborted) return;
    this.#report({ kind: "inventory", attemptIds: [...this.#attempts.keys()] });
    for (const attempt of this.#attempts.values()) attempt.announce();
  }

  /**
   * A container that was made and never started is left out: nothing has run, and only the engine knows whether the attempt is still
   * wanted. If it is, `start` finds the container; if it was stopped meanwhile, `forget` removes it.
   */
  async #adopt(docker: Dockerode, { State, Labels, Created }: ContainerInfo): Promise<void> {
    const attemptId = Labels[LABEL.attempt];
    if (attemptId === undefined || this.#attempts.has(attemptId)) return;
    if (mayNotHaveRun(State)) {
      const found = await inspect(docker, attemptId, this.#context.link.closing);
      if (found === undefined || phaseOf(found.State).kind === "created") return;
    }
    if (this.#attempts.has(attemptId) || this.#forgottenWhileListing?.has(attemptId)) return;
    const found = { attemptId, taskId: Labels[LABEL.task], foundAt: Created * 1000 };
    this.#attempts.set(attemptId, new ContainerAttempt(this.#context, found));
  }

  async #removeUnusedTasks(docker: Dockerode, listed: readonly ContainerInfo[]): Promise<void> {
    const starting = new Set([...this.#attempts.values()].map(({ taskId }) => taskId));
    for (const taskId of await unusedTasks(docker, this.#context.settings.clusterId, listed)) {
      if (!starting.has(taskId)) await removeTaskIfUnused(docker, taskId);
    }
  }
}

/** Podman has no `local`. */
async function outputKeeperOf(docker: Dockerode): Promise<OutputKeeper> {
  const { Plugins } = (await docker.info()) as { readonly Plugins?: { readonly Log?: readonly string[] | null } };
  return Plugins?.Log?.includes("local") ? "local" : "json-file";
}
