import type { InstanceType } from "../instances/instance.ts";
import type { Need, Room, Take } from "./need.ts";
import { jobsThatFit, without } from "./need.ts";

/** Instances of one environment and type, launched one after the other, that have the same room. */
export interface Rooms {
  readonly environmentArn: string;
  readonly type: InstanceType;
  readonly free: Room;
  readonly count: number;
  /** Of instances on which nothing runs and for which nothing is planned: their ids, where they exist. */
  readonly empty?: { readonly ids: readonly string[] };
}

/**
 * The room on instances that are there or are launched, as a plan fills it: job after job in their order, instance after instance in theirs.
 * A plan that is made again with the same instances fills them in the same way, so it launches nothing twice.
 */
export class RoomPlan {
  #rooms: Rooms[];

  constructor(rooms: Iterable<Rooms>) {
    this.#rooms = grouped(rooms);
  }

  copy(): RoomPlan {
    return new RoomPlan(this.#rooms);
  }

  /** Behind those that are already there. */
  add(rooms: Rooms): void {
    if (rooms.count === 0) return;
    const last = this.#rooms.at(-1);
    if (last === undefined || !areAlike(last, rooms)) this.#rooms.push(rooms);
    else this.#rooms[this.#rooms.length - 1] = joined(last, rooms);
  }

  /**
   * Plans for jobs of a need, where `mayUse` lets them run; how many found room. `take` gives so many of them, or as many as there are. Costs in the
   * different rooms up to the last one that is used.
   */
  place(need: Need, take: Take, mayUse: (environmentArn: string, typeName: string) => boolean): number {
    let placed = 0;
    for (let at = 0; at < this.#rooms.length; at += 1) {
      const rooms = this.#rooms[at]!;
      const each = jobsThatFit(need, rooms.free);
      if (each === 0 || !mayUse(rooms.environmentArn, rooms.type.name)) continue;
      const wanted = rooms.count * each;
      const taken = take(wanted);
      placed += taken;
      const pieces = piecesOf(rooms, need, taken, Math.min(taken, each));
      this.#rooms.splice(at, 1, ...pieces);
      at += pieces.length - 1;
      if (taken < wanted) break;
    }
    return placed;
  }

  /** The first empty instances of a type, up to `count`: how many there are, and how far behind the first instance of all the last one is. */
  findEmpty(
    environmentArn: string,
    typeName: string,
    count: number,
  ): { readonly found: number; readonly behind: number } {
    let found = 0;
    let behind = 0;
    for (const rooms of this.#rooms) {
      if (rooms.empty !== undefined && isOfType(rooms, environmentArn, typeName)) {
        const taken = Math.min(count - found, rooms.count);
        found += taken;
        if (found === count) return { found, behind: behind + taken };
      }
      behind += rooms.count;
    }
    return { found, behind };
  }

  /** Takes empty instances of a type out of the plan: they are a job's alone. */
  takeEmpty(environmentArn: string, typeName: string, count: number): void {
    let left = count;
    const before = this.#rooms;
    this.#rooms = [];
    for (const rooms of before) {
      const taken =
        rooms.empty !== undefined && isOfType(rooms, environmentArn, typeName) ? Math.min(left, rooms.count) : 0;
      left -= taken;
      this.add(tail(rooms, taken));
    }
  }

  /** An empty instance goes. */
  remove(environmentArn: string, id: string): void {
    this.#rooms = this.#rooms.flatMap((rooms) => {
      if (rooms.environmentArn !== environmentArn || rooms.empty?.ids.includes(id) !== true) return [rooms];
      const ids = rooms.empty.ids.filter((one) => one !== id);
      return rooms.count > 1 ? [{ ...rooms, count: rooms.count - 1, empty: { ids } }] : [];
    });
  }

  /** Instances for which nothing is planned, those that were launched last at the end. */
  emptyIds(environmentArn: string): string[] {
    return this.#rooms.flatMap((rooms) => (rooms.environmentArn === environmentArn ? (rooms.empty?.ids ?? []) : []));
  }
}

/** As `add` would put them together, one after the other: in one step, for there may be many. */
function grouped(rooms: Iterable<Rooms>): Rooms[] {
  const groups: { first: Rooms; count: number; ids: string[] }[] = [];
  for (const one of rooms) {
    const last = groups.at(-1);
    const ids = one.empty?.ids ?? [];
    if (last === undefined || !areAlike(last.first, one)) groups.push({ first: one, count: one.count, ids: [...ids] });
    else {
      last.count += one.count;
      last.ids.push(...ids);
    }
  }
  return groups.map(({ first, count, ids }) => ({
    ...first,
    count,
    ...(first.empty !== undefined && { empty: { ids } }),
  }));
}

function isOfType({ environmentArn, type }: Rooms, arn: string, name: string): boolean {
  return environmentArn === arn && type.name === name;
}

function areAlike(a: Rooms, b: Rooms): boolean {
  return (
    isOfType(a, b.environmentArn, b.type.name) &&
    (a.empty === undefined) === (b.empty === undefined) &&
    a.free.vcpuMilli === b.free.vcpuMilli &&
    a.free.memoryMiB === b.free.memoryMiB &&
    a.free.gpus === b.free.gpus
  );
}

function joined(a: Rooms, b: Rooms): Rooms {
  const ids = a.empty && b.empty && { ids: [...a.empty.ids, ...b.empty.ids] };
  return { ...a, count: a.count + b.count, ...(ids !== undefined && { empty: ids }) };
}

/** What becomes of rooms when they take so many jobs, `each` as long as there are. What has no vCPU left is of no use to anybody. */
function piecesOf(rooms: Rooms, need: Need, jobs: number, each: number): Rooms[] {
  if (jobs === 0) return [rooms];
  const full = Math.min(rooms.count, Math.floor(jobs / each));
  const rest = full < rooms.count ? jobs - full * each : 0;
  const partly = rest > 0 ? 1 : 0;
  const pieces = [
    used(rooms, full, without(rooms.free, need, each)),
    used(rooms, partly, without(rooms.free, need, rest)),
    tail(rooms, full + partly),
  ];
  return pieces.filter(({ count, free }) => count > 0 && free.vcpuMilli > 0);
}

function used({ environmentArn, type }: Rooms, count: number, free: Room): Rooms {
  return { environmentArn, type, count, free };
}

function tail(rooms: Rooms, from: number): Rooms {
  const { empty } = rooms;
  return { ...rooms, count: rooms.count - from, ...(empty !== undefined && { empty: { ids: empty.ids.slice(from) } }) };
}
