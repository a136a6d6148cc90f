import type Dockerode from "dockerode";
import type { ContainerInfo } from "dockerode";
import { CREDENTIALS_ADDRESS } from "../../core/credentials-address.ts";
import type { UsedSoFar } from "../../core/usage.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptSpec, Driver, DriverEvent } from "../../ports/driver.ts";
import type { EngineFacts } from "../../ports/hosts.ts";
import type { Term } from "../../ports/leadership.ts";
import { ONLY_SERVER } from "../../ports/leadership.ts";
import type { LogSink } from "../../ports/logs.ts";
import type { Secrets } from "../../ports/secrets.ts";
import { ContainerAttempt } from "./attempt.ts";
import type { AttemptContext, Shares } from "./attempt-context.ts";
import { inspect, isOurs, removeContainer } from "./container/container.ts";
import { StartNotes } from "./container/start-notes.ts";
import { keepCredentialsNetwork } from "./networks/credentials-network.ts";
import { prepareNotes, removeNote } from "../output/cursor.ts";
import type { Dial } from "./engine/dial.ts";
import { localDial } from "./engine/dial.ts";
import { factsOf } from "./engine/engine-facts.ts";
import type { FileSystems } from "./container/file-systems.ts";
import type { EngineInfo } from "./engine/engine-traits.ts";
import { traitsOf, UNKNOWN_TRAITS } from "./engine/engine-traits.ts";
import { engineMessage, isAbort, isEngineAway } from "./failure.ts";
import { removeTaskIfUnused, unusedTasks } from "./tasks/holder.ts";
import { gatewayOf } from "./networks/gateway.ts";
import type { Patience } from "./engine/link.ts";
import { EngineLink } from "./engine/link.ts";
import { Measuring } from "./usage/measuring.ts";
import { mayNotHaveRun, phaseOf } from "./container/outcome.ts";
import { pause } from "../waiting/pause.ts";
import { ImagePuller } from "./images/pull.ts";
import { LABEL } from "./names.ts";
import { NetworkPool } from "./networks/network-pool.ts";
import { NodeNetworks } from "./networks/node-network.ts";
import type { Subnet } from "./networks/subnets.ts";
import { parseSubnet } from "./networks/subnets.ts";
import { Slots } from "../waiting/slots.ts";
import { crashPoint } from "../../ports/crash-points.ts";

const DEFAULT_IMAGE = "busybox:latest";
const FORGET_TIMEOUT_MS = 5_000;
/** An engine that is asked for more at once does them no faster, and those that came first later. */
const STARTS_AT_A_TIME = 32;
const REMOVALS_AT_A_TIME = 8;
const DEFAULT_NODE_SUBNETS = parseSubnet("10.213.0.0/16")!;

export interface DockerDriverOptions {
  readonly clock: Clock;
  readonly logs: LogSink;
  /** The values of what attempts name in `secrets` and `secretOptions`. */
  readonly secrets: Secrets;
  /** The directories that stand for file systems of EFS and S3 Files. Default: none. */
  readonly fileSystems?: FileSystems | undefined;
  /** Containers of other clusters are not seen. */
  readonly clusterId: string;
  /** Default: the engine of this machine, where one answers, of the usual places. */
  readonly dial?: Dial | undefined;
  /** How patient it is with its engine; see LinkOptions. */
  readonly patience?: Patience | undefined;
  /** Where to remember how far output has been copied. Without it the next server reads all output again to find its place. */
  readonly directory?: string | undefined;
  /** The image of attempts that have none (NO_IMAGE). Default: busybox:latest. */
  readonly defaultImage?: string | undefined;
  /** Of which the networks of multi-node parallel jobs have their subnets. Default: 10.213.0.0/16. */
  readonly nodeSubnets?: Subnet | undefined;
  /** How long networks that containers have one after the other wait for the next one. Default: a minute. */
  readonly idleNetworkMs?: number | undefined;
  /** Whether containers are to be given credentials of roles, at the address from which SDKs take them. Default: no. */
  readonly givesCredentials?: boolean | undefined;
  /** Told each time the engine comes into sight and before it is asked to start anything. If it rejects, the engine is taken for one that does not answer. */
  readonly onSighted?: ((engine: SightedEngine) => Promise<void>) | undefined;
  /** Told each time that the engine does not answer, and why. */
  readonly onUnreachable?: ((why: string) => void) | undefined;
  /** Operating troubles that no event tells: an engine that does not answer, output that cannot be read. */
  readonly onNotice?: ((message: string) => void) | undefined;
  /** Names the boot of the machine that the engine is on, where that is known. Default: it is not. */
  readonly bootId?: string | undefined;
  /** The engine is on another machine, whose control groups are not those that are seen here. */
  readonly isElsewhere?: boolean | undefined;
  /** In which it starts, stops and removes. Default: there is no other server. */
  readonly term?: Pick<Term, "confirm"> | undefined;
  /** Tells the control groups of its containers from those of other drivers of the cluster on this machine. Default: the cluster's id. */
  readonly groupOwner?: string | undefined;
}

/** The IPv4 addresses under which containers reach the machine that their engine runs on. */
export interface MachineAddresses {
  /** Undefined when the engine does not say. */
  readonly gateway: string | undefined;
  /** Where they can be given credentials; undefined when nobody wants that, or the engine cannot make such an address. */
  readonly credentials: string | undefined;
}

export interface SightedEngine extends MachineAddresses {
  /** Undefined for an engine that runs no jobs of AWS Batch. */
  readonly facts: EngineFacts | undefined;
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
  readonly #forgetting = new Set<Promise<void>>();
  readonly #removals = new Slots(REMOVALS_AT_A_TIME);
  /** Forgotten while a listing was under way, which may still show them. */
  #forgottenWhileListing: Set<string> | undefined;
  /** Stops (attempt to killAt) that came while the engine was out of sight, for attempts that may be there. */
  readonly #earlyStops = new Map<string, number>();
  #engine = UNKNOWN_TRAITS;
  /** Until the engine comes into sight again. */
  #sight = new AbortController();
  #limitsStorage = true;
  readonly #onSighted: (engine: SightedEngine) => Promise<void>;
  readonly #onUnreachable: (why: string) => void;
  readonly #givesCredentials: boolean;
  readonly #bootId: string | undefined;
  #report: (event: DriverEvent) => void = () => {};

  constructor({
    clock,
    logs,
    secrets,
    fileSystems = new Map(),
    clusterId,
    dial = localDial(),
    patience,
    directory,
    defaultImage,
    nodeSubnets = DEFAULT_NODE_SUBNETS,
    givesCredentials = false,
    idleNetworkMs,
    onSighted = async () => {},
    onUnreachable = () => {},
    onNotice = () => {},
    bootId,
    isElsewhere = false,
    groupOwner = clusterId,
    term = ONLY_SERVER,
  }: DockerDriverOptions) {
    this.#onSighted = onSighted;
    this.#givesCredentials = givesCredentials;
    this.#bootId = bootId;
    const link = new EngineLink({ clock, clusterId, dial, term, ...patience, onNotice });
    this.#onUnreachable = onUnreachable;
    const settings = { clusterId, defaultImage: defaultImage ?? DEFAULT_IMAGE };
    const now = () => ({ engine: this.#engine, limitsStorage: this.#limitsStorage });
    this.#context = {
      clock,
      link,
      pulls: new ImagePuller(clock),
      networks: new NodeNetworks(clusterId, nodeSubnets),
      pool: new NetworkPool({ clock, link, clusterId, isElsewhere, idleMs: idleNetworkMs }),
      slots: new Slots(STARTS_AT_A_TIME),
      starting: () => [...this.#attempts.values()].filter(({ isStarting }) => isStarting).length,
      measuring: new Measuring({ clock, link, owner: groupOwner, isElsewhere }),
      sources: { secrets, fileSystems },
      output: { logs, directory },
      asked: new StartNotes(directory),
      get settings() {
        return { ...settings, ...now() };
      },
      onStorageUnlimited: (why) => {
        if (this.#limitsStorage) onNotice(`Ephemeral storage of containers is not limited: ${why}`);
        this.#limitsStorage = false;
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
      appeared: (attemptId) => void this.#appeared(attemptId),
      unreachable: (why) => this.#onUnreachable(why),
    });
  }

  async start(spec: AttemptSpec): Promise<void> {
    const { attemptId, task, node } = spec;
    const known = this.#attempts.get(attemptId);
    const shares = { taskId: task?.id, nodesId: node?.id };
    const attempt = known ?? new ContainerAttempt(this.#context, { attemptId, shares });
    this.#attempts.set(attemptId, attempt);
    await attempt.launch(spec);
  }

  waitsFor(attemptId: string): string | undefined {
    return this.#attempts.get(attemptId)?.waitsFor;
  }

  async usedSoFar(attemptIds: readonly string[]): Promise<ReadonlyMap<string, UsedSoFar>> {
    return this.#context.measuring.usedSoFar(
      attemptIds.filter((attemptId) => this.#attempts.get(attemptId)?.isOver === false),
    );
  }

  async stop(attemptId: string, killAt: number): Promise<void> {
    const attempt = this.#attempts.get(attemptId);
    if (attempt !== undefined) attempt.stop(killAt);
    else if (this.#context.link.docker === undefined) this.#earlyStops.set(attemptId, killAt);
  }

  forget(attemptId: string): Promise<void> {
    const forgetting = this.#forget(attemptId).finally(() => this.#forgetting.delete(forgetting));
    this.#forgetting.add(forgetting);
    return forgetting;
  }

  async #forget(attemptId: string): Promise<void> {
    const attempt = this.#attempts.get(attemptId);
    attempt?.release();
    this.#attempts.delete(attemptId);
    this.#forgottenWhileListing?.add(attemptId);
    this.#unremoved.add(attemptId);
    const { docker } = this.#context.link;
    if (docker === undefined) return;
    await attempt?.released();
    await this.#removals.run(() => this.#remove(docker, attemptId, attempt));
  }

  async close(): Promise<void> {
    this.#report = () => {};
    const attempts = [...this.#attempts.values()];
    for (const attempt of attempts) attempt.release();
    await this.#untilForgotten();
    await this.#context.pool.close();
    await this.#context.link.close();
    await Promise.all(attempts.map((attempt) => attempt.released()));
    this.#context.measuring.close();
  }

  /** What is over should leave nothing in the engine while no server runs. What takes too long is left to the next one. */
  async #untilForgotten(): Promise<void> {
    const { clock, link } = this.#context;
    const patience = new AbortController();
    const tooLong = pause(clock, FORGET_TIMEOUT_MS, AbortSignal.any([patience.signal, link.closing])).catch(() => {});
    await Promise.race([Promise.allSettled(this.#forgetting), tooLong]);
    patience.abort();
  }

  /** What the engine refuses to remove is left: the next inventory shows it, and it is forgotten again. */
  async #remove(docker: Dockerode, attemptId: string, known: ContainerAttempt | undefined): Promise<void> {
    const { link, settings, output, measuring, asked, pool, onNotice } = this.#context;
    try {
      const labels = known === undefined ? (await inspect(docker, attemptId, link.closing))?.Config.Labels : undefined;
      if (known !== undefined || isOurs(labels, settings.clusterId)) {
        // What its group has counted is committed. While the container is there, a server that is killed in between has a next one that finds both.
        measuring.forget(attemptId);
        crashPoint("docker.forget");
        measuring.kill(attemptId);
        await removeContainer(docker, attemptId);
        crashPoint("docker.removed");
        pool.giveBack(attemptId);
        await this.#removeUnused(docker, known?.shares ?? sharesOf(labels ?? {}));
      }
      removeNote(output, attemptId);
      asked.forget(attemptId);
      measuring.forget(attemptId);
      crashPoint("docker.forgotten");
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
    const info = (await docker.info()) as EngineInfo;
    this.#engine = traitsOf(info);
    const addresses = { gateway: await gatewayOf(docker), credentials: await this.#credentialsAddress(docker) };
    await this.#onSighted({ ...addresses, facts: factsOf(info) });
    crashPoint("docker.inventory");
    const listed = await docker.listContainers({ all: true, filters });
    const there = new Set(listed.map(({ Labels }) => Labels[LABEL.attempt]));
    await this.#context.measuring.sighted(info, (attemptId) => there.has(attemptId) || this.#attempts.has(attemptId));
    this.#context.pool.takeInventory(docker, listed);
    const made: string[] = [];
    for (const container of listed)
      if ((await this.#adopt(docker, container)) === "made") made.push(container.Labels[LABEL.attempt]!);
    await this.#removeAllUnused(docker, listed);
    this.#forgottenWhileListing = undefined;
    for (const [attemptId, killAt] of this.#earlyStops) this.#attempts.get(attemptId)?.stop(killAt);
    this.#earlyStops.clear();
    if (this.#context.link.closing.aborted) return;
    crashPoint("docker.adopted");
    const bootId = this.#bootId;
    const attemptIds = [...this.#attempts.keys()];
    this.#report({ kind: "inventory", attemptIds, ...(bootId !== undefined && { bootId }) });
    for (const attempt of this.#attempts.values()) attempt.announce();
    for (const attemptId of made) this.#report({ kind: "made", attemptId });
  }

  /** Of an attempt that nobody has told it to start: something that was asked for long ago. */
  async #appeared(attemptId: string): Promise<void> {
    const { link, settings, onNotice } = this.#context;
    if (link.docker === undefined || this.#attempts.has(attemptId)) return;
    try {
      const label = [`${LABEL.cluster}=${settings.clusterId}`, `${LABEL.attempt}=${attemptId}`];
      const [container] = await link.docker.listContainers({ all: true, filters: { label } });
      if (container === undefined || this.#attempts.has(attemptId)) return;
      if ((await this.#adopt(link.docker, container)) === "made") this.#report({ kind: "made", attemptId });
      this.#attempts.get(attemptId)?.announce();
    } catch (error) {
      if (isEngineAway(error) || isAbort(error)) return;
      onNotice(`The container of attempt ${attemptId} cannot be looked at: ${engineMessage(error)}`);
    }
  }

  async #credentialsAddress(docker: Dockerode): Promise<string | undefined> {
    if (!this.#givesCredentials) return undefined;
    const { clock, link } = this.#context;
    this.#sight.abort();
    this.#sight = new AbortController();
    const closing = AbortSignal.any([link.closing, this.#sight.signal]);
    const problem = await keepCredentialsNetwork({ docker, clock, closing });
    if (problem === undefined) return CREDENTIALS_ADDRESS;
    this.#context.onNotice(
      `Jobs in containers get no credentials of their roles, but the server's own: the container engine cannot give this machine the address ${CREDENTIALS_ADDRESS} (${problem}).`,
    );
    return undefined;
  }

  /**
   * A container that was made and never started is left out: nothing has run, and only the engine knows whether the attempt is still
   * wanted. If it is, `start` finds the container; if not, `forget` removes it.
   */
  async #adopt(docker: Dockerode, { State, Labels, Created }: ContainerInfo): Promise<"made" | undefined> {
    const attemptId = Labels[LABEL.attempt];
    if (attemptId === undefined || this.#attempts.has(attemptId)) return;
    if (mayNotHaveRun(State)) {
      const found = await inspect(docker, attemptId, this.#context.link.closing);
      if (found === undefined) return;
      if (phaseOf(found.State).kind === "created") return this.#attempts.has(attemptId) ? undefined : "made";
    }
    if (this.#attempts.has(attemptId) || this.#forgottenWhileListing?.has(attemptId)) return;
    const found = { attemptId, shares: sharesOf(Labels), foundAt: Created * 1000 };
    this.#attempts.set(attemptId, new ContainerAttempt(this.#context, found));
  }

  /** What was shared with an attempt that is gone: the network last, which the task's holder is in. */
  async #removeUnused(docker: Dockerode, { taskId, nodesId }: Shares): Promise<void> {
    const { networks, clock, link } = this.#context;
    if (taskId !== undefined) await removeTaskIfUnused(docker, taskId);
    if (nodesId !== undefined) await networks.removeIfUnused(docker, clock, nodesId, link.closing);
  }

  /** What a killed server left. What the engine refuses to remove is left: something of the user's may be in it. */
  async #removeAllUnused(docker: Dockerode, listed: readonly ContainerInfo[]): Promise<void> {
    const { networks, settings, onNotice } = this.#context;
    const starting = [...this.#attempts.values()].map(({ shares }) => shares);
    for (const taskId of await unusedTasks(docker, settings.clusterId, listed)) {
      if (!starting.some((shares) => shares.taskId === taskId)) await this.#removeUnused(docker, { taskId });
    }
    for (const nodesId of await networks.unused(docker, listed)) {
      if (starting.some((shares) => shares.nodesId === nodesId)) continue;
      await this.#removeUnused(docker, { nodesId }).catch((error: unknown) => {
        if (isEngineAway(error) || isAbort(error)) throw error;
        onNotice(`The network of attempt ${nodesId} cannot be removed: ${engineMessage(error)}`);
      });
    }
  }
}

function sharesOf(labels: Readonly<Record<string, string>>): Shares {
  return { taskId: labels[LABEL.task], nodesId: labels[LABEL.nodes] };
}
