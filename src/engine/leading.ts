import type { Clock, Stopwatch } from "../ports/clock.ts";
import type { Leadership, Lease, Role, Standing, Term } from "../ports/leadership.ts";
import { Alarm } from "./alarm.ts";
import { ServedTerm } from "./served-term.ts";
import { crashPoint } from "../ports/crash-points.ts";

/** A server that does not lead looks so often who does, at least. */
const LOOK_EVERY_MS = 1_000;
/** After a failure. */
const PAUSE_MS = 500;

const WAITS: Role = { kind: "waits" };

/** What a leader works with, from the beginning of its term to the end. */
export interface Office {
  /** Lets go of everything. What runs goes on: it is the next leader's. */
  close(): Promise<void>;
}

export interface LeadingOptions<Work extends Office> {
  readonly lease: Lease;
  readonly clock: Pick<Clock, "after">;
  readonly stopwatch: Stopwatch;
  /** Begins to lead. When it rejects, the lead is given back. */
  open(term: Term): Promise<Work>;
  onError(what: string, error: unknown): void;
}

/**
 * One server's way through standby and lead: it looks who leads, takes the lead when nobody has it, keeps it as long as it can, and then stands by again.
 * An office is open only in a term, and never two at a time.
 */
export class Leading<Work extends Office> implements Leadership {
  readonly #options: LeadingOptions<Work>;
  readonly #alarm: Alarm;
  /** Of a sleep after a failure, which no news ends: those may be of the failure itself. */
  readonly #patience: Alarm;
  #role: Role = WAITS;
  #office: Work | undefined;
  #term: ServedTerm | undefined;
  /** Its last term, until what was open in it is closed. */
  #served: Promise<void> | undefined;
  #mayLead = true;
  readonly #resigned = Promise.withResolvers<void>();
  #isStopped = false;
  readonly #watchers = new Set<() => void>();
  #loop: Promise<void> = Promise.resolve();
  #first = Promise.withResolvers<void>();
  /** By the stopwatch: until then the leader that was last seen leads. */
  #heldUntilMs = 0;

  constructor(options: LeadingOptions<Work>) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock);
    this.#patience = new Alarm(options.clock);
    options.lease.watch(() => this.#alarm.ring());
  }

  /** A leader whose lease may have run out leads no more than anybody else, before it knows better. */
  get role(): Role {
    return this.#role.kind === "leads" && !this.leads ? WAITS : this.#role;
  }

  /** Whether nobody else can lead at this moment. */
  get leads(): boolean {
    return this.#role.kind === "leads" && this.#term?.holds() === true;
  }

  /** While it leads. */
  get office(): Work | undefined {
    return this.#role.kind === "leads" ? this.#office : undefined;
  }

  watch(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Resolves when it leads or knows who does. Rejects when it was to lead and could not begin. */
  async start(): Promise<void> {
    this.#loop = this.#run();
    await this.#first.promise;
  }

  /** Gives the lead back, if it has it, when what it has begun is done, and does not take it again. It goes on to know who leads. */
  async resign(): Promise<void> {
    this.#mayLead = false;
    if (this.#office === undefined) this.#term?.end();
    this.#resigned.resolve();
    await this.#served;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#alarm.ring();
    this.#patience.ring();
    await this.resign();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const standing = await this.#options.lease.look();
        const pauseMs = await this.#act(standing);
        if (pauseMs > 0 && !this.#isStopped) await this.#alarm.sleep(pauseMs);
      } catch (error) {
        this.#options.onError("who leads cannot be found out", error);
        this.#first.reject(error);
        if (this.#role.kind === "follows" && this.#options.stopwatch.elapsedMs() >= this.#heldUntilMs)
          this.#become(WAITS);
        if (!this.#isStopped) await this.#patience.sleep(PAUSE_MS);
      }
    }
    this.#become(WAITS);
  }

  /** Returns how long there is nothing to do, ms. */
  async #act(standing: Standing): Promise<number> {
    if (standing.kind === "held") {
      const { leader, expiresInMs } = standing;
      this.#heldUntilMs = this.#options.stopwatch.elapsedMs() + expiresInMs;
      if (this.#role.kind !== "follows" || this.#role.leader.epoch !== leader.epoch)
        this.#become({ kind: "follows", leader });
      this.#first.resolve();
      return Math.min(expiresInMs, LOOK_EVERY_MS);
    }
    if (this.#role.kind !== "waits") this.#become(WAITS);
    if (!this.#mayLead) {
      this.#first.resolve();
      return LOOK_EVERY_MS;
    }
    // What this server had open in its last term may take its time to close: others lead meanwhile.
    if (this.#served !== undefined) return PAUSE_MS;
    if (!(await this.#lead()) && !this.#isStopped) await this.#patience.sleep(PAUSE_MS);
    return 0;
  }

  /** Leads until the term is over. False when somebody was faster, or it could not begin. */
  async #lead(): Promise<boolean> {
    const { lease, stopwatch } = this.#options;
    const askedAtMs = stopwatch.elapsedMs();
    crashPoint("lease.before");
    const epoch = await lease.take();
    if (epoch === undefined) return false;
    crashPoint("lease.after");
    const served = Promise.withResolvers<void>();
    this.#served = served.promise;
    const term = (this.#term = new ServedTerm(this.#options, epoch, askedAtMs));
    if (!this.#mayLead) term.end();
    const office = await this.#begin(term);
    if (office !== undefined) await this.#serve(term, office);
    void this.#end(term, office).finally(() => {
      this.#served = undefined;
      served.resolve();
      this.#alarm.ring();
    });
    return office !== undefined;
  }

  async #begin(term: ServedTerm): Promise<Work | undefined> {
    try {
      return await this.#options.open(term);
    } catch (error) {
      this.#options.onError("this server cannot lead", error);
      this.#first.reject(error);
      return undefined;
    }
  }

  async #serve(term: ServedTerm, office: Work): Promise<void> {
    if (term.isOver) return;
    this.#office = office;
    this.#become({ kind: "leads" });
    this.#first.resolve();
    await Promise.race([term.over, this.#resigned.promise]);
    this.#office = undefined;
    this.#become(WAITS);
  }

  async #end(term: ServedTerm, office: Work | undefined): Promise<void> {
    const { lease, onError } = this.#options;
    try {
      await office?.close();
    } catch (error) {
      onError("what a leader has open did not close", error);
    }
    term.end();
    await lease.release(term.epoch).catch((error: unknown) => onError("the lead was not given back", error));
  }

  #become(role: Role): void {
    this.#role = role;
    for (const listener of this.#watchers) listener();
  }
}
