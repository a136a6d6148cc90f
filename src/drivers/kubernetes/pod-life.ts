import type { AttemptSpec } from "../../ports/driver.ts";
import { crashPoint } from "../../ports/crash-points.ts";
import { pause } from "../waiting/pause.ts";
import { isGone, messageOf, unlessGone } from "./api/api-error.ts";
import type { Pod } from "./api/objects.ts";
import { adoptedFrom } from "./adopted.ts";
import { lostAt } from "./deadlines.ts";
import { MemberLife } from "./member-life.ts";
import type { Place } from "./member-life.ts";
import type { Ending, GangPart } from "./names.ts";
import { podName, ROOM_GATE } from "./names.ts";
import type { MemberEnd } from "./outcome.ts";
import { phaseOf, startFailure } from "./outcome.ts";
import type { PodContext } from "./pod-context.ts";
import { isOurs, makePod, provideSecrets } from "./pod-making.ts";
import { deletePod, noteEnding, podPath } from "./pod-requests.ts";
import { removePod } from "./pod-removal.ts";
import { Progress } from "./progress.ts";
import { podManifest } from "./spec/pod-spec.ts";
import { Refusal } from "./spec/refusal.ts";
import { SECRETS_GATE } from "./spec/secrets.ts";
import { waitsFor } from "./waiting.ts";
import { LONGEST_TIMER_MS } from "../waiting/longest-timer.ts";

/** One for all: to make an error costs more than a request. */
const ABANDONED = new DOMException("Nobody wants the pod any more", "AbortError");
const REMOVED = "The pod was removed from the cluster before its end was known";

/** One pod and the attempts that are its containers. What happens to it is what the cluster shows of it: `saw` may come any number of times. */
export class PodLife {
  readonly id: string;
  readonly namespace: string;
  readonly gang: GangPart | undefined;
  readonly #context: PodContext;
  readonly #path: string;
  /** By index, until all are there. */
  readonly #specs = new Map<number, AttemptSpec>();
  readonly #members = new Map<string, MemberLife>();
  readonly #abandoned = new AbortController();
  #pod: Pod | undefined;
  #launching: Promise<void> | undefined;
  #deleting: Promise<void> | undefined;
  /** The API was asked to make it. */
  #wasAsked = false;
  /** This very driver has made it. */
  #isNew = false;
  #isGone = false;
  #isReleased = false;
  #killAt: number | undefined;
  #ending: Ending | undefined;
  /** Why the cluster does not take the pod now. */
  #blocked: string | undefined;
  readonly #progress: Progress;
  #nodeAwaySince: number | undefined;
  #deletedSince: number | undefined;
  #cancelTimer: () => void = () => {};

  /** Either to be started (`start`), or found in the cluster (`saw`). */
  constructor(context: PodContext, id: string, namespace: string, gang: GangPart | undefined) {
    this.#context = context;
    this.id = id;
    this.namespace = namespace;
    this.gang = gang;
    this.#path = podPath(namespace, podName(id));
    this.#progress = new Progress(context.patience);
  }

  get attemptIds(): string[] {
    return [...this.#members.keys()];
  }

  get pod(): Pod | undefined {
    return this.#pod;
  }

  get isOver(): boolean {
    return this.#members.size > 0 && [...this.#members.values()].every(({ hasEnded }) => hasEnded);
  }

  /** Of those that are not over. */
  get liveAttemptIds(): string[] {
    return [...this.#members.values()].filter(({ hasEnded }) => !hasEnded).map(({ attemptId }) => attemptId);
  }

  get isInCluster(): boolean {
    return !this.#isGone && (this.#pod !== undefined || this.#wasAsked);
  }

  get isGated(): boolean {
    return (
      !this.isOver &&
      this.#ending === undefined &&
      this.#pod?.spec?.schedulingGates?.some(({ name }) => name === ROOM_GATE) === true
    );
  }

  /** It waits for secrets, which only who starts its attempts can give it. */
  get isOnlyMade(): boolean {
    const { schedulingGates = [] } = this.#pod?.spec ?? {};
    return this.#launching === undefined && schedulingGates.some(({ name }) => name === SECRETS_GATE);
  }

  /** Nothing of it runs, and nobody is known to want it. */
  get isUnbegun(): boolean {
    return (
      this.#launching === undefined &&
      ![...this.#members.values()].some((one) => one.startedAt !== undefined || one.hasEnded)
    );
  }

  waitsFor(attemptId: string, gangWaits: string | undefined): string | undefined {
    const member = this.#members.get(attemptId);
    if (member === undefined || member.startedAt !== undefined || member.hasEnded) return undefined;
    if (this.#pod === undefined) return this.#blocked && `the cluster does not take the pod now: ${this.#blocked}`;
    if (this.isGated) return gangWaits;
    return waitsFor(
      this.#pod,
      [...this.#members.values()].map((one) => one.member),
    );
  }

  /** One of its containers; the pod is made when all are there. Resolves when it is, or never will be. */
  start(spec: AttemptSpec, { index, count }: { index: number; count: number }): Promise<void> {
    if (this.isOver || this.#isReleased || (this.#pod !== undefined && !this.isOnlyMade)) return Promise.resolve();
    this.#specs.set(index, spec);
    if (!this.#members.has(spec.attemptId)) this.#add({ attemptId: spec.attemptId, container: "", isInit: false });
    if (this.#specs.size < count) {
      this.#wakeIn(this.#context.patience.takeMs);
      return Promise.resolve();
    }
    this.#launching ??= this.#launch(Array.from({ length: count }, (_, at) => this.#specs.get(at)!));
    return this.#launching;
  }

  /** SIGTERM now and SIGKILL at `killAt`, of all its containers; the earliest counts. What has not begun is given up. */
  stop(killAt: number): void {
    if (this.isOver || killAt >= (this.#killAt ?? Infinity)) return;
    this.#killAt = killAt;
    this.#ending ??= {};
    this.#abandoned.abort(ABANDONED);
    if (this.#pod !== undefined) this.#delete();
    else if (this.#launching === undefined) this.#endAll({});
  }

  /** What the cluster shows of it now. */
  saw(pod: Pod): void {
    if (this.#isReleased || isOlder(pod, this.#pod)) return;
    const isNew = this.#pod === undefined;
    this.#pod = pod;
    const found = adoptedFrom(pod);
    this.#ending ??= found.ending;
    for (const member of found.members) {
      const known = this.#members.get(member.attemptId);
      if (known === undefined || known.member.container === "") this.#add(member);
    }
    if (pod.metadata?.deletionTimestamp !== undefined) this.#deletedSince ??= this.#context.clock.now();
    if (isNew && this.#killAt !== undefined && !this.isOver) this.#delete();
    this.evaluate();
  }

  /** It is not in the cluster any more. */
  gone(): void {
    this.#isGone = true;
    this.#abandoned.abort(ABANDONED);
    if (this.#isReleased || this.isOver) return;
    this.#endAll({ reason: REMOVED });
  }

  /** Looks at it again: its node has changed, or time has passed. */
  evaluate(): void {
    const pod = this.#pod;
    if (pod === undefined || this.#isReleased || this.isOver) return;
    const { clock } = this.#context;
    const isGoing = pod.metadata?.deletionTimestamp !== undefined;
    for (const life of this.#members.values()) {
      const known = { now: clock.now(), startedAt: life.startedAt, ending: this.#ending };
      life.saw(phaseOf(pod, life.member, known), this.#place(pod), isGoing);
    }
    if (this.isOver) return this.#cancelTimer();
    this.#look(pod);
  }

  announce(): void {
    for (const member of this.#members.values()) member.announce();
    this.evaluate();
  }

  /** Lets go of everything but the pod. */
  release(): void {
    this.#isReleased = true;
    this.#abandoned.abort(ABANDONED);
    this.#cancelTimer();
    for (const member of this.#members.values()) member.release();
  }

  async released(): Promise<void> {
    await Promise.allSettled([
      this.#launching,
      this.#deleting,
      ...[...this.#members.values()].map((one) => one.released()),
    ]);
  }

  /** Removes the pod from the cluster, after `release`; harmless twice. Rejects when the API refuses. */
  async remove(): Promise<void> {
    const pod = this.#pod ?? (await this.#neverSeen());
    if (pod !== undefined && !this.#isGone) await removePod(this.#context, this.id, this.#path, pod);
  }

  /** What was asked for until nobody wanted it any more may be there although it was never seen. */
  async #neverSeen(): Promise<Pod | undefined> {
    if (!this.#wasAsked) return undefined;
    const found = await this.#context.client
      .persist<Pod>(this.id, { method: "GET", path: this.#path })
      .catch(unlessGone);
    return found !== undefined && isOurs(found, this.id, this.#context.settings.clusterId) ? found : undefined;
  }

  #add(member: MemberLife["member"]): void {
    this.#members.get(member.attemptId)?.release();
    this.#members.set(
      member.attemptId,
      new MemberLife(this.#context, member, { logPath: `${this.#path}/log`, isNew: () => this.#isNew }),
    );
  }

  async #launch(specs: readonly AttemptSpec[]): Promise<void> {
    const { settings, namespaces } = this.#context;
    try {
      if (!namespaces.has(this.namespace))
        throw new Refusal(startFailure(`Longshore does not use the namespace ${this.namespace} of the cluster`));
      const manifest = podManifest(specs, settings);
      if (this.#killAt !== undefined) return this.#endAll({});
      this.#wasAsked = true;
      const made = await makePod(this.#context, manifest, this.#abandoned.signal, {
        seen: () => this.#pod,
        onBlocked: (why) => (this.#blocked = why),
      });
      this.#isNew = made.isNew;
      this.saw(made.pod);
      this.saw(await provideSecrets(this.#context, specs, made.pod, this.#abandoned.signal));
    } catch (error) {
      if (this.#isReleased || this.#context.closing.aborted) return;
      if (error instanceof Refusal) return this.#refused(error);
      if (!this.#abandoned.signal.aborted) throw error;
      await this.#giveUp().catch((failure: unknown) => {
        if (!this.#isReleased && !this.#context.closing.aborted) throw failure;
      });
    }
  }

  #refused({ message }: Refusal): void {
    if (this.#pod === undefined) return this.#endAll({ reason: message });
    this.#ending ??= { reason: message };
    this.#delete();
  }

  /** Stopped while it was being made: an earlier try may have got further than we know. */
  async #giveUp(): Promise<void> {
    const found = await this.#context.client
      .persist<Pod>(this.id, { method: "GET", path: this.#path })
      .catch(unlessGone);
    if (found === undefined || !isOurs(found, this.id, this.#context.settings.clusterId)) this.#endAll({});
    else this.saw(found);
  }

  #endAll(end: Partial<MemberEnd>): void {
    const at = this.#context.clock.now();
    for (const life of this.#members.values())
      life.end(
        { kind: "ended", at, ...(life.startedAt !== undefined && { startedAt: life.startedAt }), ...end },
        this.#machine(),
        true,
      );
    this.#cancelTimer();
  }

  #place(pod: Pod): Place {
    const { podIP, podIPs = [] } = pod.status ?? {};
    const address = [podIP, ...podIPs.map(({ ip }) => ip)].find((ip) => ip !== undefined && !ip.includes(":"));
    return { ...(address !== undefined && { address }), ...this.#machine() };
  }

  #machine(): Place {
    const name = this.#pod?.spec?.nodeName;
    return name ? { machine: { name, id: this.#context.nodeId(name) } } : {};
  }

  /** Has the pod end: now, and with what is known of its end kept until it is forgotten. */
  #delete(): void {
    const before = this.#deleting;
    this.#deleting = (async () => {
      await before;
      await this.#deleteNow();
    })();
  }

  async #deleteNow(): Promise<void> {
    const { client, clock, term, closing, onNotice } = this.#context;
    const pod = this.#pod;
    if (pod === undefined || this.isOver || this.#isReleased) return;
    const killAt = this.#killAt ?? clock.now();
    if (this.#isDyingBy(pod, killAt)) return;
    const live = [...this.#members.values()];
    await Promise.all(live.map((member) => member.listen().catch(() => {})));
    try {
      const confirm = () => term.confirm();
      if (adoptedFrom(pod).ending === undefined)
        await client.persist(this.id, noteEnding(this.#path, this.#ending ?? {}), { before: confirm });
      crashPoint("kubernetes.stop");
      const graceSeconds = Math.max(1, Math.ceil((killAt - clock.now()) / 1000));
      const deleted = await client.persist<Pod>(this.id, deletePod(this.#path, graceSeconds, pod.metadata?.uid), {
        before: confirm,
      });
      crashPoint("kubernetes.stopped");
      if (deleted.kind === "Pod") this.saw(deleted);
    } catch (error) {
      if (closing.aborted || this.#isReleased) return;
      if (isGone(error)) return this.gone();
      onNotice(`The pod of attempt ${this.attemptIds[0]} cannot be deleted: ${messageOf(error)}`);
      await pause(clock, this.#context.patience.takeMs, closing).catch(() => {});
      this.#wakeIn(0);
    }
  }

  /** A shorter grace would have the node send SIGTERM a second time. */
  #isDyingBy({ metadata }: Pod, killAt: number): boolean {
    const diesAt = Date.parse(metadata?.deletionTimestamp ?? "");
    return !Number.isNaN(diesAt) && diesAt <= killAt + 1000;
  }

  /** What is to be done when nothing else happens. */
  #look(pod: Pod): void {
    const { clock, patience, nodeCondition } = this.#context;
    const now = clock.now();
    const node = pod.spec?.nodeName ? nodeCondition(pod.spec.nodeName) : ({ kind: "unknown" } as const);
    if (node.kind === "ready" || node.kind === "unknown") this.#nodeAwaySince = undefined;
    else this.#nodeAwaySince ??= now;
    const lost = lostAt({ pod, node, nodeAwaySince: this.#nodeAwaySince, deletedSince: this.#deletedSince }, patience);
    if (lost !== undefined && lost.at <= now) return this.#endAll({ reason: lost.why });
    const members = [...this.#members.values()].map(({ member }) => member);
    const giveUp = this.#ending === undefined ? this.#progress.look(pod, members, now) : undefined;
    if (giveUp !== undefined && giveUp.at <= now) {
      this.#ending = { reason: giveUp.why };
      this.#delete();
    }
    const next = [lost?.at, this.#ending === undefined ? giveUp?.at : undefined].filter((at) => at !== undefined);
    this.#cancelTimer();
    if (next.length > 0) this.#wakeIn(Math.min(...next) - now);
    // What could not be deleted is tried again.
    else if (this.#ending !== undefined && this.#deletedSince === undefined) this.#wakeIn(patience.takeMs);
  }

  #wakeIn(delayMs: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#context.clock.after(Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS), () => this.#wake());
  }

  #wake(): void {
    if (this.#isReleased || this.isOver) return;
    if (this.#pod !== undefined) {
      if (this.#ending !== undefined && this.#deletedSince === undefined) this.#delete();
      return this.evaluate();
    }
    if (this.#launching === undefined)
      this.#endAll({ reason: startFailure("the other containers of its pod were not started") });
  }
}

/** Of the same pod: versions of one server are numbers that grow. */
function isOlder(pod: Pod, known: Pod | undefined): boolean {
  if (known === undefined || pod.metadata?.uid !== known.metadata?.uid) return false;
  const [version, knownVersion] = [Number(pod.metadata?.resourceVersion), Number(known.metadata?.resourceVersion)];
  return version < knownVersion;
}
