import { test } from "node:test";
import { Simulation } from "./simulation.ts";

/** LONGSHORE_SEED replays one seed; LONGSHORE_SEEDS says how many to try, and LONGSHORE_FIRST_SEED from which on. */
const one = process.env["LONGSHORE_SEED"];
const first = Number(one ?? process.env["LONGSHORE_FIRST_SEED"] ?? 1);
const count = one !== undefined ? 1 : Number(process.env["LONGSHORE_SEEDS"] ?? 200);
const STEPS = 18;
/** Far longer than a seed takes: whoever waits that long waits for something that nobody does. */
const HANGS_AFTER_MS = 30_000;

test(`the scheduler keeps its promises under ${count} random loads and faults`, { timeout: 3_600_000 }, async () => {
  for (let seed = first; seed < first + count; seed += 1) {
    try {
      await orHang(new Simulation(seed).run(STEPS));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const replay = `LONGSHORE_SEED=${seed} node_modules/.bin/node --test test/sim/simulation.test.ts`;
      throw new Error(`seed ${seed}: ${why}\nreplay: ${replay}`, { cause: error });
    }
  }
});

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
