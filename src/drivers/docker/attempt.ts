import type Dockerode from "dockerode";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptSpec, DriverEvent } from "../../ports/driver.ts";
import { ensureContainer, inspect, removeContainer, signalContainer, startContainer } from "./container.ts";
import { OutputCopy } from "./copy.ts";
import type { CursorPlace } from "./cursor.ts";
import { AttemptFailure, engineMessage, isAbort, isEngineAway } from "./failure.ts";
import { addressOf, ensureHolder } from "./holder.ts";
import type { EngineLink } from "./link.ts";
import { phaseOf, pieceEndOf } from "./outcome.ts";
import type { ContainerPhase, Exited } from "./outcome.ts";
import { pause } from "./pause.ts";
import type { ImagePuller } from "./pull.ts";
import type { ContainerSettings } from "./spec.ts";

/** Pause before a container is looked at again after the engine could not say. */
const LOOK_AGAIN_MS = 1_000;
/** The longest delay that timers take. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const REMOVED = "The container was removed from the container engine before its program ended";

/** What all attempts of a driver share. */
export interface AttemptContext {
  readonly clock: Clock;
  readonly link: EngineLink;
  readonly pulls: ImagePuller;
  readonly output: CursorPlace;
  readonly settings: ContainerSettings;
  readonly report: (event: DriverEvent) => void;
  readonly onNotice: (message: string) => void;
}

/**
 * One attempt and its container. What happens to it is learned by looking at the container, never by trusting that an event arrives:
 * `settle` looks, and does whatever the container's state asks for, any number of times.
 */
export class ContainerAttempt {
  readonly attemptId: string;
  /** Of one container of several. */
  readonly taskId: string | undefined;
  readonly #context: AttemptContext;
  readonly #output: OutputCopy;
  readonly #abandoned = new AbortController();
  #phase: "starting" | "found" | "running" | "over";
  #isReleased = false;
  #startedAt: number | undefined;
  /** Where other containers reach it while it runs. */
  #address: string | undefined;
  #end: Exited | undefined;
  #killAt: number | undefined;
  #isTermSent = false;
  #cancelKill: () => void = () => {};
  #launching: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  /** Either to be started (`launch`), or found in the engine, having been made at `foundAt` (epoch ms). */
  constructor(
    context: AttemptContext,
    { attemptId, taskId, foundAt }: { attemptId: string; taskId: string | undefined; foundAt?: number },
  ) {
    this.#context = context;
    this.attemptId = attemptId;
    this.taskId = taskId;
    this.#output = new OutputCopy(attemptId, context.output);
    this.#phase = foundAt === undefined ? "starting" : "found";
    this.#startedAt = foundAt;
  }

  /** Makes and starts the container, unless that has happened. Resolves when it runs, or is over. */
  launch(spec: AttemptSpec): Promise<void> {
    if (this.#phase !== "starting") return Promise.resolve();
    this.#launching ??= this.#launch(spec);
    return this.#launching;
  }

  /** SIGTERM now and SIGKILL at `killAt`; the earliest `killAt` counts. Before the program runs: gives it up. */
  stop(killAt: number): void {
    if (this.#phase === "over") return;
    this.#killAt = Math.min(killAt, this.#killAt ?? killAt);
    if (this.#phase === "starting") this.#abandoned.abort();
    if (this.#phase === "running") this.#applyStop();
  }

  /** Tells again what is known, and looks for what is not: after the engine was out of sight. */
  announce(): void {
    if (this.#phase === "starting" || this.#phase === "found") {
      if (this.#phase === "found") void this.settle();
      return;
    }
    if (this.#startedAt !== undefined) this.#reportStarted(this.#startedAt);
    if (this.#end !== undefined) this.#context.report(this.#end);
    else void this.settle();
  }

  /** Something happened to the container. While it is being started, `launch` looks by itself. */
  changed(): void {
    if (this.#phase !== "starting") void this.settle();
  }

  /** Lets go of everything but the container. */
  release(): void {
    this.#isReleased = true;
    this.#abandoned.abort();
    this.#output.stop();
    this.#cancelKill();
  }

  /** Resolves when nothing is under way any more, after `release`. */
  async released(): Promise<void> {
    await Promise.allSettled([this.#launching, this.#looking]);
  }

  async #launch(spec: AttemptSpec): Promise<void> {
    while (this.#phase === "starting" && !this.#isReleased) {
      try {
        const docker = await this.#context.link.inSight();
        if (await this.#start(docker, spec)) await this.settle("launched");
      } catch (error) {
        if (this.#isReleased) return;
        if (error instanceof AttemptFailure) return this.#over({ reason: error.message });
        if (isAbort(error)) continue;
        // What became of the request is unknown. The name makes it safe to begin again.
        if (!isEngineAway(error)) throw error;
        await this.#pauseToLookAgain();
      }
    }
  }

  /** One try, as far as it gets. True when there is a container to look at. */
  async #start(docker: Dockerode, spec: AttemptSpec): Promise<boolean> {
    const { closing } = this.#context.link;
    if (this.#killAt !== undefined) return this.#giveUp(docker);
    const { clock, pulls, settings } = this.#context;
    const create = { docker, clock, pulls, settings, abandoned: this.#abandoned.signal, closing };
    if (spec.task !== undefined) await ensureHolder(create, spec.task.id);
    const container = await ensureContainer(create, spec);
    if (container === "known") {
      const found = await inspect(docker, this.attemptId, closing);
      if (found === undefined || phaseOf(found.State).kind !== "created") return true;
    }
    if (this.#killAt !== undefined) return this.#giveUp(docker);
    if (this.#isReleased) return false;
    await startContainer(docker, this.attemptId, closing);
    return true;
  }

  /** Stopped before it was started: nothing may be left that could start later. An earlier try may have got further than we know. */
  async #giveUp(docker: Dockerode): Promise<boolean> {
    const found = await inspect(docker, this.attemptId, this.#context.link.closing);
    const phase = found && phaseOf(found.State).kind;
    if (phase === "running" || phase === "ended") return true;
    if (found !== undefined) await removeContainer(docker, this.attemptId);
    this.#over({});
    return false;
  }

  /** Looks at the container until it is known what becomes of it next. */
  settle(launched?: "launched"): Promise<void> {
    if (launched && this.#phase === "starting") this.#phase = "found";
    this.#lookAgain = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    while (this.#lookAgain && this.#phase !== "over" && !this.#isReleased) {
      this.#lookAgain = false;
      try {
        await this.#lookOnce();
      } catch (error) {
        if (this.#isReleased) return;
        if (!isEngineAway(error)) this.#notice("cannot be looked at", error);
        this.#lookAgain = true;
        await this.#pauseToLookAgain();
      }
    }
  }

  async #lookOnce(): Promise<void> {
    const docker = await this.#context.link.inSight();
    const found = await inspect(docker, this.attemptId, this.#context.link.closing);
    if (this.#isReleased) return;
    if (found === undefined) return this.#over({ reason: REMOVED });
    this.#output.pieceEnd = pieceEndOf(found);
    const phase = phaseOf(found.State);
    if (phase.kind === "running") this.#address ??= await addressOf(docker, found, this.#context.link.closing);
    await this.#observe(docker, phase);
  }

  async #observe(docker: Dockerode, phase: ContainerPhase): Promise<void> {
    switch (phase.kind) {
      case "created":
        throw new Error("the engine has not started it");
      case "unstartable":
        this.#startedAt = undefined;
        return this.#over({ reason: phase.reason });
      case "running":
        this.#running(phase.startedAt);
        this.#output.follow(docker, () => this.#outputEnded());
        return this.#applyStop();
      case "ended":
        this.#running(phase.startedAt);
        await this.#drain(docker);
        return this.#over({ ...phase.exit, at: phase.at });
    }
  }

  #running(startedAt: number): void {
    if (this.#phase === "running") return;
    this.#phase = "running";
    this.#startedAt = startedAt;
    this.#reportStarted(startedAt);
  }

  /** The end must not wait for ever for output that the engine cannot give. */
  async #drain(docker: Dockerode): Promise<void> {
    try {
      await this.#output.drain(docker, this.#context.link.closing);
    } catch (error) {
      if (this.#isReleased || isEngineAway(error) || isAbort(error)) throw error;
      this.#notice("has output that cannot be read", error);
    }
  }

  /** Usually because the program ended, which an event tells too; this makes up for one that is lost. */
  #outputEnded(): void {
    if (this.#isReleased || this.#phase === "over") return;
    void this.#pauseToLookAgain().then(() => this.changed());
  }

  #applyStop(): void {
    if (this.#killAt === undefined) return;
    if (!this.#isTermSent) {
      this.#isTermSent = true;
      this.#signal("SIGTERM", () => {
        this.#isTermSent = false;
      });
    }
    const { clock } = this.#context;
    this.#cancelKill();
    const delayMs = Math.min(Math.max(0, this.#killAt - clock.now()), LONGEST_TIMER_MS);
    this.#cancelKill = clock.after(delayMs, () => this.#signal("SIGKILL", () => {}));
  }

  /** A signal that did not arrive is sent when the container is next looked at. */
  #signal(signal: "SIGTERM" | "SIGKILL", onFailure: () => void): void {
    void this.#context.link
      .inSight()
      .then((docker) => signalContainer(docker, this.attemptId, signal))
      .catch((error: unknown) => {
        onFailure();
        if (this.#isReleased) return;
        this.#notice(`did not get its ${signal}`, error);
        void this.#pauseToLookAgain().then(() => this.changed());
      });
  }

  #reportStarted(at: number): void {
    const address = this.#address;
    this.#context.report({ kind: "started", attemptId: this.attemptId, at, ...(address !== undefined && { address }) });
  }

  #over({ at, exitCode, reason }: { at?: number; exitCode?: number; reason?: string }): void {
    if (this.#isReleased || this.#phase === "over") return;
    this.#phase = "over";
    this.#cancelKill();
    this.#output.stop();
    this.#end = {
      kind: "exited",
      attemptId: this.attemptId,
      at: at ?? this.#context.clock.now(),
      ...(this.#startedAt === undefined ? {} : { startedAt: this.#startedAt }),
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(reason === undefined ? {} : { reason }),
    };
    this.#context.report(this.#end);
  }

  #pauseToLookAgain(): Promise<void> {
    const { clock, link } = this.#context;
    return pause(clock, LOOK_AGAIN_MS, link.closing).catch(() => {});
  }

  #notice(what: string, error: unknown): void {
    this.#context.onNotice(`Attempt ${this.attemptId} ${what}: ${engineMessage(error)}`);
  }
}
