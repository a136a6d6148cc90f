import { Simulation } from "./simulation.ts";
import type { Tell } from "./trace.ts";

/** Of `npm run sim`, which CI runs. */
export const SEEDS_IN_CI = 200;
/** Of the test suite, which is to be quick. */
export const SEEDS_IN_SUITE = 50;
export const STEPS = 18;
/** Far longer than a seed takes: whoever waits that long waits for something that nobody does. */
const HANGS_AFTER_MS = 30_000;

/** Runs one seed. What it throws names the command that runs it again. */
export async function runSeed(seed: number, steps: number, tell?: Tell): Promise<void> {
  try {
    await orHang(new Simulation(seed, tell).run(steps));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const length = steps === STEPS ? "" : ` --steps ${steps}`;
    throw new Error(`seed ${seed}: ${why}\nreplay: npm run sim -- --seed ${seed}${length} --verbose`, { cause: error });
  }
}

async function orHang(run: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("it hangs: something is waited for that never comes")), HANGS_AFTER_MS);
  });
  try {
    await Promise.race([run, hang]);
  } finally {
    clearTimeout(timer);
  }
}
