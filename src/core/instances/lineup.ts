import type { Requirements } from "../job.ts";
import type { Instance } from "./instance.ts";
import { RoomIndex } from "./room-index.ts";

/** An instance and what is left of it. */
export interface Member {
  instance: Instance;
  /** What its attempts leave free. */
  room: Requirements;
  attempts: number;
  /** It is given whole to one node of a multi-node job. */
  isWhole: boolean;
  /** What it holds of the machine that it is a part of. */
  held: Requirements;
}

/** Instances in order of age, and the first of them that has room. */
export class Lineup {
  #places: (Member | undefined)[] = [];
  readonly #placeOf = new Map<Member, number>();
  #index = new RoomIndex(16);

  get size(): number {
    return this.#placeOf.size;
  }

  /** Younger than all others. */
  add(member: Member): void {
    if (this.#places.length === this.#index.size) this.#closeUp();
    this.#placeOf.set(member, this.#places.length);
    this.#places.push(member);
    this.changed(member);
  }

  remove(member: Member): void {
    const place = this.#placeOf.get(member)!;
    this.#placeOf.delete(member);
    this.#places[place] = undefined;
    this.#index.set(place, undefined);
  }

  /** Its room, or whether it takes jobs, is another than before. */
  changed(member: Member): void {
    const takesJobs = member.instance.status === "running" && member.instance.isSilent !== true && !member.isWhole;
    this.#index.set(this.#placeOf.get(member)!, takesJobs ? member.room : undefined);
  }

  /** `after`: only those that are younger than this one. */
  firstWithRoom(needed: Requirements, after?: Member): Member | undefined {
    const place =
      after === undefined ? this.#index.first(needed) : this.#index.firstAfter(this.#placeOf.get(after)!, needed);
    return place === undefined ? undefined : this.#places[place];
  }

  /** The one with most vCPUs free. */
  mostFree(): Member | undefined {
    const place = this.#index.mostVcpus();
    return place === undefined ? undefined : this.#places[place];
  }

  /** The places of those that are gone are given away; often enough are there as many as members, so this costs O(1) for each that is added. */
  #closeUp(): void {
    const members = this.#places.filter((member) => member !== undefined);
    this.#index = new RoomIndex(2 * members.length);
    this.#places = [];
    this.#placeOf.clear();
    for (const member of members) this.add(member);
  }
}
