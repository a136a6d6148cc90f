import type Dockerode from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import type { Usage } from "../../core/usage.ts";
import type { AttemptSpec } from "../../ports/driver.ts";
import type { AttemptContext, Shares } from "./attempt-context.ts";
import { inspect, removeContainer, signalContainer } from "./container/container.ts";
import { OutputCopy } from "./output/copy.ts";
import { AttemptFailure, engineMessage, isAbort, isEngineAway } from "./failure.ts";
import { addressOf } from "./tasks/holder.ts";
import { imageOf } from "./images/image.ts";
import { afterLateNews } from "./container/late-news.ts";
import { outputKindOf } from "./container/log-config.ts";
import { phaseOf } from "./container/outcome.ts";
import type { ContainerPhase, Exited } from "./container/outcome.ts";
import { orAborted, pause } from "../waiting/pause.ts";
import type { Provided } from "./container/provided.ts";
import { NOTHING_PROVIDED, provide } from "./container/provided.ts";
import type { PullProgress } from "./images/pull-progress.ts";
import { secretsOfContainer, withoutSecrets } from "./container/redact.ts";
import { tryToStart } from "./starting.ts";
import { crashPoint } from "../../ports/crash-points.ts";
import { LONGEST_TIMER_MS } from "../waiting/longest-timer.ts";

/** Pause before a container is looked at again after the engine could not say. */
const LOOK_AGAIN_MS = 1_000;

const REMOVED = "The container was removed from the container engine before its program ended";

type EndedPhase = Extract<ContainerPhase, { readonly kind: "ended" }>;

/** How an attempt ended; `at` is now where the engine does not say. */
interface Ending {
  readonly at?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  readonly usage?: Usage | undefined;
}

/**
 * One attempt and its container. What happens to it is learned by looking at the container, never by trusting that an event arrives:
 * `settle` looks, and does whatever the container's state asks for, any number of times.
 */
export class ContainerAttempt {
  readonly attemptId: string;
  /** What it shares with others. */
  readonly shares: Shares;
  readonly #context: AttemptContext;
  readonly #output: OutputCopy;
  readonly #abandoned = new AbortController();
  #phase: "starting" | "found" | "running" | "over";
  #isReleased = false;
  /** Of its image, while there is one. */
  #pull: PullProgress | undefined;
  #startedAt: number | undefined;
  /** Where other containers reach it while it runs. */
  #address: string | undefined;
  #end: Exited | undefined;
  #killAt: number | undefined;
  #isTermSent = false;
  #isKillDue = false;
  #cancelKill: () => void = () => {};
  #launching: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  /** Either to be started (`launch`), or found in the engine, having been made at `foundAt` (epoch ms). */
  constructor(
    context: AttemptContext,
    { attemptId, shares, foundAt }: { attemptId: string; shares: Shares; foundAt?: number },
  ) {
    this.#context = context;
    this.attemptId = attemptId;
    this.shares = shares;
    this.#output = new OutputCopy(attemptId, context);
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
    if (killAt < (this.#killAt ?? Infinity)) {
      this.#killAt = killAt;
      this.#killIn(killAt - this.#context.clock.now());
    }
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

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  get isStarting(): boolean {
    return this.#phase === "starting";
  }

  /** What it waits for before its container is made. */
  get waitsFor(): string | undefined {
    return this.#pull?.text;
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
    let provided: Provided | undefined;
    while (this.#phase === "starting" && !this.#isReleased) {
      try {
        const docker = await this.#context.link.inSight();
        provided ??= await this.#provide(spec);
        if (await this.#start(docker, spec, provided)) await this.settle("launched");
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

  /** Nothing for who is to be stopped. */
  #provide(spec: AttemptSpec): Promise<Provided> {
    if (this.#killAt !== undefined) return Promise.resolve(NOTHING_PROVIDED);
    const { sources, settings } = this.#context;
    return orAborted(provide(spec, imageOf(spec, settings), sources), this.#abandoned.signal);
  }

  /** One try, as far as it gets. True when there is a container to look at. */
  async #start(docker: Dockerode, spec: AttemptSpec, provided: Provided): Promise<boolean> {
    const outcome = await tryToStart(
      this.#context,
      docker,
      { spec, provided },
      {
        isGivenUp: () => this.#killAt !== undefined,
        isReleased: () => this.#isReleased,
        abandoned: this.#abandoned.signal,
        onPull: (progress) => {
          this.#pull = progress;
        },
      },
    );
    if (outcome === "lost") this.#lost();
    return outcome === "given-up" ? this.#giveUp(docker) : outcome === "there";
  }

  /** It began, as far as anybody can tell, and nobody knows how it ended. */
  #lost(): void {
    this.#startedAt = this.#context.asked.askedAt(this.attemptId);
    this.#over({});
  }

  /** Stopped before it was started: nothing may be left that could start later. An earlier try may have got further than we know. */
  async #giveUp(docker: Dockerode): Promise<boolean> {
    const found = await inspect(docker, this.attemptId, this.#context.link.closing);
    const phase = found && phaseOf(found.State).kind;
    if (phase === "running" || phase === "ended") return true;
    this.#context.measuring.kill(this.attemptId);
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
    this.#output.kind = outputKindOf(found);
    const phase = phaseOf(found.State);
    if (phase.kind === "running") this.#address ??= await this.#findAddress(docker, found);
    if (phase.kind === "unstartable") {
      this.#startedAt = undefined;
      return this.#over({ reason: withoutSecrets(phase.reason, secretsOfContainer(found)) });
    }
    await this.#observe(docker, found, phase);
  }

  async #findAddress(docker: Dockerode, found: ContainerInspectInfo): Promise<string | undefined> {
    const { pool, link } = this.#context;
    return pool.addressOf(this.attemptId) ?? (await addressOf(docker, found, link.closing));
  }

  async #observe(
    docker: Dockerode,
    found: ContainerInspectInfo,
    phase: Exclude<ContainerPhase, { kind: "unstartable" }>,
  ): Promise<void> {
    const { measuring } = this.#context;
    switch (phase.kind) {
      case "created":
        throw new Error("the engine has not started it");
      case "running":
        this.#running(phase.startedAt);
        measuring.running(this.attemptId, found, phase.startedAt);
        this.#output.follow(docker, () => this.#outputEnded());
        return this.#applyStop();
      case "ended":
        this.#running(phase.startedAt);
        await this.#drain(docker);
        return this.#ended(docker, found, phase);
    }
  }

  async #ended(docker: Dockerode, found: ContainerInspectInfo, { exit, at }: EndedPhase): Promise<void> {
    const { clock, link, measuring } = this.#context;
    const { closing } = link;
    const usage = measuring.usageOf(this.attemptId, found);
    const look = () => inspect(docker, this.attemptId, closing);
    const isOurs = this.#killAt !== undefined;
    const real = isOurs ? exit : await afterLateNews(exit, { found, usage, look, clock, closing });
    this.#over({ ...real, at, usage });
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
    if (this.#isKillDue) this.#signal("SIGKILL", () => {});
  }

  /** Measured from the request on, whatever becomes of the clock. */
  #killIn(delayMs: number): void {
    this.#cancelKill();
    const stepMs = Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS);
    this.#cancelKill = this.#context.clock.after(stepMs, () => {
      if (delayMs > stepMs) return this.#killIn(delayMs - stepMs);
      this.#isKillDue = true;
      if (this.#phase === "running") this.#applyStop();
    });
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

  #over({ at, exitCode, reason, usage }: Ending): void {
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
      ...(usage === undefined ? {} : { usage }),
    };
    crashPoint("docker.ended");
    this.#giveBackNetwork(this.#end);
    this.#context.report(this.#end);
  }

  #giveBackNetwork({ at, startedAt }: Exited): void {
    this.#context.pool.giveBack(this.attemptId, startedAt === undefined ? undefined : at - startedAt);
  }

  #pauseToLookAgain(): Promise<void> {
    const { clock, link } = this.#context;
    return pause(clock, LOOK_AGAIN_MS, link.closing).catch(() => {});
  }

  #notice(what: string, error: unknown): void {
    this.#context.onNotice(`Attempt ${this.attemptId} ${what}: ${engineMessage(error)}`);
  }
}
