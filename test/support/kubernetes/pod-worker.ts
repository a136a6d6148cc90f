import { mkdirSync, rmSync } from "node:fs";
import { ContainerWorker } from "./container-worker.ts";
import type { KubeletParts } from "./container-worker.ts";
import type { Condition, Pod, PodPhase, PodStatus } from "./objects.ts";
import { withCondition, wholeSeconds } from "./objects.ts";

/** How a kubelet ends a pod of its own accord. */
export interface Verdict {
  readonly reason: string;
  readonly message: string;
  readonly condition?: Condition;
}

export interface PodWorkerParts extends KubeletParts {
  readonly hostIP: string;
  readonly podIP: string;
  readonly directory: string;
  /** Something about the pod has changed: its status is to be written when that is possible. */
  changed(): void;
}

/** One pod on its node: its containers one after the other, their end, what its status says. Goes on whether the API server is there or not. */
export class PodWorker {
  readonly uid: string;
  readonly containers: readonly ContainerWorker[];
  readonly initContainers: readonly ContainerWorker[];
  #pod: Pod;
  #isInitialized: boolean;
  #hasSandbox = false;
  #verdict: Verdict | undefined;
  #killAt = Infinity;
  #killer: NodeJS.Timeout | undefined;
  #isOver = false;
  readonly #startTime = wholeSeconds(Date.now());
  readonly #parts: PodWorkerParts;

  constructor(pod: Pod, parts: PodWorkerParts) {
    this.uid = pod.metadata.uid;
    this.#pod = pod;
    this.#parts = parts;
    const { containers, initContainers = [] } = pod.spec;
    this.#isInitialized = initContainers.length === 0;
    const reason = this.#isInitialized ? "ContainerCreating" : "PodInitializing";
    const changed = (): void => parts.changed();
    this.containers = containers.map((one) => new ContainerWorker(one, reason, parts, changed));
    this.initContainers = initContainers.map((one) => new ContainerWorker(one, "PodInitializing", parts, changed));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Its namespace and its name. */
  get place(): string {
    return `${this.#pod.metadata.namespace!}/${this.#pod.metadata.name}`;
  }

  /** The kubelet refuses to run it. */
  refuse(verdict: Verdict): void {
    this.#verdict = verdict;
    this.#isOver = true;
    this.#parts.changed();
  }

  async run(): Promise<void> {
    this.#parts.changed();
    mkdirSync(this.#parts.directory, { recursive: true });
    this.#hasSandbox = true;
    const pod = (): Pod => ({
      ...this.#pod,
      status: { ...this.#pod.status, podIP: this.#parts.podIP, hostIP: this.#parts.hostIP },
    });
    const deadline = this.#deadline();
    if (await this.#initialize(pod)) {
      for (const one of this.containers) await one.start(pod, this.#parts.directory);
      await Promise.all(this.containers.map((one) => one.over()));
    }
    clearTimeout(deadline);
    clearTimeout(this.#killer);
    if (this.#killAt !== Infinity) this.#giveUp();
    this.#isOver = true;
    rmSync(this.#parts.directory, { recursive: true, force: true });
    this.#parts.changed();
  }

  /** As the API has it now. A pod that is being deleted is ended within its grace period. */
  update(pod: Pod): void {
    this.#pod = pod;
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
    if (deletionTimestamp !== undefined) this.end(deletionGracePeriodSeconds);
  }

  /** SIGTERM now, if none was sent, SIGKILL after the grace period, which is a second at least. Of several ends the earliest counts. */
  end(graceSeconds: number, verdict?: Verdict): void {
    if (this.#isOver) return;
    this.#verdict ??= verdict;
    const isFirst = this.#killAt === Infinity;
    const killAt = Date.now() + Math.max(1, graceSeconds) * 1000;
    if (killAt < this.#killAt) {
      this.#killAt = killAt;
      clearTimeout(this.#killer);
      this.#killer = setTimeout(() => this.kill(), killAt - Date.now());
    }
    if (isFirst) for (const one of this.#all()) one.stop("SIGTERM");
  }

  /** All processes, now. */
  kill(): void {
    this.#killAt = Math.min(this.#killAt, Date.now());
    for (const one of this.#all()) one.stop("SIGKILL");
  }

  container(name: string): ContainerWorker | undefined {
    return this.#all().find(({ container }) => container.name === name);
  }

  /** The status that the kubelet would have, on top of what others wrote. */
  status(known: PodStatus): PodStatus {
    const phase = this.#phase();
    const status: PodStatus = {
      ...known,
      phase,
      startTime: this.#startTime,
      hostIP: this.#parts.hostIP,
      hostIPs: [{ ip: this.#parts.hostIP }],
      ...(this.#hasSandbox && { podIP: this.#parts.podIP, podIPs: [{ ip: this.#parts.podIP }] }),
      conditions: this.#conditions(known, phase),
      ...(this.initContainers.length > 0 && { initContainerStatuses: this.initContainers.map((one) => one.status()) }),
      containerStatuses: this.containers.map((one) => one.status()),
    };
    if (this.#verdict === undefined) return status;
    const { reason, message } = this.#verdict;
    return { ...status, reason, message };
  }

  async #initialize(pod: () => Pod): Promise<boolean> {
    for (const one of this.initContainers) {
      await one.start(pod, this.#parts.directory);
      await one.over();
      if (!one.succeeded) return false;
    }
    this.#isInitialized = true;
    return true;
  }

  #deadline(): NodeJS.Timeout | undefined {
    const { activeDeadlineSeconds, terminationGracePeriodSeconds = 30 } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined) return undefined;
    const verdict = {
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
    };
    return setTimeout(() => this.end(terminationGracePeriodSeconds, verdict), activeDeadlineSeconds * 1000);
  }

  #giveUp(): void {
    if (this.#isInitialized) for (const one of this.containers) one.giveUp();
    for (const one of this.initContainers) one.giveUp();
  }

  #all(): readonly ContainerWorker[] {
    return [...this.initContainers, ...this.containers];
  }

  /** As the kubelet's getPhase for pods whose containers are not restarted. */
  #phase(): PodPhase {
    if (this.#verdict !== undefined && this.#isOver) return "Failed";
    if (this.initContainers.some((one) => one.isOver && !one.succeeded)) return "Failed";
    if (this.containers.every((one) => one.isOver))
      return this.containers.every((one) => one.succeeded) ? "Succeeded" : "Failed";
    if (this.#isOver) return "Failed";
    return this.containers.some(({ state }) => state.waiting !== undefined) ? "Pending" : "Running";
  }

  #conditions(known: PodStatus, phase: PodPhase): readonly Condition[] {
    const isOver = phase === "Succeeded" || phase === "Failed";
    const over = isOver ? (phase === "Succeeded" ? "PodCompleted" : "PodFailed") : undefined;
    const unready = this.containers
      .filter(({ state }) => state.running === undefined)
      .map(({ container }) => container.name);
    const ready: Omit<Condition, "type"> =
      over !== undefined
        ? { status: "False", reason: over }
        : unready.length === 0
          ? { status: "True" }
          : {
              status: "False",
              reason: "ContainersNotReady",
              message: `containers with unready status: [${unready.join(" ")}]`,
            };
    const incomplete = this.initContainers.filter((one) => !one.succeeded).map(({ container }) => container.name);
    const initialized: Omit<Condition, "type"> = this.#isInitialized
      ? { status: "True", ...(phase === "Succeeded" && { reason: "PodCompleted" }) }
      : {
          status: "False",
          reason: "ContainersNotInitialized",
          message: `containers with incomplete status: [${incomplete.join(" ")}]`,
        };
    let conditions: readonly Condition[] = known.conditions ?? [];
    const all: Condition[] = [
      { type: "PodReadyToStartContainers", status: this.#hasSandbox && !this.#isOver ? "True" : "False" },
      { type: "Initialized", ...initialized },
      { type: "Ready", ...ready },
      { type: "ContainersReady", ...ready },
      { type: "PodScheduled", status: "True" },
      ...(this.#verdict?.condition === undefined ? [] : [this.#verdict.condition]),
    ];
    for (const condition of all) conditions = withCondition(conditions, condition);
    return conditions;
  }
}
