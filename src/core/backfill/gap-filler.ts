import type { Reservation } from "./backfill.ts";
import { lastEnd, reservationFor, wantedBy } from "./backfill.ts";
import { isOfInstance } from "./footprint.ts";
import type { Job } from "../job.ts";
import { isArrayParent } from "../job.ts";
import type { Order } from "../order/order.ts";
import type { Spot } from "../placement.ts";
import { spotsIn } from "../placement.ts";
import type { Environment, Queue } from "../resources.ts";
import type { Lane, Waiting, WaitingShape } from "../waiting.ts";
import { dropAllStale, inOrder } from "../waiting.ts";
import type { World } from "../world.ts";

/** How many jobs behind the head are looked at in one tick, of those for which there is room now. */
export const LOOK_BEHIND = 1_000;

/** What filling the gaps of one queue needs of the tick. */
export interface Gaps {
  readonly world: World;
  readonly now: number;
  readonly queue: Queue;
  readonly order: Order;
  /** The job that everything else in the queue waits for. */
  readonly headJobId: string;
  /** Whether there is room now for a job of this shape, and nothing else in its way. */
  hasRoom(shape: WaitingShape, environmentArn: string): boolean;
  /** False when the tick has placed as many as it may. */
  mayStart(): boolean;
  start(job: Job, spot: Spot): void;
}

interface Candidate {
  readonly heap: WaitingShape;
  readonly entry: Waiting;
}

/** Starts what is behind the head of a queue, in its order, where that delays the head in nothing. False when the tick has placed as many as it may. */
export function fillGaps(gaps: Gaps): boolean {
  return new GapFiller(gaps).fill();
}

class GapFiller {
  readonly #gaps: Gaps;
  readonly #walks = new Map<Lane, Iterator<Candidate, void>>();
  /** By lane, an array of which one child was started: the next one may follow. */
  readonly #again = new Map<Lane, Candidate>();
  /** Shapes for which there is no room: capacity only shrinks within a tick. */
  readonly #closed = new Set<WaitingShape>();
  /** Shapes of which nobody may start who is not over when the head needs its place: that only shrinks, too. */
  readonly #tooLate = new Set<WaitingShape>();
  /** Since the last start: where there is room. */
  readonly #open = new Map<WaitingShape, readonly string[]>();
  #known: Reservation | undefined;
  #looks = 0;

  constructor(gaps: Gaps) {
    this.#gaps = gaps;
  }

  fill(): boolean {
    const { order, mayStart } = this.#gaps;
    for (let lane = order.next(); lane !== undefined; lane = order.next()) {
      if (!mayStart()) return false;
      const started = this.#startOne(lane);
      if (started === undefined) order.emptied(lane);
      else order.placed(lane, started);
    }
    return true;
  }

  #startOne(lane: Lane): Job | undefined {
    const { world, order, start } = this.#gaps;
    let stale = 0;
    for (let found = this.#next(lane); found !== undefined && this.#looks < LOOK_BEHIND; found = this.#next(lane)) {
      const { job } = found.entry;
      if (!world.waits(found.entry)) stale += 1;
      else if (order.refusal?.(lane, job) !== undefined) return undefined;
      else if (world.crowding(job.parent?.id ?? job.id) === undefined) {
        const spot = this.#spotFor(found.heap, job);
        if (spot === undefined) continue;
        start(job, spot);
        this.#open.clear();
        if (isArrayParent(job)) this.#again.set(lane, found);
        return job;
      }
    }
    // What has started out of its turn stays among the waiting until somebody looks.
    if (stale > LOOK_BEHIND) dropAllStale(lane.shapes(), world.waits);
    return undefined;
  }

  #next(lane: Lane): Candidate | undefined {
    const again = this.#again.get(lane);
    this.#again.delete(lane);
    let walk = this.#walks.get(lane);
    if (walk === undefined) this.#walks.set(lane, (walk = inOrder(lane.shapes(), (shape) => this.#closed.has(shape))));
    return again ?? (walk.next().value as Candidate | undefined);
  }

  #spotFor(shape: WaitingShape, job: Job): Spot | undefined {
    const { world, now } = this.#gaps;
    const open = this.#withRoom(shape);
    if (open.length === 0) return undefined;
    this.#looks += 1;
    const until = lastEnd(job, now);
    const isLate = until > this.#reservation.at || this.#reservation.at === Infinity;
    if (isLate && this.#tooLate.has(shape)) return undefined;
    for (const arn of open) {
      const spot = this.#admittedIn(world.environments.get(arn)!, shape, job, until);
      if (spot !== undefined) return spot;
    }
    if (isLate) this.#tooLate.add(shape);
    return undefined;
  }

  #admittedIn(environment: Environment, { demand }: WaitingShape, job: Job, until: number): Spot | undefined {
    const { world } = this.#gaps;
    for (const spot of spotsIn(world, environment, demand)) {
      const { instanceIds } = spot;
      const place = { environmentArn: environment.arn, ...(instanceIds !== undefined && { instanceIds }) };
      const wanted = wantedBy(world, job, place, until);
      const refused = this.#reservation.refused(wanted);
      if (refused === undefined) {
        this.#reservation.take(wanted);
        return spot;
      }
      // Another instance may do, if it is this one that the head needs.
      if (!isOfInstance(refused, instanceIds)) return undefined;
    }
    return undefined;
  }

  #withRoom(shape: WaitingShape): readonly string[] {
    const { queue, hasRoom } = this.#gaps;
    let open = this.#open.get(shape);
    if (open === undefined) {
      open = queue.environmentArns.filter((arn) => hasRoom(shape, arn));
      this.#open.set(shape, open);
      if (open.length === 0) this.#closed.add(shape);
    }
    return open;
  }

  /** Only when there is somebody who could start before the head. */
  get #reservation(): Reservation {
    return (this.#known ??= this.#reserve());
  }

  #reserve(): Reservation {
    const { world, queue, headJobId, now } = this.#gaps;
    return reservationFor(world, world.waitingJob(headJobId), queue, now);
  }
}
