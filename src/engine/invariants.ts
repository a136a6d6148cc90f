import { findViolation } from "../core/check.ts";
import type { World } from "../core/world.ts";

/** Looks at what must always be true of a world, now and then: it costs in all that there is. */
export class Invariants {
  readonly #everyTicks: number;
  #ticks = 0;

  constructor(everyTicks: number) {
    this.#everyTicks = everyTicks;
  }

  /** Once a tick. @throws Error that says what is not true. */
  check(world: World): void {
    this.#ticks += 1;
    if (this.#ticks % this.#everyTicks !== 0) return;
    const violation = findViolation(world);
    if (violation !== undefined) throw new Error(`invariant violated: ${violation}`);
  }
}
